# PicoSAT has no file for pkg-config.
find_path(PICOSAT_INCLUDE picosat/picosat.h)
find_library(PICOSAT_LIBRARY picosat)
if(NOT PICOSAT_INCLUDE OR NOT PICOSAT_LIBRARY)
    message(FATAL_ERROR "the module commerce needs PicoSAT; Debian has it as picosat")
endif()
target_include_directories(${module} SYSTEM PRIVATE ${PICOSAT_INCLUDE})
target_link_libraries(${module} PRIVATE ${PICOSAT_LIBRARY})
