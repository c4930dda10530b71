# macOS from Linux: Zig's compiler (tools/install_zig.sh) with the headers of libraries from tools/make_headers.sh. What
# it links runs nowhere. MACOS_ARCHITECTURE: aarch64 or x86_64.
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR ${MACOS_ARCHITECTURE})
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MACOS_ARCHITECTURE)
set(root ${CMAKE_CURRENT_LIST_DIR}/../build)
set(CMAKE_C_COMPILER ${root}/zig/${MACOS_ARCHITECTURE}-macos-cc)
set(CMAKE_AR ${root}/zig/ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${root}/zig/ranlib CACHE FILEPATH "")
set(CMAKE_INSTALL_NAME_TOOL /bin/true CACHE FILEPATH "") # nothing is installed
set(CMAKE_OSX_SYSROOT "" CACHE STRING "")
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE NEVER)
set(ENV{PKG_CONFIG_LIBDIR} ${root}/headers/pkgconfig)
if(MACOS_ARCHITECTURE STREQUAL x86_64)
  set(CMAKE_C_FLAGS_INIT -mevex512) # Zig's processor takes registers of 512 bits away, which -mavx512f does not give back
endif()
