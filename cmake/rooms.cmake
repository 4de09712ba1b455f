# assay_room(NAME dir-relative sources are globbed; DEPENDS rooms below and third-party targets).
#
# A room is one static library, assay_<name>, of all *.cc in its folder (not below it). Headers are
# included from the top of the tree ("base/result.h"); tools/check-includes enforces the direction.
function(assay_room NAME)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;PCH;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  foreach(excluded IN LISTS ROOM_EXCLUDE)
    list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${excluded})
  endforeach()
  if(NOT sources)
    add_library(assay_${NAME} INTERFACE)  # a room of headers
    target_include_directories(assay_${NAME} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(assay_${NAME} INTERFACE ${ROOM_DEPENDS})
    return()
  endif()
  add_library(assay_${NAME} STATIC ${sources})
  set_target_properties(assay_${NAME} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(assay_${NAME} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(assay_${NAME} PUBLIC ${ROOM_DEPENDS} PRIVATE assay_flags)
  if(ROOM_PCH)
    target_precompile_headers(assay_${NAME} PRIVATE ${ROOM_PCH})
  endif()
endfunction()

# assay_tests(NAME room DEPENDS ...): one GoogleTest program of all *_test.cc in the current folder. Its label is the
# folder below tests/: unit, sandbox, ...
function(assay_tests NAME)
  cmake_parse_arguments(TESTS "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  add_executable(test_${NAME} ${sources})
  target_link_libraries(test_${NAME} PRIVATE ${TESTS_DEPENDS} GTest::gtest_main GTest::gmock assay_flags)
  target_compile_definitions(test_${NAME} PRIVATE ASSAY_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                                  ASSAY_BINARY_DIR="${CMAKE_BINARY_DIR}")
  file(RELATIVE_PATH label ${CMAKE_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX REPLACE "/.*" "" label ${label})
  gtest_discover_tests(test_${NAME} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${label})
endfunction()
