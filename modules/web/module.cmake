pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
target_link_libraries(${module} PRIVATE PkgConfig::MICROHTTPD PkgConfig::JANSSON PkgConfig::ZLIB Threads::Threads)
