#pragma once

#include <string>
#include <vector>

#include "sw/report/json_value.hpp"
#include "sw/validate/silicon_model.hpp"

namespace cimbalom::validate {

/// Every published figure beside the model's, macro by macro, then the errors by class.
std::string silicon_text(const std::vector<silicon_result>& results);

/// The same for programs; keys sorted, units in keys.
report::json_value silicon_json(const std::vector<silicon_result>& results);

}  // namespace cimbalom::validate
