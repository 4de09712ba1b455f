# Installs the packages of package-lock.json into the build folder: cmake -DFROM=... -DTO=... -DNPM=... -P fetch.cmake
file(MAKE_DIRECTORY ${TO})
file(COPY ${FROM}/package.json ${FROM}/package-lock.json DESTINATION ${TO})
execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
                WORKING_DIRECTORY ${TO} RESULT_VARIABLE failed ERROR_VARIABLE said OUTPUT_QUIET)
if(failed)
  message(FATAL_ERROR "The JavaScript libraries for suite scripts could not be fetched with npm:\n${said}\n"
                      "Make an npm registry reachable (npm config get registry), or run \"npm ci\" in a copy of "
                      "harness/script/libraries elsewhere and configure with -DASSAY_LIBRARIES=<that folder>.")
endif()
file(TOUCH ${TO}/fetched)
