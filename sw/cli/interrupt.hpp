#pragma once

#include <atomic>

namespace cimbalom::cli {

/// Becomes true at Ctrl-C: long work ends early, and what is written is whole.
extern std::atomic<bool> interrupted;

/// Catches the first Ctrl-C; a second one ends the program at once.
void catch_interrupt();

}  // namespace cimbalom::cli
