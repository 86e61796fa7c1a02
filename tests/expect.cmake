# For the tests of programs: PROGRAM is one, SCRATCH a folder, new and empty now.
file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH})

# expect(CODE TEXT ARGUMENT...): the exit code, and a text among what is printed
# when called in SCRATCH.
function(expect code text)
  execute_process(COMMAND ${PROGRAM} ${ARGN} WORKING_DIRECTORY ${SCRATCH}
                  RESULT_VARIABLE got OUTPUT_VARIABLE said ERROR_VARIABLE said)
  string(FIND "${said}" "${text}" found)
  if(NOT got STREQUAL "${code}" OR found EQUAL -1)
    message(SEND_ERROR "${PROGRAM} ${ARGN}\nexpected ${code} and '${text}', "
                       "got ${got}: ${said}")
  endif()
endfunction()
