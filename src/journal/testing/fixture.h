// What tests of the journal stand on: a database, events by the number, and the tree over them as
// the frontier builds it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

#include "journal/audit.h"
#include "journal/entry.h"
#include "journal/migrations.h"
#include "journal/repository.h"
#include "journal/service.h"
#include "store/testing/fixture.h"

namespace stetig::journal::testing {

class AuditTest : public store::testing::DatabaseTest {
 protected:
  AuditTest() : DatabaseTest(Migrations()) {}

  static Event Made(int64_t number) {
    return {.time = {1'700'000'000'000 + number},
            .project = "p",
            .actor = number % 2 == 0 ? "ada" : "bob",
            .kind = "run.created",
            .subject = {"run", fmt::format("r{}", number)},
            .refs = {{"experiment", "1"}},
            .payload = R"({"n":1})",
            .request_id = "q",
            .texts = number % 3 == 0 ? std::vector<std::string>{"a remark"}
                                     : std::vector<std::string>{}};
  }

  /// Appends events until there are `head`.
  void AppendUpTo(int64_t head) {
    while (head_ < head) {
      const int64_t from = head_;
      head_ = std::min(head, head_ + 5'000);
      const Status written = Write([from, to = head_](store::Transaction& tx) -> Status {
        for (int64_t number = from + 1; number <= to; ++number) {
          TRY(Append(tx, Made(number)));
        }
        return OkStatus();
      });
      ASSERT_EQ(written, OkStatus());
    }
  }

  /// For a test that began anew with another database.
  void ForgetHead() { head_ = 0; }

  /// The leaf hashes as they are in the rows.
  std::vector<LeafHash> Leaves() {
    std::vector<LeafHash> all;
    for (;;) {
      auto page = Run(Journal(db()).Hashes(std::ssize(all) + 1, kMaxEvents, Soon()));
      EXPECT_TRUE(page.has_value());
      if (!page || page->empty()) {
        return all;
      }
      all.insert(all.end(), page->begin(), page->end());
    }
  }

  int64_t Fill(int64_t most) {
    auto filled = Run(Audit(db()).FillTiles(most, Soon()));
    EXPECT_TRUE(filled.has_value()) << filled.error().ToString();
    return filled.value_or(-1);
  }
  void FillAll() {
    while (Fill(64) > 0) {
    }
  }

  static note::SignerKey Key() {
    SeededRandom random(1);
    return note::SignerKey::Make("stetig/test", random);
  }
  Result<int64_t> Sign(int64_t least = 1) {
    return Run(Audit(db()).SignCheckpoint(Key(), least, Soon()));
  }

 private:
  int64_t head_ = 0;
};

}  // namespace stetig::journal::testing
