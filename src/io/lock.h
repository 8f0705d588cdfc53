// One process at a time: an advisory lock on a file, freed by the kernel when its holder ends,
// however it ends.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace stetig::io {

/// Holds the lock while it lives. Movable.
class FileLock {
 public:
  /// Takes the lock on `path`, which is made if missing, and writes this process's id into it.
  /// `name`: what messages call the thing that is locked, where they must not show a path.
  /// Tries for kPatience, so that a look by Holder() is no reason to fail. kFailedPrecondition:
  /// held by another process, whose id the message names (detail::kLocked). kPermissionDenied,
  /// kNotFound (no such folder), kUnavailable: the file cannot be opened.
  static Result<FileLock> Take(const std::string& path, std::string_view name = {});
  static constexpr std::chrono::milliseconds kPatience{50};
  /// The id of the process that holds the lock on `path` ("" when it is not told); nothing when
  /// nobody does or there is no such file. Codes of Take for a file that cannot be opened.
  static Result<std::optional<std::string>> Holder(const std::string& path);
  /// Whether `path`, as given to Take, still names the locked file. False: somebody removed or
  /// replaced it, most likely with the folder it lay in.
  bool StillAt(const std::string& path) const;
  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace stetig::io
