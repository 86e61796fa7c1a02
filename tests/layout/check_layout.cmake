# cmake -D ROOT=<source tree> -P check_layout.cmake
# The layout is a contract: who knows a word finds contract, kernel, truth, test
# and chapter by name alone. Every breach is named; the first does not stop it.
cmake_minimum_required(VERSION 3.25)

# breach(TEXT): says what is wrong with the tree.
set_property(GLOBAL PROPERTY breaches 0)
function(breach text)
  message(NOTICE "${text}")
  get_property(breaches GLOBAL PROPERTY breaches)
  math(EXPR breaches "${breaches} + 1")
  set_property(GLOBAL PROPERTY breaches ${breaches})
endfunction()

# list_folder(FOLDER VARIABLE): the names of what lies in a folder.
function(list_folder folder variable)
  file(GLOB entries LIST_DIRECTORIES true RELATIVE ${ROOT}/${folder}
       ${ROOT}/${folder}/*)
  set(${variable} ${entries} PARENT_SCOPE)
endfunction()

# check_entries(FOLDER [REQUIRED NAME...] [ALLOWED NAME...]): the folder holds
# what is required, and otherwise at most what is allowed.
function(check_entries folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "REQUIRED;ALLOWED")
  list_folder(${folder} entries)
  foreach(name IN LISTS arg_REQUIRED)
    if(NOT name IN_LIST entries)
      breach("${folder}/${name} is missing")
    endif()
  endforeach()
  foreach(name IN LISTS entries)
    if(NOT name IN_LIST arg_REQUIRED AND NOT name IN_LIST arg_ALLOWED)
      breach("${folder}/${name} has no place there")
    endif()
  endforeach()
endfunction()

# In a clone, what git tracks; elsewhere, what is there but for dotfiles and the
# build folder.
function(list_top_level variable)
  file(GLOB entries LIST_DIRECTORIES true RELATIVE ${ROOT} ${ROOT}/*)
  list(REMOVE_ITEM entries build)
  find_program(GIT git)
  if(GIT AND EXISTS ${ROOT}/.git)
    execute_process(COMMAND ${GIT} ls-files WORKING_DIRECTORY ${ROOT}
                    OUTPUT_VARIABLE tracked RESULT_VARIABLE failed ERROR_QUIET)
    if(NOT failed)
      string(REGEX MATCHALL "[^\n]+" tracked "${tracked}")
      list(TRANSFORM tracked REPLACE "/.*" "")
      list(REMOVE_DUPLICATES tracked)
      set(entries ${tracked})
    endif()
  endif()
  list(FILTER entries EXCLUDE REGEX "^\\.")
  set(${variable} ${entries} PARENT_SCOPE)
endfunction()

function(check_top_level)
  set(house chapters lib docs tests CMakeLists.txt README.md suite
      CMakePresets.json LICENSE)
  list_top_level(entries)
  foreach(name IN LISTS entries)
    if(NOT name IN_LIST house)
      breach("${name} has no place at the top level")
    endif()
  endforeach()
  foreach(name IN LISTS house)
    if(NOT EXISTS ${ROOT}/${name})
      breach("${name} is missing")
    endif()
  endforeach()
endfunction()

function(check_stems)
  list_folder(lib/surprisal stems)
  list(REMOVE_ITEM stems common CMakeLists.txt)
  foreach(stem IN LISTS stems)
    check_entries(lib/surprisal/${stem} REQUIRED
                  ${stem}.h ${stem}-inl.h ${stem}.cpp ${stem}_oracle.h)
    if(NOT EXISTS ${ROOT}/tests/${stem}_test.cpp)
      breach("tests/${stem}_test.cpp is missing")
    endif()
  endforeach()
endfunction()

function(check_chapters)
  list_folder(chapters chapters)
  list(REMOVE_ITEM chapters CMakeLists.txt)
  set(number 0)
  foreach(chapter IN LISTS chapters)
    math(EXPR number "${number} + 1")
    string(REGEX REPLACE "^(.)$" "0\\1" two_digits ${number})
    if(NOT chapter MATCHES "^${two_digits}_[a-z0-9_]+$")
      breach("chapters/${chapter} should be named ${two_digits}_<topic>")
    endif()
    check_entries(chapters/${chapter} REQUIRED
                  chapter.cpp expected_output.txt exercise.cpp)
  endforeach()
endfunction()

# check_guard(HEADER): the include guard is the path below lib/, in capitals.
# The -inl.h files have a guard of another kind, toggled for each SIMD target,
# of the same name.
function(check_guard header)
  string(REGEX REPLACE "^lib/(surprisal/)?" "surprisal/" guard ${header})
  string(REGEX REPLACE "[^a-z0-9]" "_" guard ${guard})
  string(TOUPPER "${guard}_" guard)
  file(STRINGS ${ROOT}/${header} named REGEX "^#if.*${guard}")
  if(NOT named)
    breach("${header} lacks the include guard ${guard}")
  endif()
endfunction()

# forbid_includes(FILE REGEX WHY): no #include of the file matches, but for the
# headers in surprisal/common, which all may use.
function(forbid_includes file regex why)
  file(STRINGS ${ROOT}/${file} includes REGEX "^ *# *include")
  list(FILTER includes EXCLUDE REGEX "\"surprisal/common/[a-z0-9_]+\\.h\"")
  foreach(include IN LISTS includes)
    if(include MATCHES "[\"<](${regex})")
      breach("${file} says '${include}': ${why}")
    endif()
  endforeach()
endfunction()

# Dependencies point one way: chapters -> literate, digits, oracle, surprisal;
# digits -> the contracts of surprisal; oracle -> surprisal/common; surprisal ->
# Highway.
function(check_includes file)
  if(file MATCHES "^lib/surprisal/.*_oracle\\.h$")
    forbid_includes(${file} "hwy/|digits/|literate/|.*-inl\\.h"
                    "an oracle shares nothing with a kernel")
  elseif(file MATCHES "^lib/surprisal/.*(-inl\\.h|\\.cpp)$")
    forbid_includes(${file} "boost/|oracle/|digits/|literate/|.*_oracle\\.h"
                    "a kernel depends on Highway alone")
  elseif(file STREQUAL lib/surprisal/common/element.h)
    # Highway's storage types of 16 bits are in its base.h
    forbid_includes(${file} "boost/|hwy/h|hwy/[^b]|oracle/|digits/|literate/"
                    "the element types depend on Highway's alone")
  elseif(file MATCHES "^lib/surprisal/.*\\.h$")
    forbid_includes(${file} "boost/|hwy/|oracle/|digits/|literate/|.*-inl\\.h"
                    "a contract depends on the standard library alone")
  elseif(file MATCHES "^lib/oracle/")
    forbid_includes(${file} "digits/|literate/|surprisal/"
                    "oracles depend on surprisal/common alone")
  elseif(file MATCHES "^lib/digits/")
    forbid_includes(${file} "oracle/|literate/|.*-inl\\.h|.*_oracle\\.h"
                    "digits depend on the contracts of surprisal alone")
  endif()
endfunction()

function(check_sources)
  file(GLOB_RECURSE sources RELATIVE ${ROOT} ${ROOT}/lib/*.h ${ROOT}/lib/*.cpp)
  foreach(file IN LISTS sources)
    check_includes(${file})
    if(file MATCHES "\\.h$")
      check_guard(${file})
    endif()
  endforeach()
endfunction()

check_top_level()
check_entries(lib REQUIRED surprisal oracle digits literate cmake)
check_stems()
check_chapters()
check_sources()

get_property(breaches GLOBAL PROPERTY breaches)
if(breaches)
  message(FATAL_ERROR "the layout is broken in ${breaches} places")
endif()
