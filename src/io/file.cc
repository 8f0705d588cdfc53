#include "io/file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace stetig::io {

Status ErrnoStatus(int error, std::string_view what) {
  Code code = Code::kUnavailable;
  switch (error) {
    case ENOENT:
      code = Code::kNotFound;
      break;
    case EEXIST:
      code = Code::kAlreadyExists;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = Code::kPermissionDenied;
      break;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case EFBIG:
    case ENOMEM:
      code = Code::kResourceExhausted;
      break;
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case ELOOP:
    case EBADF:
    case EXDEV:
      code = Code::kFailedPrecondition;
      break;
    case ENAMETOOLONG:
    case EINVAL:
      code = Code::kInvalidArgument;
      break;
    default:
      break;
  }
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return Err(code, fmt::format("{}: {}", what, std::generic_category().message(error)),
             full ? detail::kDiskFull : "");
}

std::string FolderOf(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<bool> Exists(Env& env, const std::string& path) {
  auto info = env.Stat(path);
  if (info) {
    return true;
  }
  if (info.error().code() == Code::kNotFound) {
    return false;
  }
  return Err(std::move(info).error());
}

Result<std::string> ReadFile(Env& env, const std::string& path, size_t limit) {
  ASSIGN_OR_RETURN(auto file, env.Open(path, OpenMode::kRead));
  ASSIGN_OR_RETURN(uint64_t size, file->Size());
  if (size > limit) {
    return Err(Code::kResourceExhausted,
               fmt::format("the file has {} bytes, expected at most {}", size, limit));
  }
  std::string content(size, '\0');
  ASSIGN_OR_RETURN(size_t got, file->ReadAt(0, std::as_writable_bytes(std::span(content))));
  content.resize(got);
  return content;
}

Status WriteFileAtomically(Env& env, const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  {
    ASSIGN_OR_RETURN(auto file, env.Open(temporary, OpenMode::kCreateTruncate));
    TRY(file->WriteAt(0, std::as_bytes(std::span(content))));
    TRY(file->Sync());
    TRY(file->Close());
  }
  TRY(env.Rename(temporary, path));
  return env.SyncFolder(FolderOf(path));
}

}  // namespace stetig::io
