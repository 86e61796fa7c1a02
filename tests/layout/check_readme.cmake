# cmake -D ROOT=<source tree> [-D README=<file>] -P check_readme.cmake
# What README.md shows is what is run: its C++ is the program that the install
# test builds, its picture a part of what a chapter prints.
cmake_minimum_required(VERSION 3.25)
if(NOT README)
  set(README ${ROOT}/README.md)
endif()

# fenced_block(LANGUAGE VARIABLE): the text between ```LANGUAGE and ```.
function(fenced_block language variable)
  file(READ ${README} text)
  string(FIND "${text}" "\n```${language}\n" begin)
  if(begin EQUAL -1)
    message(FATAL_ERROR "README.md has no ```${language} block")
  endif()
  string(LENGTH "\n```${language}\n" fence)
  math(EXPR begin "${begin} + ${fence}")
  string(SUBSTRING "${text}" ${begin} -1 text)
  string(FIND "${text}" "\n```\n" end)
  math(EXPR end "${end} + 1")
  string(SUBSTRING "${text}" 0 ${end} text)
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

fenced_block(cpp example)
file(READ ${ROOT}/tests/install/main.cpp program)
if(NOT example STREQUAL program)
  message(SEND_ERROR "README.md's example is not tests/install/main.cpp")
endif()

fenced_block(text picture)
file(READ ${ROOT}/chapters/07_gradients/expected_output.txt output)
string(FIND "${output}" "${picture}" place)
if(place EQUAL -1)
  message(SEND_ERROR "README.md's picture is not in what chapter 7 prints")
endif()
