# Everything comes from the system, nothing is downloaded. What is missing is
# named all at once, with the line that installs it on Debian.

set(surprisal_missing "")

# surprisal_require(DEBIAN_PACKAGE FIND_PACKAGE_ARGUMENT...): a macro, so that
# what find_package sets is set here.
macro(surprisal_require debian_package package)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    list(APPEND surprisal_missing ${debian_package})
  endif()
endmacro()

surprisal_require(libhwy-dev hwy 1.0 CONFIG)
if(SURPRISAL_BUILD_TESTS OR SURPRISAL_BUILD_CHAPTERS)
  surprisal_require(libboost-dev Boost 1.74)
  surprisal_require(doctest-dev doctest 2.4 CONFIG)
  surprisal_require(libcli11-dev CLI11 CONFIG)
  surprisal_require(libfmt-dev fmt 9 CONFIG)
  surprisal_require(nlohmann-json3-dev nlohmann_json 3 CONFIG)
  surprisal_require(zlib1g-dev ZLIB)
  find_program(SURPRISAL_GNUPLOT gnuplot)
  if(NOT SURPRISAL_GNUPLOT)
    list(APPEND surprisal_missing gnuplot-nox)
  endif()
endif()
if(SURPRISAL_BUILD_TESTS)
  surprisal_require(libtbb-dev TBB CONFIG)
  find_program(SURPRISAL_DOXYGEN doxygen)
  if(NOT SURPRISAL_DOXYGEN)
    list(APPEND surprisal_missing doxygen)
  endif()
endif()

if(surprisal_missing)
  list(JOIN surprisal_missing " " packages)
  message(FATAL_ERROR "Missing or too old; on Debian and Ubuntu, type\n"
                      "  sudo apt-get install ${packages}")
endif()
