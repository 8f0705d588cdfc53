// Files and folders behind one interface, so that tests can refuse calls, lose unsynced writes and
// tear blocks (io/testing/fault_env.h). Everything here blocks: call it on a pool.
//
// Codes of every function: kNotFound (path does not exist), kAlreadyExists, kPermissionDenied
// (also: read-only file system), kResourceExhausted (disk, quota or descriptors full),
// kFailedPrecondition (wrong kind of path, folder not empty), kUnavailable (other input/output
// errors). Messages name the call and the errno, never the path's parent folders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace stetig::io {

/// One open file. Reads and writes at an offset are thread-safe; Append and Close need one caller
/// at a time. Closed by the destructor.
class File {
 public:
  virtual ~File() = default;
  /// Bytes read; fewer than asked for only at the end of the file.
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> into) = 0;
  /// Writes all of `bytes`. After an error the range holds old, new or mixed bytes.
  virtual Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) = 0;
  /// Writes all of `bytes` at the end.
  virtual Status Append(std::span<const std::byte> bytes) = 0;
  /// Data and metadata are on the medium (fsync). After an error nothing may be assumed: reopen and
  /// recover.
  virtual Status Sync() = 0;
  /// Data and the size are on the medium (fdatasync).
  virtual Status SyncData() = 0;
  virtual Status Truncate(uint64_t size) = 0;
  virtual Result<uint64_t> Size() = 0;
  /// Closes early, to see the error. Later calls fail with kFailedPrecondition.
  virtual Status Close() = 0;
  /// The descriptor for sendfile and the like; -1 when there is none (test doubles).
  virtual int descriptor() const { return -1; }
};

enum class OpenMode : unsigned char {
  kRead,            ///< must exist
  kReadWrite,       ///< must exist
  kCreate,          ///< read and write; made when missing
  kCreateNew,       ///< read and write; kAlreadyExists when there
  kCreateTruncate,  ///< read and write; emptied when there
};

struct FileInfo {
  enum class Kind : unsigned char { kFile, kFolder, kLink, kOther };
  Kind kind = Kind::kOther;
  uint64_t size = 0;
  WallTime modified;
};

struct FolderEntry {
  std::string name;
  FileInfo::Kind kind = FileInfo::Kind::kOther;
};

struct Space {
  uint64_t total = 0;
  uint64_t available = 0;  ///< for this user
};

/// Where files live. Thread-safe. New names last through a power cut only after SyncFolder on their
/// folder.
class Env {
 public:
  virtual ~Env() = default;
  /// The operating system's; lives for ever. New files get mode 0600, folders 0700.
  static Env& System();

  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  /// Replaces `to` when it is there; atomic.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  /// A file or link.
  virtual Status Remove(const std::string& path) = 0;
  /// kFailedPrecondition: not empty.
  virtual Status RemoveFolder(const std::string& path) = 0;
  /// The folder and its missing parents; OK when it is there. New parents are synced.
  virtual Status MakeFolders(const std::string& path) = 0;
  virtual Status SyncFolder(const std::string& path) = 0;
  /// In no order, without "." and "..".
  virtual Result<std::vector<FolderEntry>> List(const std::string& path) = 0;
  /// Does not follow a link at the end of `path`.
  virtual Result<FileInfo> Stat(const std::string& path) = 0;
  virtual Result<Space> FreeSpace(const std::string& path) = 0;
};

/// True when `path` is there; any other error than kNotFound is passed on.
Result<bool> Exists(Env& env, const std::string& path);
/// The whole file. kResourceExhausted: larger than `limit`.
Result<std::string> ReadFile(Env& env, const std::string& path, size_t limit);
/// Replaces `path` so that a reader or a power cut sees the old or the new content: temporary file,
/// sync, rename, sync folder.
Status WriteFileAtomically(Env& env, const std::string& path, std::string_view content);
/// The folder part of a path; "." when there is none.
std::string FolderOf(const std::string& path);

/// Status from an errno: code by meaning, message "what: text"; detail::kDiskFull where there is
/// no room for more bytes.
Status ErrnoStatus(int error, std::string_view what);

}  // namespace stetig::io
