# Runs the chapters again and makes the pages again: they must be the same
# files, with the same bytes.
#   cmake -D WORK=<build>/docs -D SITE=DIR -D CHAPTERS=<their programs' folder>
#         -D DOXYGEN=... -D NODE=... -D SCRATCH=DIR -P rebuild_site.cmake
cmake_minimum_required(VERSION 3.25)

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH root)
cmake_path(GET root PARENT_PATH root)
file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH}/values ${SCRATCH}/site)

file(GLOB values RELATIVE ${WORK}/values ${WORK}/values/*.json)
if(values STREQUAL "")
  message(FATAL_ERROR "${WORK}/values has no chapter's values")
endif()
foreach(file IN LISTS values)
  cmake_path(GET file STEM name)
  execute_process(
    COMMAND ${CHAPTERS}/chapter_${name} --no-pause
            --values ${SCRATCH}/values/${file} --figures ${SCRATCH}/figures/${name}
    OUTPUT_QUIET ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
endforeach()

file(READ ${WORK}/Doxyfile doxyfile)
string(REPLACE "\"${SITE}\"" "\"${SCRATCH}/site\"" doxyfile "${doxyfile}")
string(REPLACE "${WORK}/values" "${SCRATCH}/values" doxyfile "${doxyfile}")
file(WRITE ${SCRATCH}/Doxyfile "${doxyfile}")
execute_process(COMMAND ${DOXYGEN} ${SCRATCH}/Doxyfile COMMAND_ERROR_IS_FATAL ANY)
file(COPY ${SCRATCH}/figures DESTINATION ${SCRATCH}/site)
execute_process(
  COMMAND ${NODE} ${root}/docs/search_index.js ${SCRATCH}/site ${WORK}/minisearch.js
  COMMAND_ERROR_IS_FATAL ANY)

file(GLOB_RECURSE once RELATIVE ${SITE} ${SITE}/*)
file(GLOB_RECURSE again RELATIVE ${SCRATCH}/site ${SCRATCH}/site/*)
if(NOT once STREQUAL again)
  message(FATAL_ERROR "not the same files: once\n${once}\nagain\n${again}")
endif()
foreach(file IN LISTS once)
  file(SHA256 ${SITE}/${file} first)
  file(SHA256 ${SCRATCH}/site/${file} second)
  if(NOT first STREQUAL second)
    message(SEND_ERROR "${file} is not what it was")
  endif()
endforeach()
list(LENGTH once count)
message(STATUS "${count} files, each the same again")
