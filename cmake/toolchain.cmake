# Language, warnings, sanitizers, output folders: one place for what every target shares.

option(ASSAY_BUILD_TESTS "Build the tests" ON)
option(ASSAY_BUILD_BENCH "Build the micro benchmarks" ON)
option(ASSAY_BUILD_FUZZERS "Build the fuzz targets; needs clang" OFF)
option(ASSAY_OPTIMISE_DEV "Add -O1 to debug builds, so that the corpus runs in them" OFF)
set(ASSAY_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(assay_flags INTERFACE)
target_compile_options(assay_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
                                             -fno-strict-aliasing -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12, optimising, sees uninitialised values in moved-from tl::expected and std::optional that are none.
  target_compile_options(assay_flags INTERFACE -Wno-maybe-uninitialized)
endif()
target_compile_definitions(assay_flags INTERFACE _GNU_SOURCE)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 takes the frames of Asio's coroutines, which recycle their memory, for mismatched pairs.
  target_compile_options(assay_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete>)
endif()
if(ASSAY_OPTIMISE_DEV)
  target_compile_options(assay_flags INTERFACE -O1)
endif()
if(ASSAY_SANITIZE)
  target_compile_options(assay_flags INTERFACE -fsanitize=${ASSAY_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(assay_flags INTERFACE -fsanitize=${ASSAY_SANITIZE})
  if(ASSAY_SANITIZE MATCHES undefined)
    # What is found ends the program: nobody reads what a test prints that passes.
    target_compile_options(assay_flags INTERFACE -fno-sanitize-recover=undefined)
  endif()
  if(ASSAY_SANITIZE MATCHES thread)
    # Boost.Asio's fences: the sanitizer does not model them, and says so for every use.
    target_compile_options(assay_flags INTERFACE -Wno-tsan)
  endif()
endif()
