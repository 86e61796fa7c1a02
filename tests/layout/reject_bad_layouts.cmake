# cmake -D SCRATCH=<folder> -P reject_bad_layouts.cmake
# The layout check must be able to fail: it accepts a small tree that keeps the
# rules, and names what is wrong after each single change to it.
cmake_minimum_required(VERSION 3.25)

# plant(PATH LINE...): writes a file of the small tree.
function(plant path)
  string(JOIN "\n" text ${ARGN})
  file(WRITE ${SCRATCH}/${path} "${text}\n")
endfunction()

function(plant_good_tree)
  file(REMOVE_RECURSE ${SCRATCH})
  foreach(path docs/page.md lib/cmake/Surprisal.cmake
          lib/surprisal/CMakeLists.txt lib/surprisal/exp/exp.cpp
          tests/exp_test.cpp CMakeLists.txt README.md suite CMakePresets.json
          LICENSE .gitignore build/anything)
    plant(${path} "")
  endforeach()
  plant(lib/surprisal/common/error.h "#ifndef SURPRISAL_COMMON_ERROR_H_")
  plant(lib/surprisal/exp/exp.h "#ifndef SURPRISAL_EXP_EXP_H_"
        "#include <span>" "#include \"surprisal/common/error.h\"")
  plant(lib/surprisal/exp/exp-inl.h
        "#if defined(SURPRISAL_EXP_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)"
        "#include <hwy/highway.h>")
  plant(lib/surprisal/exp/exp_oracle.h "#ifndef SURPRISAL_EXP_EXP_ORACLE_H_"
        "#include \"oracle/exact.h\"")
  plant(lib/oracle/exact.h "#ifndef SURPRISAL_ORACLE_EXACT_H_"
        "#include <boost/multiprecision/cpp_bin_float.hpp>"
        "#include \"surprisal/common/error.h\"")
  plant(lib/digits/idx.h "#ifndef SURPRISAL_DIGITS_IDX_H_")
  plant(lib/literate/step.h "#ifndef SURPRISAL_LITERATE_STEP_H_")
  foreach(chapter 01_raw_logits 02_softmax)
    plant(chapters/${chapter}/chapter.cpp "")
    plant(chapters/${chapter}/expected_output.txt "")
    plant(chapters/${chapter}/exercise.cpp "")
  endforeach()
endfunction()

# check_tree(RESULT TEXT): runs the check; its exit code, and what it says in
# one line.
function(check_tree result text)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -D ROOT=${SCRATCH}
            -P ${CMAKE_CURRENT_LIST_DIR}/check_layout.cmake
    RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  set(${result} ${code} PARENT_SCOPE)
  set(${text} "${said}" PARENT_SCOPE)
endfunction()

# expect_breach(TEXT): the tree as it is now must be rejected with that text;
# afterwards the tree is good again.
function(expect_breach text)
  check_tree(result said)
  string(FIND "${said}" "${text}" found)
  if(result EQUAL 0 OR found EQUAL -1)
    message(SEND_ERROR "expected '${text}', got ${result}: ${said}")
  else()
    message(STATUS "rejected: ${text}")
  endif()
  plant_good_tree()
endfunction()

# expect_breach_without(PATH), expect_breach_with(PATH TEXT LINE...): the same
# with one file removed, or one planted.
function(expect_breach_without path)
  file(REMOVE_RECURSE ${SCRATCH}/${path})
  expect_breach("${path} is missing")
endfunction()

function(expect_breach_with path text)
  plant(${path} ${ARGN})
  expect_breach("${text}")
endfunction()

plant_good_tree()
check_tree(result said)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "the good tree was rejected: ${said}")
endif()

expect_breach_without(LICENSE)
expect_breach_without(lib/digits)
expect_breach_without(lib/surprisal/exp/exp.h)
expect_breach_without(lib/surprisal/exp/exp_oracle.h)
expect_breach_without(tests/exp_test.cpp)
expect_breach_without(chapters/01_raw_logits/expected_output.txt)
expect_breach_without(chapters/02_softmax/exercise.cpp)

expect_breach_with(tools/x "tools has no place at the top level")
expect_breach_with(lib/extra/x.h "lib/extra has no place there")
expect_breach_with(lib/surprisal/exp/notes.md
                   "lib/surprisal/exp/notes.md has no place there")
expect_breach_with(lib/surprisal/log/log.h "tests/log_test.cpp is missing")
expect_breach_with(chapters/02_softmax/draft.cpp
                   "chapters/02_softmax/draft.cpp has no place there")
expect_breach_with(chapters/04_nll/chapter.cpp
                   "chapters/04_nll should be named 03_<topic>")

expect_breach_with(lib/digits/idx.h
                   "lacks the include guard SURPRISAL_DIGITS_IDX_H_"
                   "#ifndef IDX_H")
expect_breach_with(lib/surprisal/exp/exp.h
                   "a contract depends on the standard library alone"
                   "#ifndef SURPRISAL_EXP_EXP_H_" "#include <hwy/base.h>")
expect_breach_with(lib/surprisal/exp/exp-inl.h
                   "a kernel depends on Highway alone"
                   "#if SURPRISAL_EXP_EXP_INL_H_" "#include <boost/math.hpp>")
expect_breach_with(lib/surprisal/exp/exp_oracle.h
                   "an oracle shares nothing with a kernel"
                   "#ifndef SURPRISAL_EXP_EXP_ORACLE_H_"
                   "#include \"surprisal/exp/exp-inl.h\"")
expect_breach_with(lib/oracle/exact.h
                   "oracles depend on surprisal/common alone"
                   "#ifndef SURPRISAL_ORACLE_EXACT_H_"
                   "#include \"surprisal/exp/exp.h\"")
expect_breach_with(lib/digits/idx.h
                   "digits depend on the contracts of surprisal alone"
                   "#ifndef SURPRISAL_DIGITS_IDX_H_"
                   "#include \"literate/step.h\"")
