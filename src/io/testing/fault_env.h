// Files in memory that fail when told to and forget what was not synced: the power cut of the
// tests.
//
// Model. A write lives in the page cache until Sync or SyncData of its file; a name lives in memory
// until SyncFolder of its folder (fsync of a file does not make its name durable). PowerCut() keeps
// what is durable and, seeded, some of what is not: any subset of the unsynced writes may have
// reached the medium, the last of them torn at a 512-byte block.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "io/file.h"

namespace stetig::io::testing {

/// Thread-safe. Paths are absolute or relative text; "." is the root. Open files survive Remove, as
/// on Linux, but not PowerCut: their calls then fail with kUnavailable.
class FaultEnv final : public Env {
 public:
  FaultEnv();

  /// The n-th call from now that changes or syncs something (0 is the next one) fails with `error`;
  /// reads never count. Once.
  void FailCall(uint64_t n, Status error);
  /// Calls so far that change or sync something.
  uint64_t calls() const;
  /// Every further write that would make files larger than `bytes` together fails with
  /// kResourceExhausted.
  void LimitSpace(uint64_t bytes);
  /// Loses what was not durable, as the seed decides. Nothing: loses all of it.
  void PowerCut(std::optional<uint64_t> seed);
  /// Flips one bit of a file, cached and durable.
  void FlipBit(const std::string& path, uint64_t bit);

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveFolder(const std::string& path) override;
  Status MakeFolders(const std::string& path) override;
  Status SyncFolder(const std::string& path) override;
  Result<std::vector<FolderEntry>> List(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<Space> FreeSpace(const std::string& path) override;

 private:
  friend class FaultFile;

  /// A write or a truncation that no sync has covered.
  struct Change {
    uint64_t at = 0;
    std::string bytes;
    bool truncate = false;
  };
  struct Node {
    std::string cached;
    std::string durable;
    std::vector<Change> unsynced;
  };
  using NodePtr = std::shared_ptr<Node>;
  /// Names and what they stand for; a null node is a folder.
  using Names = std::map<std::string, NodePtr>;

  static void Apply(std::string& content, const Change& change);
  Status Count() REQUIRES(mutex_);
  Status CheckSpace(uint64_t more) REQUIRES(mutex_);
  Status Write(Node& node, uint64_t epoch, uint64_t at, std::span<const std::byte> bytes);
  Status Truncate(Node& node, uint64_t epoch, uint64_t size);
  Status Sync(Node& node, uint64_t epoch);
  Status CheckEpoch(uint64_t epoch) const REQUIRES(mutex_);
  bool IsFolder(const std::string& path) const REQUIRES(mutex_);

  mutable Mutex mutex_;
  Names names_ GUARDED_BY(mutex_);
  Names durable_names_ GUARDED_BY(mutex_);
  uint64_t calls_ GUARDED_BY(mutex_) = 0;
  uint64_t epoch_ GUARDED_BY(mutex_) = 0;
  uint64_t space_ GUARDED_BY(mutex_) = UINT64_MAX;
  std::map<uint64_t, Status> failures_ GUARDED_BY(mutex_);
};

}  // namespace stetig::io::testing
