# Compiler, language level, warnings and sanitizers, the same for every module.
option(STETIG_FUZZ "build the libFuzzer targets in fuzz/" OFF)
option(STETIG_SYSTEM_SQLITE "link the system's SQLite instead of the amalgamation" OFF)
set(STETIG_SANITIZE "" CACHE STRING "value of -fsanitize= for every target, e.g. address,undefined")

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "GCC ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines (see docs/decisions/005-coroutines.md); "
                      "use a preset, which picks clang-19")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE)
  # The settings that let precompiled headers hit (docs/dependencies.md, "Build loop").
  set(STETIG_LAUNCHER ${CMAKE_COMMAND} -E env
      "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
      "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${STETIG_LAUNCHER})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${STETIG_LAUNCHER})
endif()

add_link_options(-fuse-ld=lld)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  add_compile_options(-march=x86-64-v2 -mpclmul)  # simdjson's SSE reader needs carry-less multiplication
endif()
if(STETIG_SANITIZE)
  add_compile_options(-fsanitize=${STETIG_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STETIG_SANITIZE})
  if(STETIG_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
if(STETIG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Warnings for our own code only; third-party sources are built without them.
add_library(stetig_warnings INTERFACE)
target_compile_options(stetig_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wthread-safety -Werror -Wno-missing-field-initializers
  $<$<COMPILE_LANGUAGE:CXX>:-Xclang> $<$<COMPILE_LANGUAGE:CXX>:-fno-pch-timestamp>)
