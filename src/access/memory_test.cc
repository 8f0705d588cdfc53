#include <gtest/gtest.h>

#include "access/internal/memory.h"

namespace stetig::access::internal {
namespace {

using std::chrono::seconds;

constexpr Memory::Clock::time_point kStart{};
const Principal kAda{.user = "ada", .role = Role::kAdmin};

TEST(Memory, KeepsASuccessForItsTimeAndFamiliarityLonger) {
  Memory memory;
  EXPECT_FALSE(memory.Find("password", "x", kStart).familiar);
  memory.Remember("password", "x", kAda, kStart + seconds(60), kStart + seconds(10),
                  memory.generation());
  auto found = memory.Find("password", "x", kStart + seconds(59));
  ASSERT_TRUE(found.principal.has_value());
  EXPECT_EQ(found.principal->user, "ada");
  found = memory.Find("password", "x", kStart + seconds(60));
  EXPECT_FALSE(found.principal.has_value());
  EXPECT_TRUE(found.familiar);
}

TEST(Memory, SeparatesKindsAndCredentials) {
  Memory memory;
  memory.Remember("password", "x", kAda, kStart + seconds(60), kStart + seconds(10),
                  memory.generation());
  EXPECT_FALSE(memory.Find("token", "x", kStart).familiar);
  EXPECT_FALSE(memory.Find("password", "y", kStart).familiar);
}

TEST(Memory, ForgetsAllAtAChange) {
  Memory memory;
  memory.Remember("password", "x", kAda, kStart + seconds(60), kStart + seconds(10),
                  memory.generation());
  memory.Forget();
  EXPECT_FALSE(memory.Find("password", "x", kStart).familiar);
}

TEST(Memory, TakesNoSuccessThatWasProvenBeforeAChange) {
  Memory memory;
  const uint64_t before = memory.generation();
  memory.Forget();  // the password is changed while the old one is being checked
  memory.Remember("password", "old", kAda, kStart + seconds(60), kStart + seconds(60), before);
  EXPECT_FALSE(memory.Find("password", "old", kStart).principal.has_value());
}

TEST(Memory, RightsAreReadAgainSoonerThanTheSuccessEnds) {
  Memory memory;
  memory.Remember("password", "x", kAda, kStart + seconds(60), kStart + seconds(10),
                  memory.generation());
  EXPECT_FALSE(memory.Find("password", "x", kStart + seconds(9)).stale);
  const auto found = memory.Find("password", "x", kStart + seconds(10));
  EXPECT_TRUE(found.stale);
  EXPECT_TRUE(found.principal.has_value());
  EXPECT_EQ(found.until, kStart + seconds(60));
}

TEST(Memory, ADoubtKeepsTheSuccessAndNotTheRights) {
  Memory memory;
  memory.Remember("password", "x", kAda, kStart + seconds(60), kStart + seconds(10),
                  memory.generation());
  const uint64_t before = memory.generation();
  memory.Doubt();
  EXPECT_TRUE(memory.Find("password", "x", kStart + seconds(1)).stale);
  EXPECT_TRUE(memory.Find("password", "x", kStart + seconds(1)).principal.has_value());
  // Rights that were read before the change are not remembered after it.
  memory.Remember("password", "x", kAda, kStart + seconds(60), kStart + seconds(10), before);
  EXPECT_TRUE(memory.Find("password", "x", kStart + seconds(1)).stale);
}

TEST(Memory, IsBoundedByWhatItsScopesHold) {
  Memory memory(/*capacity=*/100, /*max_ids=*/5);
  Scope scope;
  scope.projects.ids = {"a", "b", "c"};
  Principal wide = kAda;
  wide.scope = std::make_shared<const Scope>(scope);
  for (const char* credential : {"x", "y"}) {
    memory.Remember("token", credential, wide, kStart + seconds(10), kStart + seconds(10),
                    memory.generation());
  }
  EXPECT_FALSE(memory.Find("token", "x", kStart).familiar);
  EXPECT_TRUE(memory.Find("token", "y", kStart).familiar);
}

TEST(Memory, IsBounded) {
  Memory memory(/*capacity=*/3);
  for (const char* credential : {"a", "b", "c", "d"}) {
    memory.Remember("token", credential, kAda, kStart + seconds(10), kStart + seconds(10),
                    memory.generation());
  }
  EXPECT_FALSE(memory.Find("token", "a", kStart).familiar);
  EXPECT_TRUE(memory.Find("token", "d", kStart).familiar);
}

}  // namespace
}  // namespace stetig::access::internal
