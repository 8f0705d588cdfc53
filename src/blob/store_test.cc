// The store as its callers see it, on the real file system.
#include "blob/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "blob/gear.h"
#include "blob/manifest.h"
#include "blob/testing/fixture.h"
#include "blob/testing/xet_vectors.h"
#include "io/loop.h"

namespace stetig::blob {
namespace {

using testing::GetFrom;
using testing::LocalFixture;
using testing::PutInto;
using testing::RandomBytes;

constexpr size_t kMiB = size_t{1} << 20;

Sha256Digest Sha256Of(std::span<const std::byte> bytes) {
  return Sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// Cuts come right behind the minimum, so that a few megabytes make thousands of different chunks.
std::vector<std::byte> ManySmallChunks(size_t size) {
  std::vector<std::byte> bytes;
  bytes.reserve(size);
  for (uint64_t i = 0; bytes.size() < size; ++i) {
    for (const uint8_t b : testing::kCuttingPattern) {
      bytes.push_back(std::byte{b});
    }
    for (int shift = 0; shift < 64; shift += 8) {  // each repetition differs
      bytes.push_back(static_cast<std::byte>(i >> shift));
    }
  }
  bytes.resize(size);
  return bytes;
}

class StoreTest : public LocalFixture {
 protected:
  Result<FileRef> Stat(ManifestId id) {
    return io::RunSync(store_->Stat(id, After(std::chrono::seconds(10))));
  }
  VerifyReport Verify() { return io::RunSync(store_->Verify(/*deep=*/true)).value(); }
};

TEST_F(StoreTest, GivesBackWhatWasPutInAcrossSizes) {
  for (const size_t size : {size_t{0}, size_t{1}, kMinChunk, size_t{65536}, kMaxChunk + 1, kMiB - 1,
                            kMiB, kMiB + 1, size_t{5'000'001}}) {
    const std::vector<std::byte> bytes = RandomBytes(size, size);
    const Result<FileRef> put = Put(bytes);
    ASSERT_TRUE(put.has_value()) << put.error().ToString();
    EXPECT_EQ(put->size, size);
    EXPECT_EQ(put->sha256, Sha256Of(bytes));
    EXPECT_EQ(Get(put->id), bytes) << size;
    EXPECT_EQ(Stat(put->id).value(), *put);
  }
  EXPECT_TRUE(Verify().problems.empty());
}

TEST_F(StoreTest, NamesDependOnTheBytesAloneNotOnTheirArrival) {
  const std::vector<std::byte> bytes = RandomBytes(3 * kMiB + 17, 5);
  const FileRef whole = PutInto(*store_, bytes).value();
  EXPECT_EQ(PutInto(*store_, bytes, 1000).value(), whole);
  EXPECT_EQ(PutInto(*store_, bytes, kMiB).value(), whole);
  EXPECT_EQ(PutInto(*store_, bytes, 65537).value(), whole);
}

TEST_F(StoreTest, TheXetHashIsTheOneThatXetGives) {
  // splitmix64 from 0, 1,000,000 bytes; hash by the crate xet-core-structures 1.8.0.
  std::vector<std::byte> bytes = testing::SplitMixBytes(1'000'000, 0);
  EXPECT_EQ(ToHex(Put(bytes).value().xet_hash),
            "010e4ad6d7b2173dbd169a2da517671bdf8afa43b7053f2c896dabaf5dd7a752");
}

TEST_F(StoreTest, TheSameBytesAreStoredOnce) {
  const std::vector<std::byte> bytes = RandomBytes(4 * kMiB, 1);
  const FileRef first = Put(bytes).value();
  const uint64_t once = PackBytes();
  EXPECT_EQ(Put(bytes).value(), first);
  EXPECT_EQ(PackBytes(), once);
  std::vector<std::byte> edited = bytes;
  edited[2 * kMiB] ^= std::byte{1};
  EXPECT_NE(Put(edited).value().id, first.id);
  EXPECT_LT(PackBytes(), once + 2 * kMaxChunk + 8192);
}

TEST_F(StoreTest, CompressibleBytesTakeLessRoomAndOthersHardlyMore) {
  const std::vector<std::byte> noise = RandomBytes(4 * kMiB, 2);
  ASSERT_TRUE(Put(noise).has_value());
  EXPECT_LT(PackBytes(), noise.size() * 1005 / 1000);
  const uint64_t before = PackBytes();
  std::vector<std::byte> text(4 * kMiB);
  for (size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<std::byte>("0123456789 "[(i * i / 1000) % 11]);
  }
  const FileRef put = Put(text).value();
  EXPECT_LT(PackBytes() - before, text.size() / 2);
  EXPECT_EQ(Get(put.id), text);
}

TEST_F(StoreTest, FilesOfManyChunksUseSegments) {
  const std::vector<std::byte> bytes = ManySmallChunks(2 * kChunksPerList * 8500);
  const FileRef put = Put(bytes).value();
  EXPECT_EQ(put.sha256, Sha256Of(bytes));
  EXPECT_TRUE(Get(put.id) == bytes);
  Reopen();
  EXPECT_TRUE(Get(put.id) == bytes);
}

Task<> ReadRanges(Store* store, ManifestId id, const std::vector<std::byte>* bytes) {
  auto opened = co_await store->Open(id, After(std::chrono::seconds(10)));
  ASSIGN_OR_CO_RETURN(std::unique_ptr<Reader> reader, std::move(opened));
  std::vector<std::byte> into(70'000);
  for (uint64_t i = 0; i < 200; ++i) {
    const uint64_t offset = i * 2654435761 % bytes->size();
    const size_t size = std::min<uint64_t>(1 + i * 997 % into.size(), bytes->size() - offset);
    auto read = co_await reader->Read(offset, std::span(into).first(size));
    ASSIGN_OR_CO_RETURN(const size_t got, std::move(read));
    EXPECT_GT(got, 0U);
    EXPECT_TRUE(std::equal(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(got),
                           bytes->begin() + static_cast<std::ptrdiff_t>(offset)));
  }
  auto behind = co_await reader->Read(bytes->size(), into);
  EXPECT_EQ(behind.value(), 0U);
  co_return OkStatus();
}

TEST_F(StoreTest, RangesAreReadFromAnywhere) {
  const std::vector<std::byte> bytes = RandomBytes(6 * kMiB, 3);
  const FileRef put = Put(bytes).value();
  EXPECT_TRUE(io::RunSync(ReadRanges(store_.get(), put.id, &bytes)).ok());
}

TEST_F(StoreTest, UnknownNamesAreNotFound) {
  EXPECT_EQ(Stat(ManifestId{}).error().code(), Code::kNotFound);
  EXPECT_EQ(GetFrom(*store_, ManifestId{}).error().code(), Code::kNotFound);
  // A chunk's id is no file name, even when the chunk's bytes are those of a manifest.
  const std::vector<std::byte> fake = EncodeManifest(Manifest{});
  ASSERT_TRUE(Put(fake).has_value());
  EXPECT_EQ(Stat(ManifestId{HashOf(Kind::kChunk, fake)}).error().code(), Code::kNotFound);
}

TEST_F(StoreTest, FilesAreThereAfterReopeningAndPacksGrowOn) {
  std::vector<FileRef> files;
  for (uint64_t i = 0; i < 5; ++i) {
    files.push_back(Put(RandomBytes(100'000, i)).value());
    Reopen();
  }
  for (uint64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(Get(files[i].id), RandomBytes(100'000, i));
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path() + "/packs"), {}), 1);
  EXPECT_TRUE(Verify().problems.empty());
}

TEST_F(StoreTest, ManyUploadsAtOnceGiveTheNamesOfOneAfterTheOther) {
  std::vector<std::thread> threads;
  std::vector<FileRef> files(8);
  for (size_t i = 0; i < files.size(); ++i) {
    threads.emplace_back(
        [&, i] { files[i] = PutInto(*store_, RandomBytes(2 * kMiB + i, i / 2), 100'000).value(); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(files[i], Put(RandomBytes(2 * kMiB + i, i / 2)).value());
  }
  EXPECT_TRUE(Verify().problems.empty());
}

TEST_F(StoreTest, AFlippedByteIsAnErrorAndNeverAnAnswer) {
  const std::vector<std::byte> bytes = RandomBytes(300'000, 9);
  const FileRef put = Put(bytes).value();
  store_.reset();
  const std::filesystem::path pack =
      std::filesystem::directory_iterator(folder_.path() + "/packs")->path();
  const auto size = std::filesystem::file_size(pack);
  for (uint64_t at = 40; at < size; at += size / 40) {
    std::fstream file(pack, std::ios::in | std::ios::out | std::ios::binary);
    const auto flip = [&] {
      file.seekg(static_cast<std::streamoff>(at));
      const char value = static_cast<char>(file.get() ^ 0x20);
      file.seekp(static_cast<std::streamoff>(at));
      file.put(value).flush();
    };
    Reopen();
    flip();
    const Result<std::vector<std::byte>> read = GetFrom(*store_, put.id);
    if (read) {
      EXPECT_TRUE(*read == bytes) << "byte " << at;
    } else {
      EXPECT_EQ(read.error().code(), Code::kDataLoss) << read.error().ToString();
    }
    const bool in_payload = at + 4096 < size;
    EXPECT_TRUE(!in_payload || !Verify().problems.empty()) << "byte " << at;
    flip();
  }
}

Task<Deadline> SecondUploadWaits(Store* store) {
  auto first = co_await store->Create(std::nullopt, Deadline::max());
  ASSIGN_OR_CO_RETURN(std::unique_ptr<Writer> holder, std::move(first));
  auto second = co_await store->Create(std::nullopt, After(std::chrono::milliseconds(20)));
  EXPECT_EQ(second.error().code(), Code::kDeadlineExceeded);
  holder.reset();
  auto third = co_await store->Create(std::nullopt, After(std::chrono::seconds(10)));
  CO_TRY(std::move(third));
  co_return std::chrono::steady_clock::now();
}

TEST_F(StoreTest, TransfersWaitForTheirShareOfTheMemory) {
  store_.reset();
  store_ = OpenLocal({.folder = folder_.path(),
                      .env = &io::Env::System(),
                      .pool = &pool_,
                      .clock = &clock_,
                      .transfer_bytes = 3 * kMiB})
               .value();
  EXPECT_TRUE(io::RunSync(SecondUploadWaits(store_.get())).has_value());
}

TEST_F(StoreTest, AStoppedPoolFailsUploadsAndLeavesTheRest) {
  const FileRef put = Put(RandomBytes(10'000, 1)).value();
  pool_.Stop();
  EXPECT_EQ(Put(RandomBytes(10'000, 2)).error().code(), Code::kUnavailable);
  EXPECT_EQ(GetFrom(*store_, put.id).error().code(), Code::kUnavailable);
}

TEST_F(StoreTest, HundredsOfPacksAreIndexedInFewRuns) {
  store_.reset();
  const auto open = [&] {
    store_ = OpenLocal({.folder = folder_.path(),
                        .env = &io::Env::System(),
                        .pool = &pool_,
                        .clock = &clock_,
                        .pack_bytes = 4096})
                 .value();
  };
  open();
  std::vector<FileRef> files;
  for (uint64_t i = 0; i < 40; ++i) {  // each upload seals several packs
    files.push_back(Put(RandomBytes(2 * kMiB + 1, i)).value());
  }
  const auto runs = [&] {
    return std::distance(std::filesystem::directory_iterator(folder_.path() + "/index"), {});
  };
  EXPECT_GT(std::distance(std::filesystem::directory_iterator(folder_.path() + "/packs"), {}), 60);
  EXPECT_GE(runs(), 1);
  EXPECT_LE(runs(), 6);
  store_.reset();
  open();
  for (uint64_t i = 0; i < files.size(); ++i) {
    ASSERT_EQ(Put(RandomBytes(2 * kMiB + 1, i)).value(), files[i]);
  }
  // The runs are a cache.
  store_.reset();
  std::filesystem::remove_all(folder_.path() + "/index");
  open();
  EXPECT_TRUE(Get(files[7].id) == RandomBytes(2 * kMiB + 1, 7));
}

}  // namespace
}  // namespace stetig::blob
