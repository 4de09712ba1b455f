# Fetches the npm packages that scripts may require(), and lists the files of them that the program embeds.
#
# Sets ASSAY_LIBRARY_MODULES (a node_modules folder) and ASSAY_LIBRARY_FILES (relative to it).

set(ASSAY_LIBRARIES "" CACHE PATH "Folder with node_modules as \"npm ci\" makes it from harness/script/libraries")
set(source ${CMAKE_CURRENT_LIST_DIR})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source}/package.json ${source}/package-lock.json)

if(ASSAY_LIBRARIES)
  set(folder ${ASSAY_LIBRARIES})
else()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/libraries)
  file(SHA256 ${source}/package-lock.json wanted)
  set(fetched "")
  if(EXISTS ${folder}/fetched)
    file(READ ${folder}/fetched fetched)
  endif()
  if(NOT fetched STREQUAL wanted)
    message(STATUS "Fetching the JavaScript libraries for suite scripts")
    find_program(NPM npm)
    file(COPY ${source}/package.json ${source}/package-lock.json DESTINATION ${folder})
    execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
                    WORKING_DIRECTORY ${folder} RESULT_VARIABLE failed ERROR_VARIABLE said OUTPUT_QUIET)
    if(NOT failed EQUAL 0)
      message(FATAL_ERROR "The JavaScript libraries for suite scripts could not be fetched with npm: ${failed}\n${said}\n"
                          "Make an npm registry reachable (see \"npm config get registry\"), or run \"npm ci\" in a copy "
                          "of harness/script/libraries where one is, and configure with -DASSAY_LIBRARIES=<that copy>.")
    endif()
    file(WRITE ${folder}/fetched ${wanted})
  endif()
endif()
set(ASSAY_LIBRARY_MODULES ${folder}/node_modules)
if(NOT EXISTS ${ASSAY_LIBRARY_MODULES}/chai/chai.js)
  message(FATAL_ERROR "${ASSAY_LIBRARY_MODULES} does not hold the packages of harness/script/libraries/package.json: "
                      "run \"npm ci\" there, or unset ASSAY_LIBRARIES.")
endif()

# Packages that bring one file with everything in it.
set(single
  ajv/dist/ajv.bundle.js backbone/backbone.js chai/chai.js crypto-js/crypto-js.js lodash/lodash.js lodash3/index.js
  moment/moment.js tv4/tv4.js underscore/underscore-umd.js)
set(ASSAY_LIBRARY_FILES ${single})
# Of all others every module, without what only their authors need.
file(GLOB_RECURSE modules RELATIVE ${ASSAY_LIBRARY_MODULES} ${ASSAY_LIBRARY_MODULES}/*.js ${ASSAY_LIBRARY_MODULES}/*.json)
list(FILTER modules EXCLUDE REGEX "(^|/)(test|tests|docs|dist|examples|bench|coverage|\\.[^/]*)/")
list(FILTER modules EXCLUDE REGEX "^(ajv|backbone|chai|crypto-js|lodash|lodash3|moment|tv4|underscore)/")
list(FILTER modules EXCLUDE REGEX "(Gruntfile|karma.conf|gulpfile|bower|tsconfig|webpack[^/]*|\\.eslintrc)\\.js(on)?$")
list(APPEND ASSAY_LIBRARY_FILES ${modules})
