# Plants faults in a chapter's prose and in copies of the site's pages: the
# filter that makes pages, or the browser's test, must name each of them.
#   cmake -D LITERATE_PAGE=... -D VALUES=DIR -D CHAPTERS=DIR -D SITE=DIR
#         -D MODULES=DIR -D NODE=... -D SCRATCH=DIR -P reject_bad_pages.cmake
cmake_minimum_required(VERSION 3.25)

set(chapter 02_softmax)
file(REMOVE_RECURSE ${SCRATCH})
file(COPY ${CHAPTERS} DESTINATION ${SCRATCH} FILES_MATCHING PATTERN chapter.cpp)
cmake_path(GET CHAPTERS FILENAME chapters)
set(source ${SCRATCH}/${chapters}/${chapter}/chapter.cpp)
file(READ ${source} original)

# replace(TEXT FROM TO): what is to be spoiled must be there.
function(replace text from to)
  string(FIND "${${text}}" "${from}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "no \"${from}\" to spoil")
  endif()
  string(REPLACE "${from}" "${to}" result "${${text}}")
  set(${text} "${result}" PARENT_SCOPE)
endfunction()

# expect(NAME RESULT OUTPUT TEXT...): it failed, and each text is in its output.
function(expect name result output)
  if(result EQUAL 0)
    message(SEND_ERROR "${name}: not noticed")
  endif()
  foreach(text IN LISTS ARGN)
    string(FIND "${output}" "${text}" at)
    if(at EQUAL -1)
      message(SEND_ERROR "${name}: \"${text}\" is not in\n${output}")
    endif()
  endforeach()
endfunction()

# run(COMMAND ARGUMENT...): sets `code` and what it `printed`.
macro(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE printed ERROR_VARIABLE printed
                  RESULT_VARIABLE code)
endmacro()

# --- A chapter's page ---

set(make_page ${LITERATE_PAGE} --values ${VALUES} ${source})
run(${make_page})
if(NOT code EQUAL 0)
  message(FATAL_ERROR "the chapter as it is has no page: ${printed}")
endif()

# reject_prose(NAME FROM TO TEXT): the chapter with TO in place of FROM.
function(reject_prose name from to text)
  set(spoiled "${original}")
  replace(spoiled "${from}" "${to}")
  file(WRITE ${source} "${spoiled}")
  run(${make_page})
  expect(${name} ${code} "${printed}" "chapter.cpp:" "${text}")
endfunction()

reject_prose("a wrong digit" "led the building by 0.69" "led the building by 0.68"
             "0.68 is typed here")
reject_prose("a renamed value" "{{weights[4]}}" "{{weight[4]}}"
             "the run has no value {{weight[4]}}")

# --- Pages as a browser shows them ---

set(page ${SCRATCH}/site/glossary.html)
file(COPY ${SITE} DESTINATION ${SCRATCH})
cmake_path(GET SITE FILENAME site)
if(NOT site STREQUAL "site")
  file(RENAME ${SCRATCH}/${site} ${SCRATCH}/site)
endif()
file(READ ${page} good_page)

set(check_page ${NODE} ${CMAKE_CURRENT_LIST_DIR}/check_pages.js ${SCRATCH}/site
               ${MODULES} ${SCRATCH}/screenshots glossary.html)
run(${check_page})
if(NOT code EQUAL 0)
  message(FATAL_ERROR "the page as it is has faults: ${printed}")
endif()

# All at once, for a browser takes its time.
set(faults
    "<a href=\"nowhere.html\">a broken link</a>"
    "<a href=\"glossary.html#nowhere\">a broken anchor</a>"
    "<script src=\"https://outside.example/script.js\"></script>"
    "<img src=\"glossary.css.png\"/>"
    "<script>console.error('a complaint'); undefined_function()</script>"
    "<p style=\"color: #ddd\">hardly to be read</p>"
    "<div style=\"width: 2000px\">wider than a phone</div>")
list(JOIN faults "\n" faults)
set(spoiled "${good_page}")
replace(spoiled "<div class=\"contents\">" "<div class=\"contents\">${faults}")
file(WRITE ${page} "${spoiled}")
run(${check_page})
expect("a spoiled page" ${code} "${printed}"
       "link to nowhere.html: no such file"
       "link to glossary.html#nowhere: no such anchor"
       "asks for https://outside.example/script.js"
       "does not find"
       "console: a complaint"
       "undefined_function is not defined"
       "An “img” element must have an “alt” attribute"
       "axe (light): image-alt"
       "axe (light): color-contrast"
       "wider than a phone")
