# Square roots, for the intervals of forecasts.
target_link_libraries(${module} PRIVATE m)
