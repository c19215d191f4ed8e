#include <gmock/gmock.h>

#include <cstdlib>
#include <systemc>

// libsystemc.so defines main too, and calls sc_main: both are ours, so that gtest always runs inside the kernel.
int sc_main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

int main(int argc, char** argv) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}
