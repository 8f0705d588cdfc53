// The operating system's files.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "io/file.h"

namespace stetig::io {
namespace {

template <class Call>
auto Retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) {
    result = call();
  }
  return result;
}

class PosixFile final : public File {
 public:
  explicit PosixFile(int fd) : fd_(fd) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> into) override {
    size_t got = 0;
    while (got < into.size()) {
      ssize_t n = Retry([&] {
        return ::pread(fd_, into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
      });
      if (n < 0) {
        return Err(ErrnoStatus(errno, "read"));
      }
      if (n == 0) {
        break;
      }
      got += static_cast<size_t>(n);
    }
    return got;
  }

  Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      ssize_t n = Retry(
          [&] { return ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (n < 0) {
        return ErrnoStatus(errno, "write");
      }
      offset += static_cast<uint64_t>(n);
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
    return OkStatus();
  }

  Status Append(std::span<const std::byte> bytes) override {
    ASSIGN_OR_RETURN(uint64_t size, Size());
    return WriteAt(size, bytes);
  }

  Status Sync() override {
    return Check(Retry([&] { return ::fsync(fd_); }), "fsync");
  }
  Status SyncData() override {
    return Check(Retry([&] { return ::fdatasync(fd_); }), "fdatasync");
  }
  Status Truncate(uint64_t size) override {
    return Check(Retry([&] { return ::ftruncate(fd_, static_cast<off_t>(size)); }), "truncate");
  }

  Result<uint64_t> Size() override {
    struct stat st = {};
    if (::fstat(fd_, &st) != 0) {
      return Err(ErrnoStatus(errno, "stat"));
    }
    return static_cast<uint64_t>(st.st_size);
  }

  Status Close() override {
    int fd = std::exchange(fd_, -1);
    // On Linux the descriptor is gone whatever close() says; EINTR is no error.
    if (::close(fd) != 0 && errno != EINTR) {
      return ErrnoStatus(errno, "close");
    }
    return OkStatus();
  }

  int descriptor() const override { return fd_; }

 private:
  static Status Check(int result, std::string_view what) {
    return result == 0 ? OkStatus() : ErrnoStatus(errno, what);
  }

  int fd_;
};

FileInfo::Kind KindOf(mode_t mode) {
  if (S_ISREG(mode)) {
    return FileInfo::Kind::kFile;
  }
  if (S_ISDIR(mode)) {
    return FileInfo::Kind::kFolder;
  }
  return S_ISLNK(mode) ? FileInfo::Kind::kLink : FileInfo::Kind::kOther;
}

int OpenFlags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT;
    case OpenMode::kCreateNew:
      return O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::kCreateTruncate:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

class PosixEnv final : public Env {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    int fd = Retry([&] { return ::open(path.c_str(), OpenFlags(mode) | O_CLOEXEC, 0600); });
    if (fd < 0) {
      return Err(ErrnoStatus(errno, "open"));
    }
    std::unique_ptr<File> file = std::make_unique<PosixFile>(fd);
    struct stat st = {};
    if (::fstat(fd, &st) != 0) {
      return Err(ErrnoStatus(errno, "stat"));
    }
    if (S_ISDIR(st.st_mode)) {
      return Err(ErrnoStatus(EISDIR, "open"));
    }
    return file;
  }

  Status Rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? OkStatus() : ErrnoStatus(errno, "rename");
  }
  Status Remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? OkStatus() : ErrnoStatus(errno, "remove");
  }
  Status RemoveFolder(const std::string& path) override {
    return ::rmdir(path.c_str()) == 0 ? OkStatus() : ErrnoStatus(errno, "remove folder");
  }

  Status MakeFolders(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) == 0) {
      return SyncFolder(FolderOf(path));
    }
    if (errno == EEXIST) {
      struct stat st = {};
      if (::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) {
        return OkStatus();
      }
      return ErrnoStatus(ENOTDIR, "make folder");
    }
    if (errno != ENOENT || FolderOf(path) == path) {
      return ErrnoStatus(errno, "make folder");
    }
    TRY(MakeFolders(FolderOf(path)));
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      return ErrnoStatus(errno, "make folder");
    }
    return SyncFolder(FolderOf(path));
  }

  Status SyncFolder(const std::string& path) override {
    int fd = Retry([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (fd < 0) {
      return ErrnoStatus(errno, "open folder");
    }
    PosixFile folder(fd);
    return folder.Sync();
  }

  Result<std::vector<FolderEntry>> List(const std::string& path) override {
    std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), &::closedir);
    if (dir == nullptr) {
      return Err(ErrnoStatus(errno, "open folder"));
    }
    std::vector<FolderEntry> entries;
    for (;;) {
      errno = 0;
      dirent* entry =
          ::readdir(dir.get());  // NOLINT(concurrency-mt-unsafe): one stream, one thread
      if (entry == nullptr) {
        break;
      }
      std::string name = entry->d_name;
      if (name == "." || name == "..") {
        continue;
      }
      struct stat st = {};
      if (::fstatat(::dirfd(dir.get()), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) {
        entries.push_back({std::move(name), KindOf(st.st_mode)});
      } else if (errno != ENOENT) {  // removed meanwhile: not an entry
        return Err(ErrnoStatus(errno, "stat"));
      }
    }
    if (errno != 0) {
      return Err(ErrnoStatus(errno, "read folder"));
    }
    return entries;
  }

  Result<FileInfo> Stat(const std::string& path) override {
    struct stat st = {};
    if (::lstat(path.c_str(), &st) != 0) {
      return Err(ErrnoStatus(errno, "stat"));
    }
    return FileInfo{.kind = KindOf(st.st_mode),
                    .size = static_cast<uint64_t>(st.st_size),
                    .modified = {st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1'000'000}};
  }

  Result<Space> FreeSpace(const std::string& path) override {
    struct statvfs st = {};
    if (::statvfs(path.c_str(), &st) != 0) {
      return Err(ErrnoStatus(errno, "statvfs"));
    }
    return Space{.total = st.f_blocks * st.f_frsize, .available = st.f_bavail * st.f_frsize};
  }
};

}  // namespace

Env& Env::System() {
  static PosixEnv env;
  return env;
}

}  // namespace stetig::io
