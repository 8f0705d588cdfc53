#include "api/mlflow/artifacts.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/mlflow/mime_types.h"
#include "api/mlflow/paged.h"
#include "base/digest.h"
#include "base/paths.h"
#include "base/text.h"
#include "http/range.h"

namespace stetig::api::mlflow {
namespace {

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// RFC 6266: an ASCII fallback and the real name.
std::string Disposition(std::string_view name) {
  bool plain = std::ranges::all_of(
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

Failure IsFolder(std::string_view path) {
  return Err(Code::kInvalidArgument,
             fmt::format("Artifact path refers to a directory, not a file: '{}'", path),
             detail::kIsFolder);
}

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

std::optional<uint64_t> BodyLength(const http::Request& request) { return request.body->length(); }

}  // namespace

std::optional<std::string> ProxiedPath(std::string_view uri) {
  constexpr std::string_view kScheme = "mlflow-artifacts:";
  if (!uri.starts_with(kScheme)) {
    return std::nullopt;
  }
  uri.remove_prefix(kScheme.size());
  if (uri.starts_with("//")) {  // with the name of a host, which is this one
    uri.remove_prefix(2);
    uri.remove_prefix(std::min(uri.find('/'), uri.size()));
  }
  while (uri.starts_with('/')) {
    uri.remove_prefix(1);
  }
  while (uri.ends_with('/')) {
    uri.remove_suffix(1);
  }
  return std::string(uri);
}

std::string JoinPath(std::string_view parent, std::string_view child) {
  while (child.starts_with('/')) {
    child.remove_prefix(1);
  }
  while (child.ends_with('/')) {
    child.remove_suffix(1);
  }
  if (parent.empty() || child.empty()) {
    return std::string(parent.empty() ? child : parent);
  }
  return fmt::format("{}/{}", parent, child);
}

Status CheckSafePath(std::string_view path) {
  return IsSafeRelativePath(path) ? OkStatus() : Err(Code::kInvalidArgument, "Invalid path");
}

Task<http::Response> Download(Call call, std::string path) {
  auto found = co_await call.context.tracking.GetArtifact(call.who, path, call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::Service::ArtifactEntry entry, std::move(found));
  if (entry.is_dir) {
    co_return IsFolder(path);
  }
  auto id = blob::ManifestId::FromHex(entry.manifest);
  if (!id) {
    co_return Err(Code::kDataLoss, fmt::format("artifact '{}' names no valid manifest", path));
  }
  auto opened = co_await call.context.blobs.Open(*id, call.deadline);
  ASSIGN_OR_CO_RETURN(std::unique_ptr<blob::Reader> reader, std::move(opened));
  std::string etag = fmt::format("\"{}\"", entry.manifest);
  auto body = std::make_unique<FileBody>(std::move(reader));
  http::Response response = http::RangedResponse(*call.http, std::move(body), etag);
  response.headers.Set("Content-Type", MimeTypeOf(FileName(path)));
  response.headers.Set("Content-Disposition", Disposition(FileName(path)));
  co_return response;
}

Task<> Upload(Call call, std::string path) {
  auto created = co_await call.context.blobs.Create(BodyLength(*call.http), call.deadline);
  ASSIGN_OR_CO_RETURN(std::unique_ptr<blob::Writer> writer, std::move(created));
  CO_TRY(co_await CopyBody(call.http->body, writer.get()));
  auto finished = co_await writer->Finish();
  ASSIGN_OR_CO_RETURN(blob::FileRef file, std::move(finished));
  co_return co_await call.context.tracking.PutArtifact(call.who, std::move(path), file.id.ToHex(),
                                                       file.size, ToHex(file.sha256),
                                                       call.FreshDeadline());
}

namespace {

struct FilePages {
  using Item = tracking::Service::ArtifactEntry;
  static constexpr std::string_view kName = "files";
  static constexpr int64_t kPageSize = 1'000;
  static constexpr int64_t kMost = kAllFiles;
  Call call;
  FileList list;

  std::string Head() const {
    if (list.root_uri.empty()) {
      return {};
    }
    std::string head = "\"root_uri\":";
    AppendJsonString(head, list.root_uri);
    return head;
  }
  Task<tracking::Page<Item>> Fetch(std::string token, int64_t limit) {
    tracking::ListArtifacts query{
        .path = list.folder, .max_results = limit, .page_token = std::move(token)};
    return call.context.tracking.ListArtifacts(call.who, std::move(query), call.FreshDeadline());
  }
  void AppendItems(std::string& text, std::span<const Item> files) const {
    const size_t cut = list.root.empty() ? 0 : list.root.size() + 1;
    for (size_t i = 0; i < files.size(); ++i) {
      const Item& file = files[i];
      text += i > 0 ? "," : "";
      JsonWriter json(&text);
      json.BeginObject();
      json.Field("path", std::string_view(file.path).substr(std::min(cut, file.path.size())));
      json.Field("is_dir", file.is_dir);
      if (!file.is_dir && file.size > 0) {
        json.Field("file_size", static_cast<int64_t>(file.size));
      }
      json.EndObject();
    }
  }
};

}  // namespace

Task<http::Response> ListFiles(Call call, FileList list) {
  std::string token = list.page_token;
  const int64_t limit = list.limit;
  FilePages pages{std::move(call), std::move(list)};
  co_return co_await AnswerPaged(std::move(pages), std::move(token), limit);
}

}  // namespace stetig::api::mlflow
