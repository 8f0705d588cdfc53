// A process that is killed within a call, and a folder that turns read-only, over any other file
// system.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "io/file.h"

namespace stetig::blob::testing {

/// Thread-safe. `base` outlives it.
class HaltingEnv final : public io::Env {
 public:
  explicit HaltingEnv(io::Env& base) : base_(base) {}

  /// The `n`-th call from now (1 is the next) and all after it fail; a write among them may have
  /// written a half.
  void HaltAtCall(uint64_t n);
  /// From now on every call fails.
  void Halt();
  /// Calls work again. Files that were open before stay unusable.
  void Restart();
  bool halted() const;
  void SetReadOnly(bool read_only);
  /// Calls since construction.
  uint64_t calls() const;

  Result<std::unique_ptr<io::File>> Open(const std::string& path, io::OpenMode mode) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveFolder(const std::string& path) override;
  Status MakeFolders(const std::string& path) override;
  Status SyncFolder(const std::string& path) override;
  Result<std::vector<io::FolderEntry>> List(const std::string& path) override;
  Result<io::FileInfo> Stat(const std::string& path) override;
  Result<io::Space> FreeSpace(const std::string& path) override;

 private:
  class Handle;
  /// Counts a call of a file opened in `epoch`; the error if it is to fail.
  Status Enter(bool changes, uint64_t epoch);
  Status Enter(bool changes);

  io::Env& base_;
  mutable Mutex mutex_;
  uint64_t calls_ GUARDED_BY(mutex_) = 0;
  uint64_t halt_at_ GUARDED_BY(mutex_) = UINT64_MAX;
  uint64_t epoch_ GUARDED_BY(mutex_) = 0;
  bool read_only_ GUARDED_BY(mutex_) = false;
};

}  // namespace stetig::blob::testing
