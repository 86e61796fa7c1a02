# One function per kind of thing that the project is made of.

# What every target of ours is compiled with. Contraction is off because g++
# fuses `p = a * b; p + c` where clang does not: the same source would round
# differently. Fusion is spelt hn::MulAdd where it is meant.
add_library(surprisal_options INTERFACE)
target_compile_features(surprisal_options INTERFACE cxx_std_20)
target_compile_options(surprisal_options INTERFACE -ffp-contract=off -Wall
                       -Wextra $<$<BOOL:${SURPRISAL_WARNINGS_AS_ERRORS}>:-Werror>)

# surprisal_add_library(NAME SOURCE... ): the library surprisal::NAME.
function(surprisal_add_library name)
  add_library(${name} STATIC ${ARGN})
  add_library(surprisal::${name} ALIAS ${name})
  target_include_directories(${name} PUBLIC
                             $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib>)
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:surprisal_options>)
  target_compile_features(${name} PUBLIC cxx_std_20)
endfunction()

# surprisal_add_test(NAME LABEL...): tests/NAME_test.cpp, one doctest program
# and one ctest of that name under the given labels.
function(surprisal_add_test name)
  add_executable(${name}_test ${name}_test.cpp)
  target_link_libraries(${name}_test PRIVATE surprisal_options surprisal_doctest
                        surprisal::oracle surprisal::surprisal)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES LABELS "${ARGN}")
endfunction()
