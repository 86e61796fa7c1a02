# Highway for WebAssembly. Debian has no such package, but the headers of its
# own are the same, and of Highway's library nothing is called where there is
# just one target.
#
# That one is EMU128, vectors of 128 bits as plain loops: the WASM target of
# Highway 1.0.3 has no vectors of doubles (HWY_HAVE_FLOAT64 is 0). With -msimd128
# clang makes f64x2 instructions of the loops.
find_path(SURPRISAL_HOST_HIGHWAY hwy/highway.h PATHS /usr/include
          REQUIRED NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
# Not /usr/include itself, which holds another C library's headers too.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include)
file(CREATE_LINK ${SURPRISAL_HOST_HIGHWAY}/hwy ${CMAKE_BINARY_DIR}/include/hwy
     SYMBOLIC)
if(NOT TARGET hwy::hwy)
  add_library(hwy::hwy INTERFACE IMPORTED)
  target_include_directories(hwy::hwy INTERFACE ${CMAKE_BINARY_DIR}/include)
  target_compile_definitions(hwy::hwy INTERFACE HWY_COMPILE_ONLY_EMU128)
endif()
