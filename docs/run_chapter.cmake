# Runs a chapter for its page; where it fails, shows its checks that did.
#   cmake -D PROGRAM=<the chapter> -D VALUES=<file>.json -D FIGURES=DIR
#         -P run_chapter.cmake
cmake_minimum_required(VERSION 3.25)

cmake_path(GET VALUES PARENT_PATH folder)
file(MAKE_DIRECTORY ${folder})
execute_process(COMMAND ${PROGRAM} --no-pause --values ${VALUES} --figures ${FIGURES}
                OUTPUT_VARIABLE printed ERROR_VARIABLE said RESULT_VARIABLE code)
if(code EQUAL 0)
  return()
endif()
file(REMOVE ${VALUES})
string(REGEX MATCHALL "✗ CHECK[^\n]*\n[^\n]*\n[^\n]*\n" failed "${printed}")
if(failed)
  list(JOIN failed "    " said)
endif()
message(NOTICE "    ${said}")
message(FATAL_ERROR "${PROGRAM} failed: ${code}")
