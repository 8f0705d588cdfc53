#include "client/transfer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/digest.h"
#include "io/file.h"

namespace stetig::client {
namespace {

/// A file or standard input as a body. Reading blocks the loop, which has nothing else to do.
class FileStream final : public http::ByteStream {
 public:
  static Result<std::unique_ptr<FileStream>> Open(const std::string& path, Uploaded* sent) {
    auto stream = std::make_unique<FileStream>(sent);
    if (path == "-") return stream;
    auto opened = io::Env::System().Open(path, io::OpenMode::kRead);
    if (!opened) return Named(path, opened.error());
    stream->file_ = std::move(*opened);
    auto size = stream->file_->Size();
    if (!size) return Named(path, size.error());
    stream->length_ = *size;
    return stream;
  }
  explicit FileStream(Uploaded* sent) : sent_(sent) {}

  std::optional<uint64_t> length() const override { return length_; }

  Task<size_t> Read(std::span<std::byte> into) override {
    size_t count = 0;
    if (file_ != nullptr) {
      // Not beyond the length that was announced, should the file grow meanwhile.
      const uint64_t left = *length_ - std::min(*length_, sent_->size);
      into = into.first(static_cast<size_t>(std::min<uint64_t>(into.size(), left)));
      ASSIGN_OR_CO_RETURN(count, file_->ReadAt(sent_->size, into));
    } else {
      count = std::fread(into.data(), 1, into.size(), stdin);
    }
    digest_.Update(std::span<const std::byte>(into).first(count));
    sent_->size += count;
    if (count == 0) sent_->sha256 = ToHex(digest_.Finish());
    co_return count;
  }

 private:
  static Failure Named(const std::string& path, const Status& status) {
    return Err(Code::kInvalidArgument, fmt::format("{}: {}", path, status.message()));
  }

  Uploaded* sent_;
  std::unique_ptr<io::File> file_;
  std::optional<uint64_t> length_;
  Sha256Stream digest_;
};

/// Where a download goes: standard output, or a file of its own that is renamed at the end.
class Target {
 public:
  explicit Target(std::string path)
      : path_(std::move(path)), part_(fmt::format("{}.part-{}", path_, ::getpid())) {}
  ~Target() {
    if (file_ != nullptr) static_cast<void>(io::Env::System().Remove(part_));
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  Status Write(std::string_view bytes) {
    digest_.Update(bytes);
    if (path_ == "-") {
      return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size()
                 ? OkStatus()
                 : Err(Code::kUnavailable, "standard output takes no more");
    }
    TRY(Begin());
    return file_->Append(std::as_bytes(std::span(bytes)));
  }

  Status Finish(std::optional<std::string_view> expected) {
    const std::string found = ToHex(digest_.Finish());
    if (expected && *expected != found) {
      return Err(Code::kDataLoss,
                 fmt::format("bytes with SHA-256 {} have come, expected {}", found, *expected));
    }
    if (path_ == "-") {
      return std::fflush(stdout) == 0 ? OkStatus()
                                      : Err(Code::kUnavailable, "standard output takes no more");
    }
    TRY(Begin());
    TRY(file_->Sync());
    TRY(io::Env::System().Rename(part_, path_));
    file_.reset();
    return OkStatus();
  }

 private:
  Status Begin() {
    if (file_ != nullptr) return OkStatus();
    auto opened = io::Env::System().Open(part_, io::OpenMode::kCreateTruncate);
    if (!opened) {
      return Err(Code::kInvalidArgument, fmt::format("{}: {}", path_, opened.error().message()));
    }
    file_ = std::move(*opened);
    return OkStatus();
  }

  std::string path_;
  std::string part_;
  std::unique_ptr<io::File> file_;
  Sha256Stream digest_;
};

}  // namespace

Result<Uploaded> Upload(const Server& server, std::string target, const std::string& path,
                        http::Headers headers) {
  Uploaded sent;
  ASSIGN_OR_RETURN(std::unique_ptr<FileStream> stream, FileStream::Open(path, &sent));
  ASSIGN_OR_RETURN(sent.exchange, SendStream(server, http::Method::kPut, std::move(target),
                                             std::move(stream), std::move(headers)));
  return sent;
}

Result<Exchange> Download(const Server& server, std::string target, const std::string& path) {
  Target into(path);
  Status written;
  ASSIGN_OR_RETURN(Exchange exchange,
                   Stream(server, std::move(target), [&](std::string_view bytes) {
                     if (!bytes.empty() && written.ok()) written = into.Write(bytes);
                     return written.ok();
                   }));
  if (exchange.status / 100 != 2) return exchange;
  TRY(std::move(written));
  TRY(into.Finish(exchange.headers.Get("X-Content-Sha256")));
  return exchange;
}

}  // namespace stetig::client
