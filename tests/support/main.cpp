#include <gmock/gmock.h>

#include <cstdlib>
#include <systemc>

// The leak checker walks into the guard pages of the kernel's thread stacks and dies there. Leaks of the device layer
// are looked for in its own tests. (Read by the address sanitizer's runtime only.)
extern "C" const char* __asan_default_options();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}  // NOLINT(bugprone-reserved-identifier)

// libsystemc.so defines main too, and calls sc_main: both are ours, so that gtest always runs inside the kernel.
int sc_main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

int main(int argc, char** argv) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}
