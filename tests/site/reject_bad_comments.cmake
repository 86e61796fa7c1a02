# cmake -D SCRATCH=<folder> -D DOXYGEN=<program> -P reject_bad_comments.cmake
# The check of the comments must be able to fail: it accepts a header that keeps
# the rules, and names what is wrong with each that does not.
cmake_minimum_required(VERSION 3.25)

# plant(PATH TEXT): writes a header of a small tree.
function(plant path text)
  file(WRITE ${SCRATCH}/tree/lib/surprisal/${path} "${text}")
endfunction()

# check_header(CODE RESULT TEXT): runs the check on a contract that holds this
# code; its exit code, and what it says in one line.
function(check_header code result text)
  file(REMOVE_RECURSE ${SCRATCH})
  plant(common/error.h "/// All of it.\nnamespace surprisal {}\n")
  plant(common/rows.h "")
  plant(exp/exp-inl.h "namespace surprisal { int NotLookedAt(); }\n")
  plant(exp/exp.h "namespace surprisal {\n${code}}\n")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -D ROOT=${SCRATCH}/tree -D SCRATCH=${SCRATCH}/out
            -D DOXYGEN=${DOXYGEN}
            -P ${CMAKE_CURRENT_LIST_DIR}/check_api.cmake
    RESULT_VARIABLE exit_code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  set(${result} ${exit_code} PARENT_SCOPE)
  set(${text} "${said}" PARENT_SCOPE)
endfunction()

# accept(CODE)
function(accept code)
  check_header("${code}" result said)
  if(NOT result EQUAL 0)
    message(SEND_ERROR "expected to pass, got ${result}: ${said}")
  endif()
endfunction()

# reject(CODE TEXT): the check must say that text.
function(reject code text)
  check_header("${code}" result said)
  string(FIND "${said}" "${text}" found)
  if(result EQUAL 0 OR found EQUAL -1)
    message(SEND_ERROR "expected '${text}', got ${result}: ${said}")
  else()
    message(STATUS "rejected: ${text}")
  endif()
endfunction()

accept([[

/// e^x.
/// @param x  any number, of [0, 1] perhaps.
float Exp(float x);
double Exp(double x);

/// A pair.
struct Pair {
  int first();
  int second();
};
]])
reject([[
float Exp(float x);
]] "exp.h:2: warning: Member Exp(float x)")
reject([[

/// e^x.
float Exp(float x);

float Log(float x);
]] "exp.h:6: warning: Member Log(float x)")
reject([[
struct Pair {
  int first();
};
]] "exp.h:2: warning: Compound surprisal::Pair is not documented")
reject([[
/// e^x.
/// @param y  any number.
float Exp(float x);
]] "argument 'y' of command @param is not found")
reject([[
/// e^x. @parm x  any number.
float Exp(float x);
]] "Found unknown command")
reject([[
/// See @ref Nowhere.
float Exp(float x);
]] "unable to resolve reference to 'Nowhere'")

# Nothing to read is no reason to pass.
file(REMOVE_RECURSE ${SCRATCH})
execute_process(
  COMMAND ${CMAKE_COMMAND} -D ROOT=${SCRATCH}/tree -D SCRATCH=${SCRATCH}/out
          -D DOXYGEN=${DOXYGEN} -P ${CMAKE_CURRENT_LIST_DIR}/check_api.cmake
  RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
if(result EQUAL 0)
  message(SEND_ERROR "a tree without headers passed")
endif()
