pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
target_link_libraries(${module} PRIVATE PkgConfig::MICROHTTPD PkgConfig::JANSSON Threads::Threads)
