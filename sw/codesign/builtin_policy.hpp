#pragma once

#include <string_view>

namespace cimbalom::codesign {

/// The policy of the embedded network (YAML): a co-design of a minute.
std::string_view builtin_policy();

}  // namespace cimbalom::codesign
