#include "io/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "base/clock.h"

namespace stetig::io {
namespace {

std::string HolderOf(int descriptor) {
  std::array<char, 32> text{};
  ssize_t size = pread(descriptor, text.data(), text.size() - 1, 0);
  std::string_view holder(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  return std::string(holder.substr(0, holder.find('\n')));
}

Code CodeOf(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kPermissionDenied;
    case ENOENT:
      return Code::kNotFound;
    default:
      return Code::kUnavailable;
  }
}

}  // namespace

Result<FileLock> FileLock::Take(const std::string& path, std::string_view name) {
  const std::string thing = name.empty() ? path : std::string(name);
  const std::string file = name.empty() ? path : fmt::format("of {}", name);
  int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    int error = errno;
    return Err(CodeOf(error),
               fmt::format("the lock file {} cannot be opened: {}", file, std::strerror(error)));
  }
  FileLock lock(descriptor);
  const Deadline until = After(kPatience);
  bool taken = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  while (!taken && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    taken = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  }
  if (!taken) {
    return Err(Code::kFailedPrecondition,
               fmt::format("{} is held by process {}", thing, HolderOf(descriptor)),
               detail::kLocked);
  }
  std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(descriptor, 0) != 0 ||
      pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    int error = errno;
    return Err(CodeOf(error),
               fmt::format("the lock file {} cannot be written: {}", file, std::strerror(error)));
  }
  return lock;
}

Result<std::optional<std::string>> FileLock::Holder(const std::string& path) {
  const FileLock look(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (look.descriptor_ < 0) {
    const int error = errno;
    if (error == ENOENT) {
      return std::nullopt;
    }
    return Err(CodeOf(error),
               fmt::format("the lock file {} cannot be opened: {}", path, std::strerror(error)));
  }
  if (flock(look.descriptor_, LOCK_SH | LOCK_NB) == 0) {
    return std::nullopt;
  }
  return HolderOf(look.descriptor_);
}

bool FileLock::StillAt(const std::string& path) const {
  struct stat held{};
  struct stat there{};
  return fstat(descriptor_, &held) == 0 && stat(path.c_str(), &there) == 0 &&
         held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
}

}  // namespace stetig::io
