# Square roots, for the intervals of forecasts; and liblinear, which has no file for pkg-config.
find_path(LIBLINEAR_INCLUDE linear.h)
find_library(LIBLINEAR_LIBRARY linear)
if(NOT LIBLINEAR_INCLUDE OR NOT LIBLINEAR_LIBRARY)
    message(FATAL_ERROR "the module sales needs liblinear; Debian has it as liblinear-dev")
endif()
target_include_directories(${module} SYSTEM PRIVATE ${LIBLINEAR_INCLUDE})
target_link_libraries(${module} PRIVATE ${LIBLINEAR_LIBRARY} m)
