#include "blob/local/index_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "blob/testing/fixture.h"
#include "io/testing/fault_env.h"

namespace stetig::blob {
namespace {

PlacedSource SourceOf(const std::vector<Placed>& records) {
  return [&records, at = size_t{0}]() mutable -> Result<std::optional<Placed>> {
    return at < records.size() ? std::optional(records[at++]) : std::nullopt;
  };
}

std::vector<Placed> SomeRecords(size_t count, uint64_t pack, uint64_t seed) {
  const std::vector<std::byte> ids = testing::RandomBytes(32 * count, seed);
  std::vector<Placed> records(count);
  for (size_t i = 0; i < count; ++i) {
    std::copy_n(ids.begin() + static_cast<std::ptrdiff_t>(32 * i), 32,
                records[i].record.id.begin());
    records[i].record.offset = static_cast<uint32_t>(i);
    records[i].record.raw_length = records[i].record.stored_length = 100;
    records[i].pack = pack;
  }
  std::ranges::sort(records, [](const Placed& a, const Placed& b) { return a < b; });
  return records;
}

class IndexRunTest : public ::testing::Test {
 protected:
  IndexRunTest() { EXPECT_TRUE(env_.MakeFolders("/i").ok()); }

  Result<std::shared_ptr<const IndexRun>> Write(const std::vector<std::vector<Placed>>& lists) {
    std::vector<PlacedSource> sources;
    std::vector<uint64_t> packs;
    for (const std::vector<Placed>& list : lists) {
      sources.push_back(SourceOf(list));
      packs.push_back(list.empty() ? 99 : list.front().pack);
    }
    return IndexRun::Write(env_, "/i", 1, packs, std::move(sources),
                           [](uint64_t pack) { return pack != 13; });
  }

  io::testing::FaultEnv env_;
};

TEST_F(IndexRunTest, FindsEveryRecordOfEverySourceAndNoOther) {
  for (const size_t count :
       {size_t{0}, size_t{1}, size_t{72}, size_t{73}, size_t{74}, size_t{5000}}) {
    const std::vector<Placed> one = SomeRecords(count, 1, 10);
    const std::vector<Placed> two = SomeRecords(count / 2, 2, 20);
    const std::vector<Placed> gone = SomeRecords(30, 13, 30);
    const std::shared_ptr<const IndexRun> run = Write({one, two, gone}).value();
    EXPECT_EQ(run->count(), one.size() + two.size());
    for (const std::vector<Placed>* list : {&one, &two}) {
      for (const Placed& placed : *list) {
        const std::vector<Placed> found = run->Find(placed.record.id).value();
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].record, placed.record);
        EXPECT_EQ(found[0].pack, placed.pack);
      }
    }
    for (const Placed& placed : gone) {
      EXPECT_TRUE(run->Find(placed.record.id).value().empty());
    }
    EXPECT_TRUE(run->Find(Hash256{}).value().empty());
  }
}

TEST_F(IndexRunTest, CopiesInSeveralPacksAreAllFoundAcrossBlocks) {
  std::vector<std::vector<Placed>> lists;
  for (uint64_t pack = 100; pack < 300; ++pack) {
    lists.push_back(SomeRecords(2, pack, 5));
  }
  const std::shared_ptr<const IndexRun> run = Write(lists).value();
  EXPECT_EQ(run->Find(lists[0][0].record.id).value().size(), 200U);
  EXPECT_EQ(run->Find(lists[0][1].record.id).value().size(), 200U);
}

TEST_F(IndexRunTest, ScansInOrderAndSurvivesReopening) {
  const std::vector<Placed> records = SomeRecords(1000, 7, 3);
  ASSERT_TRUE(Write({records}).has_value());
  const std::shared_ptr<const IndexRun> run = IndexRun::Open(env_, "/i", 1).value();
  PlacedSource scan = run->Scan();
  for (const Placed& expected : records) {
    const std::optional<Placed> placed = scan().value();
    ASSERT_TRUE(placed.has_value());
    EXPECT_EQ(placed->record, expected.record);
  }
  EXPECT_FALSE(scan().value().has_value());
}

TEST_F(IndexRunTest, AnyFlippedByteIsFound) {
  const std::vector<Placed> records = SomeRecords(150, 7, 3);
  ASSERT_TRUE(Write({records}).has_value());
  const uint64_t size = env_.Stat("/i/0000000000000001.run")->size;
  for (uint64_t at = 0; at < size; at += 3) {
    env_.FlipBit("/i/0000000000000001.run", 8 * at);
    const Result<std::shared_ptr<const IndexRun>> run = IndexRun::Open(env_, "/i", 1);
    bool found = !run.has_value();
    for (size_t i = 0; i < records.size() && !found; ++i) {
      found = !(*run)->Find(records[i].record.id).has_value();
    }
    EXPECT_TRUE(found) << "byte " << at;
    env_.FlipBit("/i/0000000000000001.run", 8 * at);
  }
}

}  // namespace
}  // namespace stetig::blob
