#include "sw/cli/commands.hpp"
#include "sw/cli/designer.hpp"
#include "sw/cli/export_network.hpp"

namespace cimbalom::cli {

void codesign(const codesign_arguments& arguments) {
  if (!arguments.export_to.empty()) check_export(arguments.export_to);
  const bool exports_only = arguments.source.out.empty();
  const package::package made = exports_only ? package::read(arguments.source.package) : designer(arguments).make();
  if (!arguments.export_to.empty()) export_network(made, arguments.export_to);
}

}  // namespace cimbalom::cli
