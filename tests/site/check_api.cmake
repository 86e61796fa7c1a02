# cmake -D ROOT=<source tree> -D SCRATCH=<folder> -D DOXYGEN=<program>
#       -P check_api.cmake
# The comments of the headers, as Doxygen reads them: every warning is a breach,
# but that house style lets one comment speak for a paragraph of declarations
# (two overloads, a few constants), and a type's comment for its members.
cmake_minimum_required(VERSION 3.25)

# Contracts, oracles and what chapters are made of; not the kernels' insides.
file(GLOB headers ${ROOT}/lib/*/*.h ${ROOT}/lib/surprisal/*/*.h)
list(FILTER headers EXCLUDE REGEX "-inl\\.h$|/surprisal/common/")
list(APPEND headers ${ROOT}/lib/surprisal/common/error.h
     ${ROOT}/lib/surprisal/common/rows.h)
list(JOIN headers " " HEADERS)

file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH})
configure_file(${CMAKE_CURRENT_LIST_DIR}/Doxyfile.in ${SCRATCH}/Doxyfile @ONLY)
execute_process(COMMAND ${DOXYGEN} ${SCRATCH}/Doxyfile
                COMMAND_ERROR_IS_FATAL ANY)

# read_lines(FILE VARIABLE): without what CMake's lists would stumble over.
function(read_lines file variable)
  file(READ ${file} text)
  string(REGEX REPLACE "[][;\\]" "_" text "${text}")
  string(REPLACE "\n" ";" lines "${text}")
  set(${variable} "${lines}" PARENT_SCOPE)
endfunction()

# begins_with_comment(FILE LINE VARIABLE): whether the paragraph, the lines
# without an empty one between them, in which the line stands begins with one.
function(begins_with_comment file number variable)
  read_lines(${file} lines)
  math(EXPR at "${number} - 1")
  set(first "")
  while(at GREATER_EQUAL 0)
    list(GET lines ${at} line)
    if(line STREQUAL "")
      break()
    endif()
    set(first "${line}")
    math(EXPR at "${at} - 1")
  endwhile()
  string(REGEX MATCH "^ *///" ${variable} "${first}")
  set(${variable} "${${variable}}" PARENT_SCOPE)
endfunction()

# is_excused(WARNING VARIABLE)
function(is_excused warning variable)
  set(excused "")
  if(warning MATCHES "^([^:]+):([0-9]+): .*Member .* is not documented")
    set(file ${CMAKE_MATCH_1})
    set(number ${CMAKE_MATCH_2})
    if(warning MATCHES "\\) of (struct|class) ")
      set(excused yes)
    else()
      begins_with_comment(${file} ${number} excused)
    endif()
  endif()
  set(${variable} "${excused}" PARENT_SCOPE)
endfunction()

read_lines(${SCRATCH}/warnings.txt warnings)
set(breaches 0)
foreach(warning IN LISTS warnings)
  is_excused("${warning}" excused)
  if(NOT excused AND NOT warning STREQUAL "")
    string(REPLACE "${ROOT}/" "" warning "${warning}")
    message(NOTICE "${warning}")
    math(EXPR breaches "${breaches} + 1")
  endif()
endforeach()
if(breaches)
  message(FATAL_ERROR "${breaches} comments are missing or wrong")
endif()

# Had Doxygen read nothing, it would not have warned either.
file(GLOB read ${SCRATCH}/xml/namespacesurprisal*.xml)
if(NOT read)
  message(FATAL_ERROR "Doxygen found no namespace surprisal in ${ROOT}/lib")
endif()
