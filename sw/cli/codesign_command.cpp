#include "sw/cli/commands.hpp"
#include "sw/cli/designer.hpp"

namespace cimbalom::cli {

void codesign(const codesign_arguments& arguments) {
  designer(arguments).make();
}

}  // namespace cimbalom::cli
