#include "api/mlflow/artifacts.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/files.h"
#include "api/mlflow/mime_types.h"
#include "api/mlflow/paged.h"
#include "base/digest.h"
#include "base/paths.h"
#include "base/text.h"

namespace stetig::api::mlflow {
namespace {

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

Failure IsFolder(std::string_view path) {
  return Err(Code::kInvalidArgument,
             fmt::format("Artifact path refers to a directory, not a file: '{}'", path),
             detail::kIsFolder);
}

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
  ServedFile file{.manifest = entry.manifest,
                  .name = std::string(FileName(path)),
                  .content_type = std::string(MimeTypeOf(FileName(path)))};
  co_return co_await ServeFile(&call.context.blobs, call.http, std::move(file), call.deadline);
}

Task<> Upload(Call call, std::string path) {
  auto stored = co_await StoreBody(&call.context.blobs, call.http, call.deadline);
  ASSIGN_OR_CO_RETURN(blob::FileRef file, std::move(stored));
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
