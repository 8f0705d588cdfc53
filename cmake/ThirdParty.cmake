# Third-party code. Sources under third_party/sources are unpacked by tools/setup from locked packages.
set(STETIG_SOURCES ${CMAKE_SOURCE_DIR}/third_party/sources)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(simdjson REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
# Its headers alone: src/store/postgres/libpq.cc loads it when it is needed.
set_property(TARGET PkgConfig::PQ PROPERTY INTERFACE_LINK_LIBRARIES ${CMAKE_DL_LIBS})
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_path(RAPIDCHECK_INCLUDE rapidcheck.h REQUIRED)
find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)

# Every name below hides where the code comes from; modules link the names.
add_library(third_party_sqlite STATIC)
if(STETIG_SYSTEM_SQLITE)
  find_package(SQLite3 REQUIRED)
  file(WRITE ${CMAKE_BINARY_DIR}/empty.c "")
  target_sources(third_party_sqlite PRIVATE ${CMAKE_BINARY_DIR}/empty.c)
  target_link_libraries(third_party_sqlite PUBLIC SQLite::SQLite3)
else()
  target_sources(third_party_sqlite PRIVATE ${STETIG_SOURCES}/sqlite/sqlite3.c)
  target_include_directories(third_party_sqlite SYSTEM PUBLIC ${STETIG_SOURCES}/sqlite)
  target_compile_options(third_party_sqlite PRIVATE -O2 -w)
  target_compile_definitions(third_party_sqlite PRIVATE
    SQLITE_THREADSAFE=2 SQLITE_DQS=0 SQLITE_DEFAULT_MEMSTATUS=0 SQLITE_OMIT_SHARED_CACHE SQLITE_OMIT_DEPRECATED
    SQLITE_LIKE_DOESNT_MATCH_BLOBS SQLITE_MAX_EXPR_DEPTH=1000 SQLITE_MAX_LIKE_PATTERN_LENGTH=200000 # query/filter.h's limits
    SQLITE_USE_ALLOCA SQLITE_ENABLE_MATH_FUNCTIONS SQLITE_ENABLE_FTS5 SQLITE_ENABLE_STAT4 SQLITE_OMIT_LOAD_EXTENSION)
  target_link_libraries(third_party_sqlite PUBLIC Threads::Threads m)
endif()

file(GLOB BLAKE3_SOURCES ${STETIG_SOURCES}/blake3/blake3.c ${STETIG_SOURCES}/blake3/blake3_dispatch.c
     ${STETIG_SOURCES}/blake3/blake3_portable.c)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  file(GLOB BLAKE3_ASM ${STETIG_SOURCES}/blake3/*_x86-64_unix.S)
else()
  file(GLOB BLAKE3_ASM ${STETIG_SOURCES}/blake3/blake3_neon.c)
endif()
add_library(third_party_blake3 STATIC ${BLAKE3_SOURCES} ${BLAKE3_ASM})
target_include_directories(third_party_blake3 SYSTEM PUBLIC ${STETIG_SOURCES}/blake3)
target_compile_options(third_party_blake3 PRIVATE -O2 -w)

file(GLOB LLHTTP_SOURCES ${STETIG_SOURCES}/llhttp/*.c)
add_library(third_party_llhttp STATIC ${LLHTTP_SOURCES})
target_include_directories(third_party_llhttp SYSTEM PUBLIC ${STETIG_SOURCES}/llhttp)
target_compile_options(third_party_llhttp PRIVATE -O2 -w)

add_library(third_party_asio INTERFACE)
target_compile_definitions(third_party_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                           BOOST_ASIO_DISABLE_BOOST_COROUTINE)
target_link_libraries(third_party_asio INTERFACE Threads::Threads)
