pkg_check_modules(PANGOCAIRO REQUIRED IMPORTED_TARGET pangocairo)
target_link_libraries(${module} PRIVATE PkgConfig::PANGOCAIRO PkgConfig::JANSSON)
