# Fetches the npm packages that scripts may require(), and lists the files of them that the program embeds.
#
# Sets ASSAY_LIBRARY_MODULES (a node_modules folder), ASSAY_LIBRARY_FILES (relative to it), ASSAY_CHAI and
# ASSAY_SANDBOX_BUNDLE.

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
if(NOT EXISTS ${ASSAY_LIBRARY_MODULES}/chai/chai.js OR NOT EXISTS ${ASSAY_LIBRARY_MODULES}/postman-sandbox)
  message(FATAL_ERROR "${ASSAY_LIBRARY_MODULES} does not hold the packages of harness/script/libraries/package.json: "
                      "run \"npm ci\" there, or unset ASSAY_LIBRARIES.")
endif()

# The bundle of newman's sandbox is a JavaScript text inside a module: embedded is the text.
set(ASSAY_SANDBOX_BUNDLE ${CMAKE_CURRENT_BINARY_DIR}/postman-sandbox.js)
set(packed ${ASSAY_LIBRARY_MODULES}/postman-sandbox/.cache/bootcode.js)
if(NOT EXISTS ${ASSAY_SANDBOX_BUNDLE} OR ${packed} IS_NEWER_THAN ${ASSAY_SANDBOX_BUNDLE})
  find_program(NODE NAMES node nodejs REQUIRED)
  execute_process(COMMAND ${NODE} -e "require(process.argv[1])((_, text) => require('fs').writeFileSync(process.argv[2], text))"
                          ${packed} ${ASSAY_SANDBOX_BUNDLE} COMMAND_ERROR_IS_FATAL ANY)
endif()

# chai, quickened: see there.
set(ASSAY_CHAI ${CMAKE_CURRENT_BINARY_DIR}/chai.js)
set(plain ${ASSAY_LIBRARY_MODULES}/chai/chai.js)
set(quicken ${source}/quicken_chai.js)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${quicken})
if(NOT EXISTS ${ASSAY_CHAI} OR ${plain} IS_NEWER_THAN ${ASSAY_CHAI} OR ${quicken} IS_NEWER_THAN ${ASSAY_CHAI})
  find_program(NODE NAMES node nodejs REQUIRED)
  execute_process(COMMAND ${NODE} ${quicken} ${plain} ${ASSAY_CHAI} COMMAND_ERROR_IS_FATAL ANY)
endif()

# Of packages that bring one file with everything in it, that file.
set(ASSAY_LIBRARY_FILES
  ajv/dist/ajv.bundle.js crypto-js/crypto-js.js lodash/lodash.js lodash3/index.js moment/moment.js tv4/tv4.js)
# Of the others every module, without what only their authors need.
foreach(package chai-postman http-reasons)
  file(GLOB_RECURSE modules RELATIVE ${ASSAY_LIBRARY_MODULES} ${ASSAY_LIBRARY_MODULES}/${package}/*.js
       ${ASSAY_LIBRARY_MODULES}/${package}/*.json)
  list(FILTER modules EXCLUDE REGEX "/(test|tests|docs|examples)/")
  list(APPEND ASSAY_LIBRARY_FILES ${modules})
endforeach()
