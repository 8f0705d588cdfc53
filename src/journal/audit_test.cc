#include "journal/audit.h"

#include <gtest/gtest.h>

#include "journal/testing/fixture.h"
#include "journal/tiles.h"

namespace stetig::journal {
namespace {

using merkle::Hash;

class AuditTest : public testing::AuditTest {
 protected:
  /// Roots, inclusion and consistency for a sample of sizes, against the frontier and the
  /// verifiers, which merkle_test.cc holds against the RFC.
  void CheckProofs(const std::vector<int64_t>& sizes) {
    const std::vector<LeafHash> leaves = Leaves();
    std::vector<Hash> roots{merkle::EmptyRoot()};
    merkle::Frontier frontier;
    for (const LeafHash& leaf : leaves) {
      frontier.Append(leaf);
      roots.push_back(frontier.Root());
    }
    const auto root = [&](int64_t size) { return roots[static_cast<size_t>(size)]; };
    Audit audit(db());
    for (const int64_t size : sizes) {
      ASSERT_EQ(Run(audit.Root(size, Soon())).value(), root(size)) << size;
      for (const int64_t seq : sizes) {
        if (seq < 1 || seq > size) {
          continue;
        }
        auto inclusion = Run(audit.Inclusion(seq, size, Soon()));
        ASSERT_TRUE(inclusion.has_value()) << inclusion.error().ToString();
        ASSERT_EQ(merkle::VerifyInclusion(leaves[static_cast<size_t>(seq - 1)], seq - 1, size,
                                          *inclusion, root(size)),
                  OkStatus());
        auto consistency = Run(audit.Consistency(seq, size, Soon()));
        ASSERT_TRUE(consistency.has_value()) << consistency.error().ToString();
        ASSERT_EQ(merkle::VerifyConsistency(seq, size, *consistency, root(seq), root(size)),
                  OkStatus());
      }
    }
  }
};

TEST_P(AuditTest, ProofsHoldWhetherTilesAreThereOrNot) {
  AppendUpTo(1'300);
  const std::vector<int64_t> sizes = {0,   1,   2,   255, 256,   257,   511,   512,
                                      513, 767, 768, 900, 1'024, 1'025, 1'299, 1'300};
  CheckProofs(sizes);
  EXPECT_EQ(Fill(2), 2);
  CheckProofs(sizes);
  EXPECT_EQ(Fill(64), 3);
  EXPECT_EQ(Fill(64), 0);
  CheckProofs(sizes);
  Reopen();
  AppendUpTo(1'540);
  EXPECT_EQ(Fill(64), 1);
  CheckProofs({1, 256, 1'280, 1'281, 1'535, 1'536, 1'537, 1'540});
}

TEST_P(AuditTest, ASecondLevelOfTilesIsRightToo) {
  constexpr int64_t kHead = 256 * 256 + 600;
  AppendUpTo(kHead);
  FillAll();
  auto levels = Read([](store::Session& session) { return repository::TileLevels(session); });
  ASSERT_EQ(levels->size(), 3);
  EXPECT_EQ((*levels)[0].tiles, 258);
  EXPECT_EQ((*levels)[1].tiles, 2);
  EXPECT_EQ((*levels)[2].tiles, 1);
  CheckProofs({1, 300, 65'535, 65'536, 65'537, 65'800, 66'048, 66'049, kHead});
}

TEST_P(AuditTest, ABatchThatAnotherProcessWroteIsNotWrittenAgain) {
  AppendUpTo(600);
  auto batch = Read([](store::Session& session) { return NextTiles(session, 1); });
  ASSERT_EQ(batch->count, 1);
  FillAll();
  auto write = [&batch](store::Transaction& tx) { return WriteTiles(tx, *batch); };
  EXPECT_EQ(Write(write).value(), 0);
  CheckProofs({1, 256, 257, 512, 600});
}

TEST_P(AuditTest, RefusesSizesBeyondTheHead) {
  AppendUpTo(3);
  Audit audit(db());
  EXPECT_EQ(Run(audit.Root(4, Soon())).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Run(audit.Inclusion(0, 3, Soon())).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Run(audit.Inclusion(4, 3, Soon())).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Run(audit.Consistency(1, 4, Soon())).error().code(), Code::kInvalidArgument);
}

TEST_P(AuditTest, SignsWhatThereIsAndOnlyWhenThereIsMore) {
  EXPECT_EQ(Sign().value(), 0);
  AppendUpTo(5);
  EXPECT_EQ(Sign(6).value(), 0);
  EXPECT_EQ(Sign().value(), 5);
  EXPECT_EQ(Sign().value(), 0);
  AppendUpTo(300);
  EXPECT_EQ(Sign(295).value(), 300);
  const auto last = Run(Audit(db()).LastCheckpoint(Soon()));
  const note::VerifierKey keys[] = {Key().verifier()};
  const auto opened = note::Open((*last)->note, keys);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->size, 300);
  EXPECT_EQ(opened->root, Run(Audit(db()).Root(300, Soon())).value());
}

TEST_P(AuditTest, NeverSignsAHistoryThatItsLastCheckpointDoesNotFit) {
  static constexpr store::Statement kCut{"DELETE FROM journal_events WHERE seq > 7"};
  static constexpr store::Statement kCutTexts{"DELETE FROM journal_texts WHERE seq > 7"};
  static constexpr store::Statement kSwap{
      "UPDATE journal_events SET leaf_hash = (SELECT leaf_hash FROM journal_events WHERE seq = 1) "
      "WHERE seq = 2"};
  AppendUpTo(10);
  ASSERT_EQ(Sign().value(), 10);
  ASSERT_TRUE(Write([](store::Transaction& tx) { return tx.Execute(kCut, {}); }).ok());
  ASSERT_TRUE(Write([](store::Transaction& tx) { return tx.Execute(kCutTexts, {}); }).ok());
  EXPECT_EQ(Sign().error().code(), Code::kDataLoss);
  AppendUpTo(20);  // seven are left, ten come
  ASSERT_TRUE(Write([](store::Transaction& tx) { return tx.Execute(kSwap, {}); }).ok());
  EXPECT_EQ(Sign().error().code(), Code::kDataLoss);
}

TEST(CheckpointPace, IsOneAMinuteOrOneForTenThousandEvents) {
  CheckpointPace pace;
  const Deadline start = std::chrono::steady_clock::now();
  EXPECT_EQ(pace.Least(start), 1);
  pace.Signed(start);
  EXPECT_EQ(pace.Least(start + std::chrono::seconds(59)), 10'000);
  EXPECT_EQ(pace.Least(start + std::chrono::seconds(60)), 1);
}

TEST_P(AuditTest, ErasesAPersonAndKeepsTheProof) {
  AppendUpTo(6);
  const std::vector<LeafHash> before = Leaves();
  auto erase = [](store::Transaction& tx) {
    return Erase(tx, {.actor = "ada", .time = {5}, .by = "eve", .reason = "she asked"});
  };
  EXPECT_EQ(Write(erase).value(), 3);
  EXPECT_EQ(Write(erase).value(), 0);
  const auto events = Run(Journal(db()).Read(0, 10, {}, Soon())).value();
  ASSERT_EQ(events.size(), 7);
  EXPECT_EQ(events[0].actor, "bob");
  EXPECT_EQ(events[1].actor, "erased");
  EXPECT_EQ(events[1].erased, std::vector<int>{0});
  EXPECT_EQ(events[5].texts, std::vector<std::string>{"a remark"});
  EXPECT_EQ(events[6].kind, "journal.erased");
  EXPECT_EQ(events[6].actor, "eve");
  EXPECT_EQ(events[6].refs,
            (std::vector<Ref>{
                {"journal_text", "2/0"}, {"journal_text", "4/0"}, {"journal_text", "6/0"}}));
  EXPECT_EQ(events[6].payload, R"({"count":3,"reason":"she asked"})");
  EXPECT_TRUE(Run(Journal(db()).Read(0, 10, {.actor = "ada"}, Soon())).value().empty());
  std::vector<LeafHash> after = Leaves();
  after.pop_back();
  EXPECT_EQ(after, before);
  auto entries =
      Read([](store::Session& session) { return repository::ReadEntries(session, 1, 1, {}); });
  EXPECT_EQ(HashLeaf(entries->front()), before[1]);
}

TEST_P(AuditTest, ErasesTheTextsOfOneEvent) {
  AppendUpTo(3);
  auto erase = [](store::Transaction& tx) { return Erase(tx, {.seq = 3}); };
  EXPECT_EQ(Write(erase).value(), 2);
  const auto events = Run(Journal(db()).Read(2, 1, {}, Soon())).value();
  EXPECT_EQ(events[0].erased, (std::vector<int>{0, 1}));
  EXPECT_EQ(events[0].texts, std::vector<std::string>{"erased"});
  auto neither = [](store::Transaction& tx) { return Erase(tx, {}); };
  EXPECT_EQ(Write(neither).error().code(), Code::kInvalidArgument);
}

STETIG_ON_BOTH_STORES(AuditTest);

}  // namespace
}  // namespace stetig::journal
