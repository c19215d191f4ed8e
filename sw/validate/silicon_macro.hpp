#pragma once

#include <string>
#include <vector>

#include "models/cim/cim_energy.hpp"
#include "platform/configuration/platform_config.hpp"

namespace cimbalom::validate {

/// What a publication states of a macro.
enum class silicon_figure { tops_per_w, gops, area_mm2 };

/// One published figure and the conditions under which it was measured.
struct silicon_point {
  silicon_figure figure = silicon_figure::tops_per_w;
  double published = 0;
  double vdd_v = 0;
  int input_bits = 8;
  int weight_bits = 8;
  cim::activity_profile activity;
  bool fitted = false;  ///< the model is fitted to it
  std::string outside;  ///< why it stands outside the means; empty: it counts
  std::string note;     ///< the data or the conditions in words
  int line = 0;

  /// Same supply, precision and data.
  bool same_conditions(const silicon_point& other) const;
};

/// A published macro: its platform, and what a publication says of it.
struct silicon_macro {
  std::string id;      ///< name of the file
  std::string name;    ///< title
  std::string source;  ///< publication and where its figures were read
  std::string file;
  std::string remark;  ///< how the circuit is expressed in the model; may be empty
  platform::platform_config platform;
  std::vector<std::string> area_without;  ///< parts of the model's macro that the published area does not hold
  int guard_columns = 0;  ///< carry columns beside each weight (digital arrays that add between neighbouring columns)
  int ripple_rows = 0;    ///< rows between registers; above 0: an operation takes (rows + columns of a weight) adders
  std::vector<silicon_point> points;

  /// The point that a figure is fitted to; none: nullptr.
  const silicon_point* fit_of(silicon_figure figure) const;
};

/// "tops_per_w", "gops", "area_mm2".
const char* name_of(silicon_figure figure);

/// A file of the form of platform/silicon/*.yaml. Throws input_error with file, line, key and what is allowed.
silicon_macro read_silicon(const std::string& path);
silicon_macro parse_silicon(const std::string& text, const std::string& file);

/// Those built into the program, by name.
std::vector<silicon_macro> published_silicon();

}  // namespace cimbalom::validate
