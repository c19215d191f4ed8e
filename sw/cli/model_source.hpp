#pragma once

#include <optional>
#include <string>

#include "sw/cli/arguments.hpp"
#include "sw/datasets/preprocess.hpp"
#include "sw/graph/graph.hpp"
#include "sw/package/package.hpp"
#include "sw/report/report.hpp"

namespace cimbalom::cli {

/// A network as the command line names it: embedded, a file or a package.
struct loaded_model {
  graph::graph graph;  ///< as imported; of a package: its float graph
  report::model_info info;
  datasets::preprocess steps;
  std::string preprocess_yaml;  ///< text of the file that `steps` come from; empty: there is none
  std::string dataset;          ///< SPEC; empty: none was named and none is known
  std::optional<package::package> package;
};

/// Throws input_error for a file or package that cannot be read. `weights_needed` false: a file of weights that is not
/// there leaves its initializers without data.
loaded_model load_model(const source_arguments& source, bool weights_needed = true);

/// One line for the user on standard error.
void note(const std::string& text);

}  // namespace cimbalom::cli
