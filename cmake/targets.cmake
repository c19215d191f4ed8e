# One place for flags; every target of the project goes through these functions.
add_library(cimbalom_flags INTERFACE)
target_include_directories(cimbalom_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(cimbalom_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                                -Woverloaded-virtual -Werror)
if(CIMBALOM_SANITIZE)
  target_compile_options(cimbalom_flags INTERFACE -fsanitize=${CIMBALOM_SANITIZE} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(cimbalom_flags INTERFACE -fsanitize=${CIMBALOM_SANITIZE})
endif()

# cimbalom_library(name SOURCES a.cpp... DEPENDS lib...)
# A device-layer library: must not reach SystemC (checked in tests/).
function(cimbalom_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC cimbalom_flags ${ARG_DEPENDS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE cimbalom_flags ${ARG_DEPENDS})
  endif()
endfunction()

# What runs on SystemC's coroutines goes without ASan's checks of the stack: it knows one stack a thread and reports
# frames that an exception has left (github.com/google/sanitizers/issues/189). Heap and globals are checked as ever.
function(cimbalom_on_coroutines name)
  if(CIMBALOM_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE --param=asan-stack=0)
  endif()
endfunction()

# A TLM-layer library: links SystemC, whose headers are system headers.
function(cimbalom_tlm_library name)
  cimbalom_library(${name} ${ARGN})
  get_target_property(type ${name} TYPE)
  if(type STREQUAL INTERFACE_LIBRARY)
    target_link_libraries(${name} INTERFACE PkgConfig::SYSTEMC)
  else()
    target_link_libraries(${name} PUBLIC PkgConfig::SYSTEMC)
    cimbalom_on_coroutines(${name})
  endif()
endfunction()

# Tests carry labels: device (no SystemC), simulation, suite; `LABELS slow` keeps one for scripts/test.sh --all.
# The target `device_tests` builds every device-layer test (the address sanitizer's default set).
add_custom_target(device_tests)

# cimbalom_test(name SOURCES ... DEPENDS ... [LABELS ...]): device-layer tests, one process a TEST.
function(cimbalom_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} cimbalom_flags GTest::gtest GTest::gtest_main GTest::gmock)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120 LABELS "device;${ARG_LABELS}")
  add_dependencies(device_tests ${name})
endfunction()

# cimbalom_sim_test(...): as above for simulations; the main is ours (tests/support), a fresh kernel a TEST.
function(cimbalom_sim_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE cimbalom_sim_test_main ${ARG_DEPENDS} cimbalom_flags GTest::gtest GTest::gmock
                                        PkgConfig::SYSTEMC)
  cimbalom_on_coroutines(${name})
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120 LABELS "simulation;${ARG_LABELS}")
endfunction()

# cimbalom_suite(...): one ctest entry for the whole program (what links libtorch, conformance suites).
function(cimbalom_suite name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} cimbalom_flags GTest::gtest GTest::gtest_main GTest::gmock)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS "suite;${ARG_LABELS}")
endfunction()

include(GoogleTest)
