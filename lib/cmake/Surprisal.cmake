# One function per kind of thing that the project is made of.

# What every target of ours is compiled with. Contraction is off because g++
# fuses `p = a * b; p + c` where clang does not: the same source would round
# differently. Fusion is spelt hn::MulAdd where it is meant.
add_library(surprisal_options INTERFACE)
target_compile_features(surprisal_options INTERFACE cxx_std_20)
target_compile_options(
  surprisal_options
  INTERFACE -ffp-contract=off -Wall -Wextra
            $<$<BOOL:${SURPRISAL_WARNINGS_AS_ERRORS}>:-Werror>
            # g++ 12 takes `"text" + string` for an overlapping copy (bug 105651).
            $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(SURPRISAL_SANITIZE)
  # Set for the whole build, so that no program mixes code with and without.
  # A report ends the program: a test that only prints one would still pass.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# surprisal_add_library(NAME SOURCE... ): the library surprisal::NAME.
function(surprisal_add_library name)
  add_library(${name} STATIC ${ARGN})
  add_library(surprisal::${name} ALIAS ${name})
  target_include_directories(${name} PUBLIC
                             $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib>)
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:surprisal_options>)
  target_compile_features(${name} PUBLIC cxx_std_20)
endfunction()

# The labels that `ctest -L` knows; `exhaustive` and `peers` are opt-in.
set(SURPRISAL_TEST_LABELS
    kernel oracle gradient law claim chapter conform known-bad robust layout
    site exhaustive peers)

# surprisal_label_test(NAME LABEL...): labels a ctest; a misspelt label, which
# `ctest -L` would never find, is an error.
function(surprisal_label_test name)
  foreach(label IN LISTS ARGN)
    if(NOT label IN_LIST SURPRISAL_TEST_LABELS)
      message(FATAL_ERROR "test ${name}: label '${label}' is not one of: "
                          "${SURPRISAL_TEST_LABELS}")
    endif()
  endforeach()
  set_tests_properties(${name} PROPERTIES LABELS "${ARGN}")
endfunction()

# surprisal_optimise_lightly(TARGET): for programs of tests and chapters. The
# kernels they call are optimised in full; the oracles' numbers of 100 digits
# compile twice as fast at -O1 (measured with g++ 12, which at -O3 also warns of
# array bounds that Boost does not break).
function(surprisal_optimise_lightly target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# surprisal_add_test(NAME LABEL... [LIBRARIES LIBRARY...]): tests/NAME_test.cpp,
# one doctest program and one ctest of that name under the given labels. Highway
# is there for the tests that go through the SIMD targets.
function(surprisal_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  add_executable(${name}_test ${name}_test.cpp)
  target_link_libraries(
    ${name}_test PRIVATE surprisal_options surprisal_doctest ${arg_LIBRARIES}
                         surprisal::oracle surprisal::surprisal hwy::hwy)
  surprisal_optimise_lightly(${name}_test)
  add_test(NAME ${name} COMMAND ${name}_test)
  surprisal_label_test(${name} ${arg_UNPARSED_ARGUMENTS})
  # doctest is content with a program that holds no test case at all.
  set_tests_properties(${name} PROPERTIES FAIL_REGULAR_EXPRESSION
                       "test cases: +0 ")
endfunction()
