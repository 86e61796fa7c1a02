# cmake -D BUILD=<build tree> -D SCRATCH=<folder> -D GENERATOR=... -D CXX=...
#       -D CXX_FLAGS=... [-D SITE=<its folder>] -P check_install.cmake
# Installs into a fresh folder, then does what a stranger would do with it.
cmake_minimum_required(VERSION 3.25)
set(prefix ${SCRATCH}/prefix)

# run(COMMAND ARGUMENT...): its output is left in `output`.
macro(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY
                  OUTPUT_VARIABLE output)
endmacro()

function(install_afresh)
  file(REMOVE_RECURSE ${SCRATCH})
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
endfunction()

# Contracts only, and each of them compiles on its own.
function(check_headers)
  file(GLOB_RECURSE headers ${prefix}/include/*)
  if(NOT headers)
    message(SEND_ERROR "no headers were installed")
  endif()
  foreach(header IN LISTS headers)
    if(header MATCHES "-inl\\.h$|_oracle\\.h$" OR NOT header MATCHES "\\.h$")
      message(SEND_ERROR "${header} should not have been installed")
    endif()
    run(${CXX} -std=c++20 -Wall -Wextra -Werror -fsyntax-only
        -I ${prefix}/include -include ${header} -x c++ /dev/null)
  endforeach()
endfunction()

# check_program(PROGRAM): prints, to the last digit, what it should.
function(check_program program)
  run(${program})
  file(READ ${CMAKE_CURRENT_LIST_DIR}/expected_output.txt expected)
  if(NOT output STREQUAL expected)
    message(SEND_ERROR "${program} printed\n${output}instead of\n${expected}")
  endif()
endfunction()

function(check_find_package)
  set(build ${SCRATCH}/build)
  run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${build} -G ${GENERATOR}
      -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${CXX}
      "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}")
  run(${CMAKE_COMMAND} --build ${build})
  check_program(${build}/outside)
endfunction()

function(check_pkg_config)
  find_program(PKG_CONFIG pkg-config)
  if(NOT PKG_CONFIG)
    message(STATUS "no pkg-config here: surprisal.pc is not tried")
    return()
  endif()
  file(GLOB_RECURSE pc ${prefix}/*/surprisal.pc)
  cmake_path(GET pc PARENT_PATH pc_folder)
  run(${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${pc_folder}
      ${PKG_CONFIG} --cflags --libs surprisal)
  separate_arguments(flags UNIX_COMMAND "${CXX_FLAGS} ${output}")
  set(program ${SCRATCH}/outside_by_pkg_config)
  run(${CXX} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/main.cpp ${flags} -o ${program})
  check_program(${program})
endfunction()

# Every page of it, below the documentation.
function(check_site)
  file(GLOB_RECURSE built RELATIVE ${SITE} ${SITE}/*)
  file(GLOB_RECURSE index ${prefix}/share/doc/*/html/index.html)
  cmake_path(GET index PARENT_PATH html)
  file(GLOB_RECURSE installed RELATIVE ${html} ${html}/*)
  if(NOT built STREQUAL installed OR built STREQUAL "")
    message(SEND_ERROR "the site was not installed as it was built")
  endif()
endfunction()

install_afresh()
check_headers()
if(SITE)
  check_site()
endif()
check_find_package()
check_pkg_config()
