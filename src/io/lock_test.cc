#include "io/lock.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace stetig::io {
namespace {

class FileLockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "stetig-lock-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(FileLockTest, SecondHolderIsToldWhoHoldsIt) {
  auto first = FileLock::Take(folder_ + "/lock");
  ASSERT_TRUE(first.has_value());
  auto second = FileLock::Take(folder_ + "/lock");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(second.error().message().ends_with(fmt::format("is held by process {}", getpid())));
}

TEST_F(FileLockTest, IsFreeAfterItsHolderWentAway) {
  {
    auto first = FileLock::Take(folder_ + "/lock");
  }
  EXPECT_TRUE(FileLock::Take(folder_ + "/lock").has_value());
}

TEST_F(FileLockTest, IsFreeAfterItsHolderWasKilled) {
  pid_t child = fork();
  if (child == 0) {
    auto lock = FileLock::Take(folder_ + "/lock");
    raise(SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(FileLock::Take(folder_ + "/lock").has_value());
}

TEST_F(FileLockTest, TellsItsHolderWithoutTakingIt) {
  const std::string path = folder_ + "/lock";
  auto nobody = FileLock::Holder(path);
  ASSERT_TRUE(nobody.has_value());
  EXPECT_EQ(*nobody, std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(path));
  {
    auto lock = FileLock::Take(path);
    ASSERT_TRUE(lock.has_value());
    auto holder = FileLock::Holder(path);
    ASSERT_TRUE(holder.has_value());
    EXPECT_EQ(*holder, std::to_string(getpid()));
  }
  EXPECT_EQ(*FileLock::Holder(path), std::nullopt);
}

TEST_F(FileLockTest, NoticesThatItsFolderIsGone) {
  const std::string path = folder_ + "/in/lock";
  std::filesystem::create_directory(folder_ + "/in");
  auto lock = FileLock::Take(path);
  ASSERT_TRUE(lock.has_value());
  EXPECT_TRUE(lock->StillAt(path));
  std::filesystem::remove_all(folder_ + "/in");
  EXPECT_FALSE(lock->StillAt(path));
  std::filesystem::create_directory(folder_ + "/in");
  auto other = FileLock::Take(path);
  EXPECT_TRUE(other.has_value());
  EXPECT_FALSE(lock->StillAt(path));
}

TEST_F(FileLockTest, MissingFolderIsNotFound) {
  auto lock = FileLock::Take(folder_ + "/no/lock");
  ASSERT_FALSE(lock.has_value());
  EXPECT_EQ(lock.error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace stetig::io
