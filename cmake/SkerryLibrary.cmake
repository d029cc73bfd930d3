# The project's one build function. A folder is a library, its tests, its benchmarks and its fuzz targets:
#
#   skerry_library(NAME
#     HEADERS a.h  SOURCES a.cc b.cc  APART b.cc  TESTS a_test.cc  FUZZERS a_fuzz.cc
#     PUBLIC_DEPS skerry::base  PRIVATE_DEPS OpenSSL::Crypto)
#
# makes the targets skerry_NAME (alias skerry::NAME), NAME_test (in ctest, if there are tests) and, with
# SKERRY_FUZZ, one program for each fuzz source. `unit_tests` is all tests, `fuzzers` all programs that fuzz. With SKERRY_BUNCH
# several sources of a folder, and several of its tests, are compiled as one, since a compiler takes longer for what they include
# than for them. APART stay those that have a name of their own file in common with another's, those that take long by themselves,
# and those that a small program links without the rest. COLD is a folder in which no time of a run is spent: see skerry_cold.

# -Wno-restrict: gcc 12 sees overlaps in std::string's own code (gcc bug 105651).
set(SKERRY_UNOPTIMIZED "" CACHE STRING "Folders that are compiled with -O0, as tests and generated code are then: a list")
add_custom_target(unit_tests)
add_custom_target(fuzzers)
add_library(skerry_warnings INTERFACE)
target_compile_options(skerry_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wimplicit-fallthrough -Werror=return-type -fstack-protector-strong -D_GNU_SOURCE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
# Warnings are errors in the presets that developers build and in .ci/run, not for users: a newer compiler may know more of them.
# gcc 12 forgets in precompiled headers that std::string is the system's, and guesses wrongly at its sizes: that stays a warning.
if(CMAKE_COMPILE_WARNING_AS_ERROR)
  target_compile_options(skerry_warnings INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-error=array-bounds;-Wno-error=stringop-overflow;-Wno-error=maybe-uninitialized>)
endif()

# What most sources include, compiled once for sources and once for tests: it takes a third off a build of everything.
# `tidy` does without, so that an #include that is missing is found.
option(SKERRY_PRECOMPILE "Compile the common headers once" ON)
# Tests are compiled quickly rather than well, also in a release build, whose libraries they share.
add_library(skerry_test_options INTERFACE)
# -Wno-mismatched-new-delete: at that level gcc 12 takes the memory of Asio's coroutines for another's.
target_compile_options(skerry_test_options INTERFACE $<$<CONFIG:Release>:-O1>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
# A third less for the compiler to do, for code whose time nobody notices: beside a model's or a disk's, or once in a process.
set(cold_options $<$<CONFIG:Release>:-O1> $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
if(SKERRY_PRECOMPILE)
  set(common <algorithm> <array> <chrono> <cstdint> <cstring> <filesystem> <functional> <map> <memory> <optional> <span>
    <string> <string_view> <utility> <vector> <absl/status/statusor.h> <google/protobuf/message.h>
    <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/experimental/awaitable_operators.hpp>
    <boost/asio/io_context.hpp> <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp> <nlohmann/json.hpp>)
  foreach(kind sources tests sources_cold sources_unoptimized tests_unoptimized)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled_${kind}.cc CONTENT "")
    add_library(precompiled_${kind} OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled_${kind}.cc)
    target_link_libraries(precompiled_${kind} PRIVATE absl::statusor protobuf::libprotobuf Boost::headers
      nlohmann_json::nlohmann_json skerry_warnings)
    target_precompile_headers(precompiled_${kind} PRIVATE ${common})
    if(kind MATCHES tests)
      target_link_libraries(precompiled_${kind} PRIVATE GTest::gtest GTest::gmock skerry_test_options)
      target_precompile_headers(precompiled_${kind} PRIVATE <gtest/gtest.h>)
    endif()
    if(kind MATCHES unoptimized)
      target_compile_options(precompiled_${kind} PRIVATE -O0)
    elseif(kind MATCHES cold)
      target_compile_options(precompiled_${kind} PRIVATE ${cold_options})
    endif()
  endforeach()
endif()

# skerry_precompile(TARGET KIND) gives a target the common headers of sources or tests. They must be compiled with its own
# level of optimization, at another gcc 12 crashes and Clang refuses: a target of tests links skerry_test_options, too.
function(skerry_precompile target kind)
  if(SKERRY_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM precompiled_${kind}${ARGN})
  endif()
endfunction()

# skerry_cold(TARGET) compiles a target quickly rather than well, also in a release build.
function(skerry_cold target)
  target_compile_options(${target} PRIVATE ${cold_options})
  skerry_precompile(${target} sources _cold)
endfunction()

# skerry_bunch(TARGET SIZE) compiles so many of a target's sources as one.
function(skerry_bunch target size)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${size}
    UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
  # gcc takes what is not in the very file that it was given for a header, where no name may be one file's own.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

function(skerry_library name)
  cmake_parse_arguments(ARG "COLD" "" "HEADERS;SOURCES;APART;TESTS;FUZZERS;PUBLIC_DEPS;PRIVATE_DEPS;TEST_DEPS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "skerry_library(${name}): unknown arguments ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  set(target skerry_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(skerry::${name} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${ARG_HEADERS})
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  set_source_files_properties(${ARG_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  if(SKERRY_BUNCH)
    skerry_bunch(${target} 12)
  endif()
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC_DEPS} PRIVATE ${ARG_PRIVATE_DEPS} skerry_warnings)
  if(name IN_LIST SKERRY_UNOPTIMIZED)
    target_compile_options(${target} PRIVATE -O0)
    skerry_precompile(${target} sources _unoptimized)
  elseif(ARG_COLD)
    skerry_cold(${target})
  else()
    skerry_precompile(${target} sources)
  endif()
  if(ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE ${target} ${ARG_TEST_DEPS} ${ARG_PRIVATE_DEPS} GTest::gtest GTest::gmock
      GTest::gtest_main skerry_warnings skerry_test_options)
    target_compile_definitions(${name}_test PRIVATE SKERRY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    if(SKERRY_BUNCH STREQUAL ON)
      skerry_bunch(${name}_test 8)
    endif()
    if(SKERRY_UNOPTIMIZED)
      target_compile_options(${name}_test PRIVATE -O0)
      skerry_precompile(${name}_test tests _unoptimized)
    else()
      skerry_precompile(${name}_test tests)
    endif()
    add_dependencies(unit_tests ${name}_test)
    add_test(NAME ${name}_test COMMAND ${name}_test)
    set_tests_properties(${name}_test PROPERTIES TIMEOUT 300)  # one that hangs takes the others' time otherwise
  endif()
  if(SKERRY_FUZZ)
    foreach(source IN LISTS ARG_FUZZERS)
      get_filename_component(fuzzer ${source} NAME_WE)
      add_executable(${fuzzer} ${source})
      target_link_libraries(${fuzzer} PRIVATE ${target} ${ARG_PRIVATE_DEPS} skerry_warnings)
      target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
      add_dependencies(fuzzers ${fuzzer})
    endforeach()
  endif()
endfunction()
