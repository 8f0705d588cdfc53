// Forward-only schema changes. A module's files migrations/NNNN_name.sql are embedded by CMake as
// `Migrations()`.
//
// One text serves both dialects. It is written in PostgreSQL's DDL words; for SQLite the store
// replaces BIGINT by INTEGER, DOUBLE PRECISION by REAL and BYTEA by BLOB; for PostgreSQL TEXT gets
// COLLATE "C", so that both compare and sort by bytes. A line that starts with `--sqlite:` or
// `--postgres:` counts only in that dialect (without the prefix); e.g. `--sqlite: STRICT, WITHOUT
// ROWID` after the closing parenthesis of a table. Statements end with `;` at a line's end, so no
// body of a trigger spans lines.
#pragma once

#include <span>
#include <string_view>

namespace stetig::store {

struct Migration {
  std::string_view module;  ///< e.g. "tracking"
  std::string_view name;    ///< e.g. "0001_runs"; applied in order of name within a module
  std::string_view sql;
};

}  // namespace stetig::store
