#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/energy/component_table.hpp"
#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_config.hpp"

namespace cimbalom::platform {

/// How a value grows with a key of the platform; x is the key's value, `at` the value that the row was given for.
enum class law {
  power,       ///< (x / at)^exponent
  levels,      ///< ((2^x - 1) / (2^at - 1))^exponent
  sar,         ///< energy of a charge-redistribution converter of x bits: 100 fF x + 0.001 fF 4^x
  adc_survey,  ///< energy of a converter of x bits by regression over published ones (docs/energy.md)
  adc_area,    ///< area of a charge-redistribution converter: 10^(-0.0369 x + 1.206) 2^x
  full_adders  ///< full adders that sum x inputs of `input_bits` bits in a tree
};

struct scale_factor {
  std::string key;
  double at = 1;
  law how = law::power;
  double exponent = 1;
  std::string input_bits_key;  ///< full_adders
  double input_bits_at = 1;
};

/// One SRAM macro of the technology's table.
struct sram_row {
  double width_bits = 0;
  double bytes = 0;
  double read_pj = 0;  ///< an access of width_bits
  double write_pj = 0;
  double leakage_uw = 0;
  double area_um2 = 0;
};

/// A row of the file: a number and what it grows with. Energies in attojoules, powers in picowatts, areas in 0.001 um2.
struct quantity {
  enum class kind { value, sram, dram, of_area } what = kind::value;
  double value = 0;
  std::string word;       ///< sram: read, write, leakage, area; dram: the event; of_area: the part
  std::string bytes_key;  ///< sram
  std::string width_key;  ///< sram; empty: 256 bits
  std::vector<scale_factor> scale;
  std::vector<std::string> count;  ///< keys and numbers whose product multiplies the value
  energy::provenance origin;
  place where;
};

struct area_row {
  std::string part;
  std::string published_key;  ///< when that key (mm2) is above 0 it is the value of one instance
  std::vector<std::pair<std::string, quantity>> parts;  ///< of one instance, where nothing is published
  quantity whole;                                       ///< the row itself; its count holds in every case
};

/// How delay follows the supply: proportional to V / (V - threshold)^alpha.
struct delay_law {
  double threshold_v = 0;  ///< 0: the file gives no law
  double alpha = 0;
  energy::provenance origin;
};

/// A technology file, read and checked, not yet evaluated for a platform.
struct technology {
  std::string name;
  std::string file;
  double node_nm = 0;
  std::vector<sram_row> sram;
  std::map<energy::event, quantity> events;
  std::map<energy::component_id, quantity> leakage;
  std::vector<area_row> areas;
  delay_law delay;
};

/// An embedded technology by name ("28nm") or a file. Throws input_error; every event must have a row with a source.
technology read_technology(const std::string& name_or_path);
/// Its text, as read_technology reads it. Throws input_error.
std::string technology_text(const std::string& name_or_path);
technology parse_technology(const std::string& text, const std::string& file);

/// Evaluates every law for this platform: integer attojoules, picowatts and 0.001 um2. Throws input_error.
energy::component_table evaluate(const technology& tech, const platform_config& config);

/// The costs of a platform: read_technology(config.technology), evaluated.
energy::component_table load_costs(const platform_config& config);

}  // namespace cimbalom::platform
