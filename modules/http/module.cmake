pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
target_link_libraries(${module} PRIVATE PkgConfig::CURL PkgConfig::JANSSON PkgConfig::SODIUM)
