# surprisal_add_chapter(NAME [FOLDER FOLDER]): the chapter in chapters/NAME, or
# in FOLDER. Builds chapter.cpp, with its own source embedded, as the program
# chapter_NAME, and exercise.cpp, if there is one, as exercise_NAME. Two ctests
# compare what the chapter prints with expected_output.txt: as it comes, and on
# every SIMD target. A third sees that all exercises are open.
function(surprisal_add_chapter name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FOLDER" "")
  if(NOT arg_FOLDER)
    set(arg_FOLDER ${PROJECT_SOURCE_DIR}/chapters/${name})
  endif()
  set(source ${arg_FOLDER}/chapter.cpp)
  set(embedded ${CMAKE_CURRENT_BINARY_DIR}/${name}.embedded.cpp)
  set(script ${PROJECT_SOURCE_DIR}/lib/literate/embed.cmake)
  file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${source})
  add_custom_command(
    OUTPUT ${embedded}
    COMMAND ${CMAKE_COMMAND} -D NAME=${name} -D PATH=${path} -D SOURCE=${source}
            -D OUTPUT=${embedded} -P ${script}
    DEPENDS ${source} ${script}
    COMMENT "Embedding ${path}"
    VERBATIM)
  add_executable(chapter_${name} ${source} ${embedded})
  surprisal_link_chapter(chapter_${name} literate_main)
  if(EXISTS ${arg_FOLDER}/exercise.cpp)
    surprisal_add_exercise(${name} ${arg_FOLDER}/exercise.cpp)
  endif()
  if(SURPRISAL_BUILD_TESTS)
    surprisal_test_chapter(${name} ${arg_FOLDER}/expected_output.txt)
  endif()
endfunction()

function(surprisal_add_exercise name source)
  add_executable(exercise_${name} ${source})
  surprisal_link_chapter(exercise_${name} literate)
  # A stub has no use for its parameters until it is written.
  set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS
                                                   -Wno-unused-parameter)
  if(SURPRISAL_BUILD_TESTS)
    add_test(NAME exercise_${name}
             COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:exercise_${name}>
             -D SOURCE=${source}
             -P ${PROJECT_SOURCE_DIR}/lib/literate/expect_open.cmake)
    surprisal_label_test(exercise_${name} chapter)
  endif()
endfunction()

function(surprisal_link_chapter target)
  target_link_libraries(${target} PRIVATE surprisal_options ${ARGN} digits oracle
                                          surprisal)
  surprisal_optimise_lightly(${target})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                                             ${PROJECT_BINARY_DIR}/chapters)
endfunction()

function(surprisal_test_chapter name expected)
  set(run $<TARGET_FILE:expect_output> ${expected} $<TARGET_FILE:chapter_${name}>
          --no-pause --width 80)
  add_test(NAME chapter_${name} COMMAND ${run})
  add_test(NAME chapter_${name}_on_every_target COMMAND ${run} --target)
  surprisal_label_test(chapter_${name} chapter)
  surprisal_label_test(chapter_${name}_on_every_target chapter)
endfunction()
