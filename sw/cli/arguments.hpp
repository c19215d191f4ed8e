#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cimbalom::cli {

/// What a network, its data and its hardware are; shared by run and evaluate. Empty texts: not given.
struct source_arguments {
  std::string model;    ///< ONNX file; empty: the embedded network
  std::string package;  ///< folder of a package, in place of a model
  std::string variant;  ///< codesign::variant of the package; empty: as it is
  std::string dataset;  ///< SPEC; empty: builtin with the embedded network, else synthetic inputs without labels
  std::string preprocess;
  std::string platform;               ///< file or preset
  std::vector<std::string> settings;  ///< --set, in order
  std::uint64_t images = 0;           ///< 0: the command's default
  std::string out;                    ///< folder of the report; empty: out
};

struct run_arguments {
  source_arguments source;
  std::uint64_t batch = 16;
  bool timing_only = false;
  std::string vcd, vcd_signals, vcd_window;
  std::string timeline;  ///< Trace Event file of the commands
  std::string policy;    ///< file or builtin: co-design first
  std::string training;  ///< SPEC of the training images; empty: the data set's own
  bool resume = false;   ///< of the co-design
  bool ablation = false;
};

struct codesign_arguments {
  source_arguments source;  ///< images: of training; out: the package; empty: the given one is exported as it is
  std::string policy;       ///< file; empty with a package: it has one
  std::string until;        ///< training_stage; empty: all of them
  std::string export_to;    ///< ONNX file; empty: none
  bool resume = false;
};

struct evaluate_arguments {
  source_arguments source;
  unsigned threads = 0;  ///< 0: one a core
  bool float_top1 = true;
};

struct estimate_arguments {
  std::string model;     ///< ONNX file, with or without weights; empty: the embedded network
  std::string package;   ///< folder of a package, in place of a model
  std::string platform;  ///< file or preset
  std::vector<std::string> settings;
  std::uint64_t batch = 16;
  std::string out;
};

struct inspect_arguments {
  std::string file;
  bool operators = false;
};

struct validate_dram_arguments {
  std::vector<std::string> traces;  ///< files; none: the references and the built-in traces
  std::string platform;
  std::vector<std::string> settings;
  std::string out;  ///< folder; empty: nothing is written
};

struct validate_silicon_arguments {
  std::vector<std::string> macros;  ///< files; none: the published ones built in
  std::string out;                  ///< folder; empty: nothing is written
};

/// A parsed command line: exactly one command is there, or `text` alone (help, version) with nothing to do.
struct arguments {
  std::optional<run_arguments> run;
  std::optional<codesign_arguments> codesign;
  std::optional<evaluate_arguments> evaluate;
  std::optional<estimate_arguments> estimate;
  std::optional<inspect_arguments> inspect;
  std::optional<validate_dram_arguments> validate_dram;
  std::optional<validate_silicon_arguments> validate_silicon;
  std::string text;
};

/// Throws input_error, one line, for anything that is not understood.
arguments parse_arguments(int argc, const char* const* argv);

}  // namespace cimbalom::cli
