// A small schema for the store's own tests.
#pragma once

#include "store/testing/fixture.h"

namespace stetig::store::testing {

inline constexpr Migration kThings[] = {
    {"things", "0001_things",
     "CREATE TABLE things (\n"
     "  id BIGINT PRIMARY KEY,\n"
     "  name TEXT UNIQUE,  -- a thing's name\n"
     "  size DOUBLE PRECISION,\n"
     "  body BYTEA\n"
     ")\n"
     "--sqlite: STRICT\n"
     ";\n"
     "CREATE TABLE parts (\n"
     "  thing_id BIGINT NOT NULL REFERENCES things (id),\n"
     "  part TEXT NOT NULL CHECK (part <> 'bad')\n"
     ")\n"
     "--sqlite: STRICT\n"
     ";\n"},
};

inline constexpr Statement kInsert{
    "INSERT INTO things (id, name, size, body) VALUES ($1, $2, $3, $4)"};
inline constexpr Statement kInsertId{"INSERT INTO things (id) VALUES ($1)"};
inline constexpr Statement kInsertPart{"INSERT INTO parts (thing_id, part) VALUES ($1, $2)"};
inline constexpr Statement kSelect{"SELECT id, name, size, body FROM things ORDER BY id"};
inline constexpr Statement kByName{"SELECT id FROM things WHERE name = $1"};
inline constexpr Statement kCount{"SELECT count(*) FROM things"};

/// The first column of the only row; -1 when there is none.
inline Result<int64_t> QueryInt(Session& session, const Statement& statement,
                                std::initializer_list<Value> params = {}) {
  int64_t answer = -1;
  TRY(session.Query(statement, params, [&](const Row& row) {
    answer = row.Int(0);
    return OkStatus();
  }));
  return answer;
}

class ThingsTest : public DatabaseTest {
 protected:
  ThingsTest() : DatabaseTest(std::span<const Migration>(kThings)) {}

  int64_t Count() {
    Result<int64_t> count = Read([](Session& session) { return QueryInt(session, kCount); });
    EXPECT_TRUE(count) << count.error().ToString();
    return count.value_or(-1);
  }
};

}  // namespace stetig::store::testing
