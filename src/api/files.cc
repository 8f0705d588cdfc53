#include "api/files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "http/range.h"

namespace stetig::api {
namespace {

/// RFC 6266: an ASCII fallback and the real name.
std::string Disposition(std::string_view name) {
  const bool plain = std::ranges::all_of(
      name, [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
  return plain ? fmt::format("attachment; filename=\"{}\"", name)
               : fmt::format("attachment; filename*=UTF-8''{}", PercentEncode(name));
}

/// A stored file as a body that can start anywhere.
class FileBody final : public http::SeekableStream {
 public:
  explicit FileBody(std::unique_ptr<blob::Reader> reader) : reader_(std::move(reader)) {}
  uint64_t size() const override { return reader_->file().size; }
  Task<size_t> ReadAt(uint64_t offset, std::span<std::byte> into) override {
    return reader_->Read(offset, into);
  }

 private:
  std::unique_ptr<blob::Reader> reader_;
};

Task<> CopyBody(http::ByteStream* body, blob::Writer* writer) {
  for (;;) {
    auto room = co_await writer->Reserve();
    ASSIGN_OR_CO_RETURN(std::span<std::byte> into, std::move(room));
    auto read = co_await body->Read(into);
    ASSIGN_OR_CO_RETURN(size_t size, std::move(read));
    if (size == 0) {
      co_return OkStatus();
    }
    writer->Commit(size);
  }
}

}  // namespace

Task<blob::FileRef> StoreBody(blob::Store* blobs, std::shared_ptr<http::Request> request,
                              Deadline deadline) {
  auto created = co_await blobs->Create(request->body->length(), deadline);
  ASSIGN_OR_CO_RETURN(std::unique_ptr<blob::Writer> writer, std::move(created));
  CO_TRY(co_await CopyBody(request->body, writer.get()));
  co_return co_await writer->Finish();
}

Task<http::Response> ServeFile(blob::Store* blobs, std::shared_ptr<http::Request> request,
                               ServedFile file, Deadline deadline) {
  const auto id = blob::ManifestId::FromHex(file.manifest);
  if (!id) {
    co_return Err(Code::kDataLoss, fmt::format("'{}' names no valid manifest", file.name));
  }
  auto opened = co_await blobs->Open(*id, deadline);
  ASSIGN_OR_CO_RETURN(std::unique_ptr<blob::Reader> reader, std::move(opened));
  const std::string etag = fmt::format("\"{}\"", file.manifest);
  auto body = std::make_unique<FileBody>(std::move(reader));
  http::Response response = http::RangedResponse(*request, std::move(body), etag);
  response.headers.Set("Content-Type", file.content_type);
  response.headers.Set("Content-Disposition", Disposition(file.name));
  // Whatever opens it in spite of that gets no scripts, no forms and no origin.
  response.headers.Set("Content-Security-Policy", "sandbox; default-src 'none'");
  co_return response;
}

}  // namespace stetig::api
