// Operations on connected repositories of forges. Their webhooks come in at webhooks.cc.
#include <fmt/format.h>

#include <algorithm>

#include "api/v1/groups.h"
#include "connect/forge/service.h"
#include "query/page_token.h"

namespace stetig::api::v1 {
namespace {

using connect::forge::OutStatus;
using connect::forge::Repository;
using http::Method;

constexpr std::chrono::seconds kPollLimit{110};

json::Object ToJson(const Repository& repository) {
  json::Object object = {{"name", repository.name},
                         {"shape", repository.shape},
                         {"api", repository.api},
                         {"full_name", repository.full_name},
                         {"secret", repository.secret},
                         {"token", repository.token},
                         {"created_at", TimeOf(repository.created)},
                         {"created_by", repository.created_by}};
  if (repository.polled.ms != 0) object.emplace_back("polled_at", TimeOf(repository.polled));
  if (repository.next_poll.ms != 0) object.emplace_back("next_poll", TimeOf(repository.next_poll));
  object.emplace_back("failures", repository.failures);
  object.emplace_back("trouble", repository.trouble);
  return object;
}

json::Object ToJson(const OutStatus& status) {
  return {{"repository", status.repository},
          {"sha", status.sha},
          {"context", status.context},
          {"state", status.state},
          {"description", status.description},
          {"url", status.url},
          {"sent", status.sent_revision == status.revision},
          {"attempts", status.attempts},
          {"trouble", status.trouble},
          {"updated_at", TimeOf(status.updated)}};
}

Task<Reply> One(Task<Repository> asked) {
  auto found = co_await std::move(asked);
  ASSIGN_OR_CO_RETURN(const Repository repository, std::move(found));
  co_return Reply{.body = ToJson(repository), .etag = {}, .location = {}};
}

Task<Reply> Connect(Call call) {
  connect::forge::NewRepository request{.name = call.Text("name"),
                                        .shape = call.Text("shape"),
                                        .api = call.Text("api"),
                                        .full_name = call.Text("full_name"),
                                        .secret = call.Text("secret"),
                                        .token = call.Text("token")};
  co_return co_await One(call.context.forge.Connect(call.who, std::move(request), call.deadline));
}

Task<Reply> Get(Call call) {
  co_return co_await One(call.context.forge.Get(call.Path("name"), call.deadline));
}

Task<Reply> List(Call call) {
  const auto limit = static_cast<size_t>(call.QueryInt("limit", 100));
  const query::Fingerprint print("forges");
  std::string after;
  if (const std::string token = call.Query("page_token"); !token.empty()) {
    ASSIGN_OR_CO_RETURN(const auto cursor, query::DecodePageToken(token, print.value()));
    const auto* name = cursor.size() == 1 ? std::get_if<std::string>(&cursor.front()) : nullptr;
    if (name == nullptr) co_return Err(Code::kInvalidArgument, "the page token is of another list");
    after = *name;
  }
  auto listed = co_await call.context.forge.List(call.deadline);
  ASSIGN_OR_CO_RETURN(const std::vector<Repository> all, std::move(listed));
  json::Array items;
  std::string next;
  std::string last;
  for (const Repository& repository : all) {
    if (repository.name <= after) continue;
    if (items.size() == limit) {
      const query::CursorValue place = last;
      next = query::EncodePageToken(print.value(), std::span(&place, 1));
      break;
    }
    items.emplace_back(ToJson(repository));
    last = repository.name;
  }
  co_return Reply{.body = ListBody(std::move(items), next), .etag = {}, .location = {}};
}

Task<Reply> Disconnect(Call call) {
  CO_TRY(co_await call.context.forge.Disconnect(call.who, call.Path("name"), call.deadline));
  co_return Reply{.body = {}, .etag = {}, .location = {}};
}

/// What a forge says of our credentials is not about the caller's.
Status Ours(const Status& status) {
  const bool of_forge =
      status.detail().empty() &&
      (status.code() == Code::kUnauthenticated || status.code() == Code::kPermissionDenied ||
       status.code() == Code::kNotFound || status.code() == Code::kInvalidArgument);
  if (!of_forge) return status;
  return Err(Code::kFailedPrecondition, std::string(status.message()), "forge_refused");
}

Task<Reply> Poll(Call call) {
  const Deadline until = std::min(call.deadline, After(kPollLimit));
  auto polled = co_await call.context.forge.Poll(call.Path("name"), until);
  if (!polled) co_return Err(Ours(polled.error()));
  ASSIGN_OR_CO_RETURN(const connect::forge::PollReport report, std::move(polled));
  co_return Reply{.body = json::Object{{"requests", report.requests},
                                       {"taken", report.taken},
                                       {"complete", report.complete}},
                  .etag = {},
                  .location = {}};
}

Task<Reply> PostStatus(Call call) {
  connect::forge::NewStatus status{.sha = call.Text("sha"),
                                   .context = call.Text("context"),
                                   .state = call.Text("state"),
                                   .description = call.Text("description"),
                                   .url = call.Text("url")};
  auto kept = co_await call.context.forge.PostStatus(call.who, call.Path("name"), std::move(status),
                                                     call.deadline);
  ASSIGN_OR_CO_RETURN(const OutStatus out, std::move(kept));
  co_return Reply{.body = ToJson(out), .etag = {}, .location = {}};
}

Task<Reply> Statuses(Call call) {
  auto listed = co_await call.context.forge.Statuses(call.Path("name"), call.QueryInt("limit", 100),
                                                     call.deadline);
  ASSIGN_OR_CO_RETURN(const std::vector<OutStatus> all, std::move(listed));
  json::Array items;
  for (const OutStatus& status : all) items.emplace_back(ToJson(status));
  co_return Reply{.body = ListBody(std::move(items), {}), .etag = {}, .location = {}};
}

Operation OnOne(Method method, std::string path, std::string verb, std::string summary,
                std::string permission, std::string answer, Act act) {
  Operation one{.method = method,
                .path = "/forges/{name}" + std::move(path),
                .noun = "forge",
                .verb = std::move(verb),
                .summary = std::move(summary),
                .permission = std::move(permission),
                .answer = std::move(answer),
                .act = act};
  one.examples = {fmt::format("forge {} churn", one.verb)};
  return one;
}

std::vector<Property> NewStatusFields() {
  return {{.name = "sha", .doc = "The commit's full hash.", .required = true},
          {.name = "context", .doc = "Who says so: ci/build.", .required = true},
          {.name = "state",
           .doc = "What is said of the commit.",
           .required = true,
           .values = {"pending", "success", "failure", "error"}},
          {.name = "description", .doc = "A short sentence."},
          {.name = "url", .doc = "Where the details are."}};
}

std::vector<Property> NewForgeFields() {
  return {
      {.name = "name", .doc = "A word for it here, in its webhooks' address.", .required = true},
      {.name = "shape",
       .doc = "Whose interface the forge has.",
       .required = true,
       .values = {"github", "gitea"}},
      {.name = "api",
       .doc = "Address of the interface: https://api.github.com, https://HOST/api/v1.",
       .required = true},
      {.name = "full_name", .doc = "OWNER/NAME on the forge.", .required = true},
      {.name = "secret",
       .doc = "Name of the file in the server's secrets folder with the webhooks' secret.",
       .required = true},
      {.name = "token", .doc = "The same for the token of the interface; without: none."}};
}

std::vector<Schema> ForgeSchemas() {
  std::vector<Property> forge = NewForgeFields();
  forge.back().required = true;
  forge.push_back({.name = "created_at",
                   .doc = "When it was connected.",
                   .required = true,
                   .format = "date-time"});
  forge.push_back({.name = "created_by", .doc = "By whom.", .required = true});
  forge.push_back(
      {.name = "polled_at", .doc = "The last poll that ended well.", .format = "date-time"});
  forge.push_back({.name = "next_poll", .doc = "When the next is due.", .format = "date-time"});
  forge.push_back({.name = "failures",
                   .type = Type::kInteger,
                   .doc = "Polls in a row that failed.",
                   .required = true});
  forge.push_back(
      {.name = "trouble", .doc = "Why the last poll failed; empty: it did not.", .required = true});
  std::vector<Property> status = NewStatusFields();
  for (Property& property : status) property.required = true;
  status.insert(
      status.begin(),
      {.name = "repository", .doc = "Name of the connected repository.", .required = true});
  status.push_back(
      {.name = "sent", .type = Type::kBoolean, .doc = "The forge has it.", .required = true});
  status.push_back(
      {.name = "attempts", .type = Type::kInteger, .doc = "Tries so far.", .required = true});
  status.push_back(
      {.name = "trouble", .doc = "Why the last try failed; empty: it did not.", .required = true});
  status.push_back({.name = "updated_at",
                    .doc = "When it was last asked for.",
                    .required = true,
                    .format = "date-time"});
  return {{.name = "Forge", .doc = "A connected repository.", .properties = std::move(forge)},
          {.name = "ForgeStatus",
           .doc = "A commit status on its way to a forge.",
           .properties = std::move(status)},
          {.name = "ForgePoll",
           .doc = "What a poll did.",
           .properties = {{.name = "requests",
                           .type = Type::kInteger,
                           .doc = "Requests to the forge.",
                           .required = true},
                          {.name = "taken",
                           .type = Type::kInteger,
                           .doc = "Facts that webhooks had not brought.",
                           .required = true},
                          {.name = "complete",
                           .type = Type::kBoolean,
                           .doc = "False: the next poll goes on.",
                           .required = true}}}};
}

}  // namespace

Group ForgeGroup() {
  Group group;
  Operation list{.method = Method::kGet,
                 .path = "/forges",
                 .noun = "forge",
                 .verb = "list",
                 .summary = "Lists connected repositories of forges.",
                 .permission = "read",
                 .query = PageParameters(),
                 .answer = "Forge",
                 .list = true,
                 .shown = {"name", "shape", "full_name", "polled_at", "trouble"},
                 .examples = {"forge list"},
                 .act = List};
  list.query.push_back(FieldsParameter());
  Operation add{
      .method = Method::kPost,
      .path = "/forges",
      .noun = "forge",
      .verb = "connect",
      .summary =
          "Connects a repository of a forge; its webhooks then go to "
          "/api/v1/webhooks/NAME.",
      .permission = "admin",
      .body = NewForgeFields(),
      .body_schema = "NewForge",
      .answer = "Forge",
      .examples = {"forge connect --name churn --shape github --api https://api.github.com "
                   "--full-name acme/churn --secret churn-webhook --token churn-token"},
      .act = Connect};
  Operation statuses =
      OnOne(Method::kGet, "/statuses", "statuses",
            "Lists commit statuses for the forge, newest first.", "read", "ForgeStatus", Statuses);
  statuses.list = true;
  statuses.query = {PageParameters().front()};
  statuses.shown = {"sha", "context", "state", "sent", "attempts", "trouble"};
  Operation post = OnOne(Method::kPost, "/statuses", "post-status",
                         "Sends a commit status to the forge, in the background until it has it.",
                         "write", "ForgeStatus", PostStatus);
  post.body = NewStatusFields();
  post.body_schema = "NewForgeStatus";
  post.examples = {
      "forge post-status churn --sha 4b825dc642cb6eb9a060e54bf8d69288fbee4904 "
      "--context ci/build --state success"};
  group.operations = {
      std::move(list),
      std::move(add),
      OnOne(Method::kGet, "", "get", "Shows a connected repository.", "read", "Forge", Get),
      OnOne(Method::kDelete, "", "disconnect",
            "Forgets a connected repository; journal and trace graph keep what they have.", "admin",
            "", Disconnect),
      OnOne(Method::kPost, "/poll", "poll", "Asks the forge now for what webhooks may have lost.",
            "write", "ForgePoll", Poll),
      std::move(statuses),
      std::move(post)};
  group.schemas = ForgeSchemas();
  return group;
}

}  // namespace stetig::api::v1
