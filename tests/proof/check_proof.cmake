# Reruns the proofs of the first stage and compares them with the code:
#   cmake -D ROOT=... -D SOLLYA=... -D GAPPA=... -P check_proof.cmake
# The polynomials that Sollya finds must be the ones in the code, in order; its
# certificates and Gappa's bounds must hold.
cmake_minimum_required(VERSION 3.25)
set(common ${ROOT}/lib/surprisal/common)

execute_process(COMMAND ${SOLLYA} ${common}/first_stage.sollya
                OUTPUT_VARIABLE sollya RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "sollya ended with ${result}:\n${sollya}")
endif()
if(sollya MATCHES "certified: *false" OR NOT sollya MATCHES "certified: *true")
  message(FATAL_ERROR "a sup norm is above its bound:\n${sollya}")
endif()

# The literals of `double NAME[] = {...}` in one of the headers, as a list.
function(coefficients_in_code name out)
  file(READ ${common}/first_stage-inl.h stage)
  file(READ ${common}/row_exponential-inl.h row)
  file(READ ${common}/fine_sum-inl.h fine)
  string(REGEX MATCH "double ${name}\\[\\] = {([^}]*)}" found
         "${stage}${row}${fine}")
  if(NOT found)
    message(FATAL_ERROR "no ${name} in the code")
  endif()
  string(REGEX MATCHALL "0x[0-9a-fp.+-]+" literals "${CMAKE_MATCH_1}")
  set(${out} "${literals}" PARENT_SCOPE)
endfunction()

foreach(name kFirstExp kFirstExpSixteenth kFineExp kQuickExp kQuickExpSixteenth kCoarseExp
             kCoarseExpSixteenth kFirstLog)
  coefficients_in_code(${name} in_code)
  string(REGEX MATCHALL "${name} = 0x[0-9a-fp.+-]+" found "${sollya}")
  list(TRANSFORM found REPLACE "${name} = " "")
  if(NOT "${found}" STREQUAL "${in_code}")
    message(FATAL_ERROR "${name} in the code:\n${in_code}\nof Sollya:\n${found}")
  endif()
  # What Gappa reasons about
  file(READ ${common}/first_stage.gappa gappa_script)
  foreach(literal IN LISTS found)
    string(FIND "${gappa_script}" "= ${literal};" place)
    if(place EQUAL -1)
      message(FATAL_ERROR "first_stage.gappa does not know ${name}'s ${literal}")
    endif()
  endforeach()
endforeach()

execute_process(COMMAND ${GAPPA} ${common}/first_stage.gappa
                ERROR_VARIABLE gappa RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "gappa could not prove a bound:\n${gappa}")
endif()
message(STATUS "the polynomials and the bounds are those of the code")
