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
  memory.Remember("password", "x", kAda, kStart + seconds(60), memory.generation());
  auto found = memory.Find("password", "x", kStart + seconds(59));
  ASSERT_TRUE(found.principal.has_value());
  EXPECT_EQ(found.principal->user, "ada");
  found = memory.Find("password", "x", kStart + seconds(60));
  EXPECT_FALSE(found.principal.has_value());
  EXPECT_TRUE(found.familiar);
}

TEST(Memory, SeparatesKindsAndCredentials) {
  Memory memory;
  memory.Remember("password", "x", kAda, kStart + seconds(60), memory.generation());
  EXPECT_FALSE(memory.Find("token", "x", kStart).familiar);
  EXPECT_FALSE(memory.Find("password", "y", kStart).familiar);
}

TEST(Memory, ForgetsAllAtAChange) {
  Memory memory;
  memory.Remember("password", "x", kAda, kStart + seconds(60), memory.generation());
  memory.Forget();
  EXPECT_FALSE(memory.Find("password", "x", kStart).familiar);
}

TEST(Memory, TakesNoSuccessThatWasProvenBeforeAChange) {
  Memory memory;
  const uint64_t before = memory.generation();
  memory.Forget();  // the password is changed while the old one is being checked
  memory.Remember("password", "old", kAda, kStart + seconds(60), before);
  EXPECT_FALSE(memory.Find("password", "old", kStart).principal.has_value());
}

TEST(Memory, IsBounded) {
  Memory memory(/*capacity=*/3);
  for (const char* credential : {"a", "b", "c", "d"}) {
    memory.Remember("token", credential, kAda, kStart + seconds(10), memory.generation());
  }
  EXPECT_FALSE(memory.Find("token", "a", kStart).familiar);
  EXPECT_TRUE(memory.Find("token", "d", kStart).familiar);
}

}  // namespace
}  // namespace stetig::access::internal
