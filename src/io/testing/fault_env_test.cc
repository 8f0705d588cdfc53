#include "io/testing/fault_env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace stetig::io {
namespace {

using testing::FaultEnv;

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// What every Env must do, on the system's files and on the double.
class EnvTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      std::string pattern = std::filesystem::temp_directory_path() / "stetig-env-XXXXXX";
      ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
      folder_ = pattern;
    } else {
      env_ = &fake_;
      folder_ = "/data";
      ASSERT_TRUE(env_->MakeFolders(folder_).ok());
    }
  }
  void TearDown() override {
    if (GetParam()) {
      std::filesystem::remove_all(folder_);
    }
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Content(const std::string& name) {
    return ReadFile(*env_, Path(name), 1 << 20).value_or("<none>");
  }

  FaultEnv fake_;
  Env* env_ = &Env::System();
  std::string folder_;
};

TEST_P(EnvTest, ReadsWhatWasWritten) {
  auto file = env_->Open(Path("f"), OpenMode::kCreateNew);
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->Append(Bytes("hello")).ok());
  EXPECT_TRUE((*file)->Append(Bytes(" world")).ok());
  EXPECT_TRUE((*file)->WriteAt(0, Bytes("J")).ok());
  EXPECT_EQ(*(*file)->Size(), 11u);
  EXPECT_EQ(Content("f"), "Jello world");
  EXPECT_TRUE((*file)->Truncate(5).ok());
  EXPECT_TRUE((*file)->WriteAt(7, Bytes("x")).ok());
  EXPECT_EQ(Content("f"), std::string("Jello\0\0x", 8));
  std::string four(4, '?');
  EXPECT_EQ(*(*file)->ReadAt(6, std::as_writable_bytes(std::span(four))), 2u);
  EXPECT_EQ(*(*file)->ReadAt(100, std::as_writable_bytes(std::span(four))), 0u);
  EXPECT_TRUE((*file)->Sync().ok());
  EXPECT_TRUE((*file)->SyncData().ok());
  EXPECT_TRUE((*file)->Close().ok());
  EXPECT_EQ((*file)->Append(Bytes("x")).code(), Code::kFailedPrecondition);
}

TEST_P(EnvTest, SaysWhyAPathCannotBeOpened) {
  EXPECT_EQ(env_->Open(Path("none"), OpenMode::kRead).error().code(), Code::kNotFound);
  EXPECT_EQ(env_->Open(Path("none/f"), OpenMode::kCreate).error().code(), Code::kNotFound);
  ASSERT_TRUE(env_->Open(Path("f"), OpenMode::kCreate));
  EXPECT_EQ(env_->Open(Path("f"), OpenMode::kCreateNew).error().code(), Code::kAlreadyExists);
  EXPECT_EQ(env_->Open(folder_, OpenMode::kRead).error().code(), Code::kFailedPrecondition);
  auto read_only = env_->Open(Path("f"), OpenMode::kRead);
  EXPECT_EQ((*read_only)->WriteAt(0, Bytes("x")).code(), Code::kFailedPrecondition);
  EXPECT_EQ(env_->Stat(Path("none")).error().code(), Code::kNotFound);
  EXPECT_FALSE(*Exists(*env_, Path("none")));
  EXPECT_TRUE(*Exists(*env_, Path("f")));
}

TEST_P(EnvTest, MakesListsAndRemovesFolders) {
  EXPECT_TRUE(env_->MakeFolders(Path("a/b/c")).ok());
  EXPECT_TRUE(env_->MakeFolders(Path("a/b/c")).ok());
  EXPECT_TRUE(WriteFileAtomically(*env_, Path("a/f"), "1").ok());
  EXPECT_TRUE(WriteFileAtomically(*env_, Path("a/f"), "2").ok());
  EXPECT_EQ(Content("a/f"), "2");
  std::vector<std::string> names;
  for (const auto& entry : *env_->List(Path("a"))) {
    names.push_back(entry.name + (entry.kind == FileInfo::Kind::kFolder ? "/" : ""));
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("b/", "f"));
  EXPECT_EQ(env_->RemoveFolder(Path("a")).code(), Code::kFailedPrecondition);
  EXPECT_TRUE(env_->RemoveFolder(Path("a/b/c")).ok());
  EXPECT_EQ(env_->MakeFolders(Path("a/f")).code(), Code::kFailedPrecondition);
  EXPECT_TRUE(env_->Rename(Path("a/f"), Path("a/g")).ok());
  EXPECT_EQ(env_->Remove(Path("a/f")).code(), Code::kNotFound);
  EXPECT_TRUE(env_->Remove(Path("a/g")).ok());
  EXPECT_GT(env_->FreeSpace(folder_)->available, 0u);
  EXPECT_EQ(ReadFile(*env_, Path("a/g"), 10).error().code(), Code::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(, EnvTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "System" : "Fault"; });

TEST(FaultEnv, FailsTheCallItWasToldTo) {
  FaultEnv env;
  auto file = *env.Open("f", OpenMode::kCreate);
  env.FailCall(1, ErrnoStatus(EIO, "write"));
  EXPECT_TRUE(file->Append(Bytes("a")).ok());
  EXPECT_EQ(file->Append(Bytes("b")).code(), Code::kUnavailable);
  EXPECT_TRUE(file->Append(Bytes("c")).ok());
  EXPECT_EQ(*ReadFile(env, "f", 10), "ac");
  env.LimitSpace(3);
  EXPECT_TRUE(file->Append(Bytes("d")).ok());
  EXPECT_EQ(file->Append(Bytes("e")).code(), Code::kResourceExhausted);
}

TEST(FaultEnv, APowerCutTakesWhatWasNotSynced) {
  FaultEnv env;
  ASSERT_TRUE(env.MakeFolders("d").ok());
  auto named = *env.Open("d/named", OpenMode::kCreate);
  ASSERT_TRUE(env.SyncFolder("d").ok());
  auto nameless = *env.Open("d/nameless", OpenMode::kCreate);
  ASSERT_TRUE(named->Append(Bytes("synced")).ok());
  ASSERT_TRUE(named->Sync().ok());
  ASSERT_TRUE(named->Append(Bytes(" and not")).ok());
  ASSERT_TRUE(nameless->Append(Bytes("x")).ok());
  ASSERT_TRUE(nameless->Sync().ok());
  env.PowerCut(std::nullopt);
  EXPECT_EQ(*ReadFile(env, "d/named", 100), "synced");
  EXPECT_FALSE(*Exists(env, "d/nameless"));
  EXPECT_EQ(named->Append(Bytes("late")).code(), Code::kUnavailable);
}

TEST(FaultEnv, APowerCutTearsTheLastWriteAtABlock) {
  std::set<size_t> sizes;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    FaultEnv env;
    auto file = *env.Open("f", OpenMode::kCreate);
    ASSERT_TRUE(env.SyncFolder(".").ok());
    ASSERT_TRUE(file->Append(Bytes(std::string(1300, 'x'))).ok());
    env.PowerCut(seed);
    sizes.insert(ReadFile(env, "f", 10'000)->size());
  }
  EXPECT_THAT(sizes, ::testing::ElementsAre(0, 512, 1024, 1300));
}

TEST(FaultEnv, AnAtomicWriteIsOldOrNewAfterAPowerCutAtAnyCall) {
  for (uint64_t stop = 0; stop < 8; ++stop) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      FaultEnv env;
      ASSERT_TRUE(WriteFileAtomically(env, "f", "old").ok());
      env.FailCall(stop, ErrnoStatus(EIO, "power"));
      const bool acknowledged = WriteFileAtomically(env, "f", "new").ok();
      env.PowerCut(seed);
      const std::string content = *ReadFile(env, "f", 10);
      EXPECT_TRUE(content == "new" || (content == "old" && !acknowledged))
          << stop << " " << seed << " " << content;
    }
  }
}

}  // namespace
}  // namespace stetig::io
