// Operations on files attached to records. One path serves every kind; "records" stands for any.
#include <fmt/format.h>

#include <algorithm>

#include "api/files.h"
#include "api/v1/groups.h"
#include "base/digest.h"
#include "base/text.h"
#include "planning/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;
using planning::Attachment;

constexpr std::string_view kAnyKind = "records";
constexpr std::string_view kUnknownType = "application/octet-stream";

json::Value ToJson(const Attachment& attachment) {
  return json::Object{{"record", attachment.record},
                      {"name", attachment.name},
                      {"version", attachment.version},
                      {"content_type", attachment.content_type},
                      {"size", attachment.size},
                      {"sha256", attachment.sha256},
                      {"created_at", TimeOf(attachment.created)},
                      {"created_by", attachment.created_by}};
}

/// The kind that the path's first part names; empty: any.
Result<std::string> KindOf(const Call& call) {
  const std::string plural = call.Path("records");
  if (plural == kAnyKind) return std::string();
  const auto kinds = planning::Kinds();
  const auto found = std::ranges::find(kinds, plural, &planning::KindDef::plural);
  if (found != kinds.end()) return std::string(found->name);
  return Err(Code::kNotFound,
             fmt::format("there are no '{}', expected a kind of record in the plural, or {}",
                         FirstCodePoints(plural, 40), kAnyKind));
}

std::optional<int64_t> VersionOf(const Call& call) {
  const int64_t version = call.QueryInt("version", 0);
  return version == 0 ? std::nullopt : std::optional(version);
}

Result<planning::AttachmentRef> RefOf(const Call& call) {
  ASSIGN_OR_RETURN(std::string kind, KindOf(call));
  return planning::AttachmentRef{.kind = std::move(kind),
                                 .reference = call.Path("id"),
                                 .name = call.Path("name"),
                                 .version = VersionOf(call)};
}

Task<Reply> ListPage(Call call, std::string name) {
  ASSIGN_OR_CO_RETURN(std::string kind, KindOf(call));
  planning::ListAttachments request{.kind = std::move(kind),
                                    .reference = call.Path("id"),
                                    .name = std::move(name),
                                    .limit = call.QueryInt("limit", 100),
                                    .page_token = call.Query("page_token")};
  auto listed =
      co_await call.context.planning.FindAttachments(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto page, std::move(listed));
  json::Array items;
  for (const Attachment& attachment : page.items) items.push_back(ToJson(attachment));
  co_return Reply{
      .body = ListBody(std::move(items), page.next_page_token), .etag = {}, .location = {}};
}

Task<Reply> List(Call call) {
  std::string every;
  co_return co_await ListPage(std::move(call), std::move(every));
}

Task<Reply> Versions(Call call) {
  std::string name = call.Path("name");
  co_return co_await ListPage(std::move(call), std::move(name));
}

Task<Reply> Add(Call call) {
  ASSIGN_OR_CO_RETURN(std::string kind, KindOf(call));
  planning::NewAttachment request{
      .kind = std::move(kind), .reference = call.Path("id"), .name = call.Path("name")};
  request.content_type =
      std::string(Trim(call.http->headers.Get("Content-Type").value_or(kUnknownType)));
  if (request.content_type.empty()) request.content_type = kUnknownType;
  // Before the bytes, so that they are not sent in vain.
  CO_TRY(co_await call.context.planning.CheckAttachment(call.who, request, call.deadline));
  auto stored = co_await StoreBody(&call.context.blobs, call.http, call.deadline);
  ASSIGN_OR_CO_RETURN(const blob::FileRef file, std::move(stored));
  request.manifest = file.id.ToHex();
  request.size = file.size;
  request.sha256 = ToHex(file.sha256);
  auto attached = co_await call.context.planning.Attach(call.who, std::move(request),
                                                        call.http->FreshDeadline());
  ASSIGN_OR_CO_RETURN(const Attachment attachment, std::move(attached));
  co_return Reply{.body = ToJson(attachment),
                  .etag = {},
                  .location = fmt::format("/{}/{}/attachments/{}?version={}", call.Path("records"),
                                          attachment.record, PercentEncode(attachment.name),
                                          attachment.version)};
}

Task<http::Response> Download(Call call) {
  ASSIGN_OR_CO_RETURN(planning::AttachmentRef ref, RefOf(call));
  auto found =
      co_await call.context.planning.GetAttachment(call.who, std::move(ref), call.deadline);
  ASSIGN_OR_CO_RETURN(const Attachment attachment, std::move(found));
  ServedFile file{.manifest = attachment.manifest,
                  .name = attachment.name,
                  .content_type = attachment.content_type};
  auto served = co_await ServeFile(&call.context.blobs, call.http, std::move(file), call.deadline);
  ASSIGN_OR_CO_RETURN(http::Response response, std::move(served));
  response.headers.Set("X-Attachment-Version", fmt::to_string(attachment.version));
  response.headers.Set("X-Content-Sha256", attachment.sha256);
  co_return response;
}

Task<Reply> Remove(Call call) {
  ASSIGN_OR_CO_RETURN(planning::AttachmentRef ref, RefOf(call));
  CO_TRY(co_await call.context.planning.RemoveAttachment(call.who, std::move(ref), call.deadline));
  co_return Reply{};
}

Schema AttachmentSchema() {
  const auto text = [](std::string name, std::string doc, std::string format = "") {
    return Property{.name = std::move(name),
                    .doc = std::move(doc),
                    .required = true,
                    .format = std::move(format)};
  };
  Property version = text("version", "Counts the uploads of the name.");
  Property size = text("size", "Bytes.");
  version.type = size.type = Type::kInteger;
  return {.name = "Attachment",
          .doc = "A file that belongs to a record.",
          .properties = {text("record", "Id of the record."), text("name", "Name of the file."),
                         std::move(version), text("content_type", "Media type as it was sent."),
                         std::move(size), text("sha256", "SHA-256 of the bytes."),
                         text("created_at", "When it was added.", "date-time"),
                         text("created_by", "Who added it.")}};
}

Property VersionParameter(std::string doc) {
  return {.name = "version", .type = Type::kInteger, .doc = std::move(doc), .least = 1};
}

Operation Base(Method method, std::string path, std::string verb, std::string summary) {
  return {.method = method,
          .path = "/{records}/{id}/attachments" + std::move(path),
          .noun = "attachment",
          .verb = std::move(verb),
          .summary = std::move(summary),
          .permission = method == Method::kGet ? "read" : "write",
          .fixed = {{"records", std::string(kAnyKind)}}};
}

}  // namespace

Group AttachmentGroup() {
  Operation list = Base(Method::kGet, "", "list", "Lists the files of a record, newest versions.");
  Operation versions = Base(Method::kGet, "/{name}/versions", "versions",
                            "Lists the versions of a file, newest first.");
  for (Operation* one : {&list, &versions}) {
    one->query = PageParameters();
    one->query.push_back(FieldsParameter());
    one->answer = "Attachment";
    one->list = true;
    one->shown = {"name", "version", "size", "content_type", "created_at", "created_by"};
  }
  list.examples = {"attachment list CHURN-12"};
  list.act = List;
  versions.examples = {"attachment versions CHURN-12 plan.pdf"};
  versions.act = Versions;
  Operation add = Base(Method::kPut, "/{name}", "add",
                       "Attaches a file to a record; a name that is there gets a new version.");
  add.answer = "Attachment";
  add.shown = {"name", "version", "size", "sha256"};
  add.file_limit = planning::kMaxAttachment;
  add.examples = {"attachment add CHURN-12 plan.pdf",
                  "attachment add CHURN-12 build/plan.pdf --name plan.pdf --type application/pdf"};
  add.act = Add;
  Operation get = Base(Method::kGet, "/{name}", "get", "Gives a file of a record.");
  get.query = {VersionParameter("Which version; the newest if absent.")};
  get.media = "*/*";
  get.examples = {"attachment get CHURN-12 plan.pdf --to plan.pdf",
                  "attachment get CHURN-12 data.csv --version 2 | head"};
  get.act_raw = Download;
  Operation remove = Base(Method::kDelete, "/{name}", "remove",
                          "Removes a file from a record; its digest stays in the journal.");
  remove.query = {VersionParameter("Only this version; all if absent.")};
  remove.examples = {"attachment remove CHURN-12 plan.pdf"};
  remove.act = Remove;
  Group group;
  for (Operation* one : {&list, &versions, &add, &get, &remove}) {
    group.operations.push_back(std::move(*one));
  }
  group.schemas = {AttachmentSchema()};
  return group;
}

}  // namespace stetig::api::v1
