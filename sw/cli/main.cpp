#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "platform/configuration/error.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/inspect.hpp"
#include "sw/cli/interrupt.hpp"

namespace cimbalom::cli {
namespace {

void execute(const arguments& parsed) {
  fmt::print("{}", parsed.text);
  if (parsed.inspect) fmt::print("{}", inspect(*parsed.inspect));
  if (parsed.codesign) codesign(*parsed.codesign);
  if (parsed.evaluate) evaluate(*parsed.evaluate);
  if (parsed.estimate) estimate(*parsed.estimate);
  if (parsed.run) run(*parsed.run);
  if (parsed.validate_dram) validate_dram(*parsed.validate_dram);
  if (parsed.validate_silicon) validate_silicon(*parsed.validate_silicon);
}

/// What is still buffered goes out now, so that a full disk or a closed pipe is told.
void flush_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw run_error("standard output cannot be written: is the disk full?");
  }
}

}  // namespace
}  // namespace cimbalom::cli

// libsystemc brings a main of its own; the program's is found first, and only `run` enters the kernel.
int main(int argc, char** argv) {
  constexpr int failed = 1;
  constexpr int bad_input = 2;
  try {
    cimbalom::cli::catch_interrupt();
    cimbalom::cli::execute(cimbalom::cli::parse_arguments(argc, argv));
    cimbalom::cli::flush_output();
    return 0;
  } catch (const cimbalom::input_error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return bad_input;
  } catch (const cimbalom::run_error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return failed;
  } catch (const std::exception& error) {
    if (std::ferror(stdout) != 0) {  // as the formatter tells it
      fmt::print(stderr, "error: standard output cannot be written: is the disk full?\n");
      return failed;
    }
    fmt::print(stderr, "error: unexpected: {}\n", error.what());
    return failed;
  }
}
