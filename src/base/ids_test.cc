#include "base/ids.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/text.h"

namespace stetig {
namespace {

struct RunTag {};
using RunId = Id<RunTag>;

TEST(Ids, AreValues) {
  RunId a("a");
  EXPECT_LT(a, RunId("b"));
  EXPECT_TRUE(RunId().empty());
  EXPECT_EQ(fmt::format("run {}", a), "run a");
  EXPECT_TRUE((std::unordered_set<RunId>{a}.contains(RunId("a"))));
}

/// All bytes the same.
class ConstantRandom final : public Random {
 public:
  explicit ConstantRandom(uint8_t byte) : byte_(byte) {}
  void Fill(std::span<std::byte> into) override { std::ranges::fill(into, std::byte{byte_}); }

 private:
  uint8_t byte_;
};

TEST(Ulid, CarriesItsTimeInTheFirstTenCharacters) {
  ConstantRandom zero(0);
  // The example of the ULID specification: 1469918176385 is 01ARYZ6S41.
  EXPECT_EQ(UlidGenerator(zero).Next({1'469'918'176'385}), "01ARYZ6S410000000000000000");
  EXPECT_EQ(UlidGenerator(zero).Next({-5}), "00000000000000000000000001");
  ConstantRandom ones(0xFF);
  // The top one of the 80 random bits stays free for counting up.
  EXPECT_EQ(UlidGenerator(ones).Next({281'474'976'710'655}), "7ZZZZZZZZZFZZZZZZZZZZZZZZZ");
}

TEST(Ulid, GrowsWithinAMillisecondAndWhenTheClockStepsBack) {
  SeededRandom random(7);
  UlidGenerator generator(random);
  std::string last = generator.Next({1000});
  for (int64_t ms : {1000, 1000, 999, 5, 1001, 1001, 2000, 1}) {
    std::string next = generator.Next({ms});
    EXPECT_GT(next, last);
    EXPECT_TRUE(IsUlid(next));
    last = next;
  }
}

TEST(Ulid, IsUniqueAcrossThreads) {
  std::array<std::vector<std::string>, 4> made;
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < 5000; ++i) {
        mine.push_back(NewUlid({1'700'000'000'000}));
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  std::set<std::string> all;
  for (auto& mine : made) {
    EXPECT_TRUE(std::ranges::is_sorted(mine));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 20'000u);
}

TEST(Ulid, RefusesOtherTexts) {
  EXPECT_TRUE(IsUlid("01ARYZ6S41TSV4RRFFQ69G5FAV"));
  for (const char* bad :
       {"", "01ARYZ6S41TSV4RRFFQ69G5FA", "81ARYZ6S41TSV4RRFFQ69G5FAV", "01aryz6s41tsv4rrffq69g5fav",
        "01ARYZ6S41TSV4RRFFQ69G5FAU", "01ARYZ6S41TSV4RRFFQ69G5FAVV"}) {
    EXPECT_FALSE(IsUlid(bad)) << bad;
  }
}

TEST(Ids, HaveMlflowsForms) {
  const WallTime now{1'645'557'742'000};  // of the example in RFC 9562, appendix A.6
  std::string run = NewUuidHex(now);
  ASSERT_EQ(run.size(), 32u);
  EXPECT_EQ(run, AsciiLower(run));
  EXPECT_TRUE(HexDecode(run).has_value());
  EXPECT_EQ(run.substr(0, 13), "017f22e279b07");
  EXPECT_LT(run, NewUuidHex({now.ms + 1}));
  EXPECT_TRUE(std::string_view("89ab").contains(run[16]));
  EXPECT_TRUE(NewLoggedModelId(now).starts_with("m-"));
  EXPECT_EQ(NewLoggedModelId(now).size(), 34u);
  EXPECT_EQ(NewTokenSecret().size(), 43u);
  EXPECT_EQ(Base64UrlDecode(NewTokenSecret())->size(), 32u);
  SeededRandom a(1);
  SeededRandom b(1);
  EXPECT_EQ(NewUuidHex(now, a), NewUuidHex(now, b));
  EXPECT_NE(NewUuidHex(now, a), NewUuidHex(now));
}

TEST(Random, GivesAForkOtherBytesThanItsParent) {
  std::ignore = NewUuidHex({0});  // fills the buffer
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::string id = NewUuidHex({0});
    _exit(write(ends[1], id.data(), id.size()) == 32 ? 0 : 1);
  }
  std::string mine = NewUuidHex({0});
  std::string theirs(32, '\0');
  ASSERT_EQ(read(ends[0], theirs.data(), theirs.size()), 32);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(mine, theirs);
  close(ends[0]);
  close(ends[1]);
}

TEST(Random, FillsLargeAndManySmallBuffers) {
  std::vector<std::byte> large(100'000);
  Random::System().Fill(large);
  std::array<size_t, 256> counts{};
  for (std::byte b : large) {
    ++counts.at(static_cast<size_t>(b));
  }
  // 390.6 expected each; 8 standard deviations.
  EXPECT_TRUE(std::ranges::all_of(counts, [](size_t n) { return n > 230 && n < 550; }));
  std::set<std::string> tokens;
  for (int i = 0; i < 1000; ++i) {
    tokens.insert(NewTokenSecret());
  }
  EXPECT_EQ(tokens.size(), 1000u);
}

}  // namespace
}  // namespace stetig
