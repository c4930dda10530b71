# What finds an installed libimg2vid: pkg-config's img2vid.pc and CMake's package img2vid. Both name places relative to
# themselves, so that an installation may be moved.
include(CMakePackageConfigHelpers)

# FROM and TO are folders of an installation; ${result} is the way between them.
function(i2v_relative_path result from to)
  file(RELATIVE_PATH path "${from}" "${to}")
  string(REGEX REPLACE "/$" "" path "${path}")
  set(${result} "${path}" PARENT_SCOPE)
endfunction()

# A static library's users link what it needs; a shared one's need not even have it.
set(I2V_PC_REQUIRES "")
set(I2V_PC_LIBS "")
if(NOT BUILD_SHARED_LIBS)
  list(JOIN I2V_MODULES " " I2V_PC_REQUIRES)
  set(I2V_PC_LIBS " -lm -pthread")
endif()
i2v_relative_path(I2V_PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
i2v_relative_path(I2V_PC_LIBDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
i2v_relative_path(I2V_PC_INCLUDEDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/img2vid.pc.in img2vid.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/img2vid.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Before 1.0 a new minor version may change the interface, and with it the soname.
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/img2vid)
configure_package_config_file(cmake/img2vidConfig.cmake.in img2vidConfig.cmake INSTALL_DESTINATION ${package_dir}
                              NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/img2vidConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/img2vidConfig.cmake ${PROJECT_BINARY_DIR}/img2vidConfigVersion.cmake
        DESTINATION ${package_dir})
install(EXPORT img2vidTargets NAMESPACE img2vid:: DESTINATION ${package_dir})
