// A local store in a fresh folder, with blocking calls for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "blob/local/local_store.h"
#include "blob/store.h"
#include "io/file.h"
#include "io/pool.h"

namespace stetig::blob::testing {

/// Reproducible bytes that do not compress.
std::vector<std::byte> RandomBytes(size_t size, uint64_t seed);

/// Bytes by the generator that Xet's tests use (splitmix64).
std::vector<std::byte> SplitMixBytes(size_t size, uint64_t state);

/// A new empty folder, removed at the end.
class TempFolder {
 public:
  TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A fixed list of roots.
class SomeRoots final : public RootSource {
 public:
  explicit SomeRoots(std::vector<ManifestId> ids) : ids_(std::move(ids)) {}
  Task<std::vector<ManifestId>> Next() override { co_return std::exchange(ids_, {}); }

 private:
  std::vector<ManifestId> ids_;
};

/// Uploads in pieces of `piece` bytes. Blocking.
Result<FileRef> PutInto(Store& store, std::span<const std::byte> bytes, size_t piece = SIZE_MAX);
/// The whole file, read in pieces of `piece` bytes. Blocking.
Result<std::vector<std::byte>> GetFrom(Store& store, ManifestId id,
                                       size_t piece = size_t{256} << 10);
Result<SweepReport> SweepOnce(Store& store, std::vector<ManifestId> roots, SweepOptions options);

class LocalFixture : public ::testing::Test {
 protected:
  LocalFixture();
  /// Closes and opens the store, by default on the real file system.
  void Reopen(io::Env& env = io::Env::System());

  Result<FileRef> Put(std::span<const std::byte> bytes) { return PutInto(*store_, bytes); }
  std::vector<std::byte> Get(ManifestId id);
  SweepReport Sweep(std::vector<ManifestId> roots, SweepOptions options = {});
  /// Bytes of all packs on disk.
  uint64_t PackBytes() const;

  TempFolder folder_;
  FakeClock clock_;
  io::Pool pool_{{.name = "blob-test", .threads = 3}};
  std::unique_ptr<Store> store_;
};

}  // namespace stetig::blob::testing
