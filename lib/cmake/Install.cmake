# `cmake --install` gives what a user of the kernels needs, and no more: the
# contracts, the library, and its descriptions for CMake and pkg-config.
include(CMakePackageConfigHelpers)

install(TARGETS surprisal EXPORT surprisalTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/lib/surprisal
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h"
        PATTERN "*-inl.h" EXCLUDE
        PATTERN "*_oracle.h" EXCLUDE
        PATTERN "common" EXCLUDE)
# Of common/, what the contracts include; the rest is the kernels' own business.
install(FILES ${PROJECT_SOURCE_DIR}/lib/surprisal/common/element.h
              ${PROJECT_SOURCE_DIR}/lib/surprisal/common/error.h
              ${PROJECT_SOURCE_DIR}/lib/surprisal/common/executor.h
              ${PROJECT_SOURCE_DIR}/lib/surprisal/common/rows.h
              ${PROJECT_SOURCE_DIR}/lib/surprisal/common/tbb_executor.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/surprisal/common)

set(surprisal_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/surprisal)
install(EXPORT surprisalTargets NAMESPACE surprisal::
        DESTINATION ${surprisal_cmake_dir})
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/lib/cmake/surprisalConfig.cmake.in surprisalConfig.cmake
  INSTALL_DESTINATION ${surprisal_cmake_dir})
write_basic_package_version_file(surprisalConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/surprisalConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/surprisalConfigVersion.cmake
        DESTINATION ${surprisal_cmake_dir})

# The prefix is found from where the file lies: `cmake --install --prefix` may
# choose another than the one configured. The library is static, so Highway is
# required outright, not only for `pkg-config --static`.
set(surprisal_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH surprisal_prefix_from_pc /${surprisal_pc_dir} /)
string(REGEX REPLACE "/$" "" surprisal_prefix_from_pc ${surprisal_prefix_from_pc})
configure_file(${PROJECT_SOURCE_DIR}/lib/cmake/surprisal.pc.in surprisal.pc
               @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/surprisal.pc
        DESTINATION ${surprisal_pc_dir})
