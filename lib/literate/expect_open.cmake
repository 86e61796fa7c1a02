# cmake -D PROGRAM=<exercise_NAME> -D SOURCE=<exercise.cpp> -P expect_open.cmake
# A chapter's exercises before anyone has solved one: the program names those
# that the source states, under their numbers, finds all of them open, and exits
# with 1. A judge that an unwritten stub satisfies, or makes throw, is wrong.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE output RESULT_VARIABLE status)
message(NOTICE "${output}")

# A statement is a comment "/// N. ..." right above its function.
file(READ ${SOURCE} source)
string(REGEX MATCHALL "\n/// [0-9]+\\. " statements "${source}")
list(LENGTH statements stated)
string(REGEX MATCHALL "[^\n]+" lines "${output}")
list(LENGTH lines printed)
if(stated EQUAL 0 OR NOT printed EQUAL stated)
  message(SEND_ERROR "${SOURCE} states ${stated} exercises, "
                     "but ${printed} are judged")
endif()

foreach(line IN LISTS lines)
  if(NOT line MATCHES "^([0-9]+) ([A-Za-z0-9]+) +open$")
    message(SEND_ERROR "'${line}' should say of an exercise that it is open. "
                       "(Did you solve it? This test is for the stubs as they "
                       "are committed.)")
    continue()
  endif()
  set(number ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  set(declaration "\n/// ${number}\\. [^\n]*(\n///[^\n]*)*\n[^/(]* ${name}\\(")
  if(NOT source MATCHES "${declaration}")
    message(SEND_ERROR "${SOURCE}: statement ${number} is not ${name}'s")
  endif()
endforeach()

if(NOT status EQUAL 1)
  message(SEND_ERROR "${PROGRAM} ended with ${status} instead of 1")
endif()
