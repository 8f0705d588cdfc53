// Operations on source repositories and their commits.
#include <fmt/format.h>

#include "api/v1/connect_fields.h"
#include "api/v1/groups.h"
#include "base/text.h"
#include "connect/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;

json::Value ToJson(const connect::SourceRepository& source) {
  json::Object object = {{"id", source.id},
                         {"name", source.name},
                         {"url", source.url},
                         {"project", source.project},
                         {"poll_seconds", source.poll_seconds},
                         {"created_at", TimeOf(source.created)},
                         {"created_by", source.created_by},
                         {"last_error", source.last_error}};
  if (source.synced) object.emplace_back("synced_at", TimeOf(*source.synced));
  return object;
}

json::Value ToJson(const connect::Commit& commit) {
  json::Array parents(commit.parents.begin(), commit.parents.end());
  return json::Object{{"sha", commit.sha},
                      {"repository", commit.repository},
                      {"subject", commit.subject},
                      {"author_name", commit.author_name},
                      {"author_email", commit.author_email},
                      {"authored_at", TimeOf(commit.authored)},
                      {"committed_at", TimeOf(commit.committed)},
                      {"parents", std::move(parents)},
                      {"reachable", commit.reachable}};
}

json::Value ToJson(const connect::Branch& branch) {
  return json::Object{{"kind", std::string(connect::RefKindName(branch.ref.kind))},
                      {"name", branch.ref.name},
                      {"sha", branch.ref.sha},
                      {"moved_at", TimeOf(branch.moved)},
                      {"rewritten", branch.rewritten}};
}

std::optional<std::string> TextIfGiven(const Call& call, std::string_view name) {
  for (const auto& [key, value] : call.body) {
    if (key == name && value.AsString() != nullptr) return *value.AsString();
  }
  return std::nullopt;
}

// Repositories

Task<Reply> ListRepositories(Call call) {
  auto listed = co_await call.context.connect.ListSources(call.QueryInt("limit", 100),
                                                          call.Query("page_token"), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto page, std::move(listed));
  co_return PageOf(page, [](const auto& item) { return ToJson(item); });
}

Task<Reply> AddRepository(Call call) {
  connect::NewSource request{.name = call.Text("name"),
                             .url = call.Text("url"),
                             .project = call.Text("project"),
                             .poll_seconds = IntegerOf(call, "poll_seconds").value_or(300)};
  auto added = co_await call.context.connect.AddSource(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(const connect::SourceRepository source, std::move(added));
  co_return Reply{.body = ToJson(source), .etag = {}, .location = "/repositories/" + source.id};
}

Task<Reply> GetRepository(Call call) {
  auto found = co_await call.context.connect.GetSource(call.Path("repository"), call.deadline);
  ASSIGN_OR_CO_RETURN(const connect::SourceRepository source, std::move(found));
  co_return Reply{.body = ToJson(source), .etag = {}, .location = {}};
}

Task<Reply> ChangeRepository(Call call) {
  connect::SourceChanges changes{.url = TextIfGiven(call, "url"),
                                 .project = TextIfGiven(call, "project"),
                                 .poll_seconds = IntegerOf(call, "poll_seconds")};
  auto changed = co_await call.context.connect.ChangeSource(call.who, call.Path("repository"),
                                                            std::move(changes), call.deadline);
  ASSIGN_OR_CO_RETURN(const connect::SourceRepository source, std::move(changed));
  co_return Reply{.body = ToJson(source), .etag = {}, .location = {}};
}

Task<Reply> RemoveRepository(Call call) {
  CO_TRY(
      co_await call.context.connect.RemoveSource(call.who, call.Path("repository"), call.deadline));
  co_return Reply{};
}

Task<Reply> SyncRepository(Call call) {
  auto synced =
      co_await call.context.connect.Sync(call.who, call.Path("repository"), call.deadline);
  ASSIGN_OR_CO_RETURN(const connect::SyncReport report, std::move(synced));
  co_return Reply{.body = json::Object{{"commits", report.commits},
                                       {"moved", report.moved},
                                       {"unreachable", report.unreachable},
                                       {"links", report.links},
                                       {"unknown_keys", report.unknown_keys}},
                  .etag = {},
                  .location = {}};
}

Task<Reply> ListBranches(Call call) {
  auto listed = co_await call.context.connect.ListBranches(call.Path("repository"), call.deadline);
  ASSIGN_OR_CO_RETURN(const std::vector<connect::Branch> branches, std::move(listed));
  json::Array items;
  for (const connect::Branch& branch : branches) items.push_back(ToJson(branch));
  co_return Reply{.body = ListBody(std::move(items), ""), .etag = {}, .location = {}};
}

// Commits

Task<Reply> ListCommits(Call call) {
  connect::ListCommits request{.repository = call.Query("repository"),
                               .limit = call.QueryInt("limit", 100),
                               .page_token = call.Query("page_token")};
  auto listed = co_await call.context.connect.FindCommits(std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto page, std::move(listed));
  co_return PageOf(page, [](const auto& item) { return ToJson(item); });
}

Task<Reply> GetCommit(Call call) {
  auto found = co_await call.context.connect.GetCommit(call.Path("sha"), call.deadline);
  ASSIGN_OR_CO_RETURN(const connect::Commit commit, std::move(found));
  co_return Reply{.body = ToJson(commit), .etag = {}, .location = {}};
}

// The table

Property Flag(std::string name, std::string doc) {
  return {.name = std::move(name), .type = Type::kBoolean, .doc = std::move(doc), .required = true};
}
Property PollSeconds() {
  return Count("poll_seconds", "Seconds between two looks for news; 0: only when asked.");
}
Schema RepositorySchema() {
  Property poll = PollSeconds();
  poll.required = true;
  return {.name = "SourceRepository",
          .doc = "A git repository that stetig follows.",
          .properties = {Text("id", "ULID.", true), Text("name", "What people call it.", true),
                         Text("url", "Where git fetches it from.", true),
                         Text("project", "Id of its project; empty: none.", true), std::move(poll),
                         Time("created_at", "When it was added.", true),
                         Text("created_by", "Who added it.", true),
                         Time("synced_at", "When it was last read without an error."),
                         Text("last_error", "Why it could not be read; empty: it could.", true)}};
}

Schema SyncSchema() {
  return {.name = "SyncReport",
          .doc = "What a synchronisation found.",
          .properties = {Count("commits", "New commits.", true),
                         Count("moved", "Branches and tags made, moved or deleted.", true),
                         Count("unreachable", "Commits that nothing leads to any more.", true),
                         Count("links", "Links derived for the trace.", true),
                         Count("unknown_keys", "Keys that name no record.", true)}};
}

Schema BranchSchema() {
  return {.name = "Branch",
          .doc = "A branch or tag of a repository.",
          .properties = {
              {.name = "kind", .doc = "What it is.", .required = true, .values = {"branch", "tag"}},
              Text("name", "Its name.", true),
              Text("sha", "Its commit.", true),
              Time("moved_at", "When stetig saw it move.", true),
              Flag("rewritten", "Its last move left commits behind.")}};
}

Schema CommitSchema() {
  return {.name = "Commit",
          .doc = "A commit.",
          .properties = {Text("sha", "Its hash.", true),
                         Text("repository", "Id of its repository.", true),
                         Text("subject", "First line of its message.", true),
                         Text("author_name", "Who made the change, as git says.", true),
                         Text("author_email", "Address of the author, as git says.", true),
                         Time("authored_at", "When it was made, as git says.", true),
                         Time("committed_at", "When it was committed, as git says.", true),
                         {.name = "parents",
                          .type = Type::kStrings,
                          .doc = "Commits before it.",
                          .required = true},
                         Flag("reachable", "A branch or tag leads to it.")}};
}

std::vector<Operation> RepositoryOperations() {
  const std::string one = "/repositories/{repository}";
  Operation list{.method = Method::kGet,
                 .path = "/repositories",
                 .noun = "repository",
                 .verb = "list",
                 .summary = "Lists the git repositories that stetig follows.",
                 .permission = "read",
                 .query = PageParameters(),
                 .answer = "SourceRepository",
                 .list = true,
                 .shown = {"name", "url", "synced_at", "last_error"},
                 .examples = {"repository list"},
                 .act = ListRepositories};
  list.query.push_back(FieldsParameter());
  Operation add{
      .method = Method::kPost,
      .path = "/repositories",
      .noun = "repository",
      .verb = "add",
      .summary = "Follows a git repository from now on.",
      .permission = "admin",
      .body = {Text("name", "What people call it; unique.", true),
               Text("url", "https://…, ssh://…, user@host:path, or a path on the server.", true),
               Text("project", "Project that its commits belong to."), PollSeconds()},
      .body_schema = "NewSourceRepository",
      .answer = "SourceRepository",
      .examples = {"repository add --name churn --url https://git.example.org/churn.git "
                   "--project CHURN"},
      .act = AddRepository};
  Operation get{.method = Method::kGet,
                .path = one,
                .noun = "repository",
                .verb = "get",
                .summary = "Shows one repository.",
                .permission = "read",
                .answer = "SourceRepository",
                .examples = {"repository get churn"},
                .act = GetRepository};
  Operation update{
      .method = Method::kPatch,
      .path = one,
      .noun = "repository",
      .verb = "update",
      .summary = "Changes where it is, whose it is, or how often it is read.",
      .permission = "admin",
      .body = {Text("url", "Where it is now."), Text("project", "Its project."), PollSeconds()},
      .body_schema = "SourceRepositoryChanges",
      .answer = "SourceRepository",
      .examples = {"repository update churn --poll-seconds 60"},
      .act = ChangeRepository};
  Operation remove{.method = Method::kDelete,
                   .path = one,
                   .noun = "repository",
                   .verb = "remove",
                   .summary = "Forgets a repository; the trace keeps what it knows.",
                   .permission = "admin",
                   .examples = {"repository remove churn"},
                   .act = RemoveRepository};
  Operation sync{.method = Method::kPost,
                 .path = one + "/sync",
                 .noun = "repository",
                 .verb = "sync",
                 .summary = "Reads what is new, now.",
                 .permission = "write",
                 .answer = "SyncReport",
                 .examples = {"repository sync churn"},
                 .act = SyncRepository};
  Operation branches{.method = Method::kGet,
                     .path = one + "/branches",
                     .noun = "branch",
                     .verb = "list",
                     .summary = "Lists branches and tags of a repository.",
                     .permission = "read",
                     .answer = "Branch",
                     .list = true,
                     .shown = {"kind", "name", "sha", "moved_at", "rewritten"},
                     .examples = {"branch list churn"},
                     .act = ListBranches};
  return {std::move(list),   std::move(add),  std::move(get),     std::move(update),
          std::move(remove), std::move(sync), std::move(branches)};
}

std::vector<Operation> CommitOperations() {
  Operation list{.method = Method::kGet,
                 .path = "/commits",
                 .noun = "commit",
                 .verb = "list",
                 .summary = "Lists commits, newest first.",
                 .permission = "read",
                 .query = PageParameters(),
                 .answer = "Commit",
                 .list = true,
                 .shown = {"sha", "subject", "committed_at", "reachable"},
                 .examples = {"commit list --repository churn"},
                 .act = ListCommits};
  list.query.push_back(Text("repository", "Name or id of the repository; all if absent."));
  list.query.push_back(FieldsParameter());
  Operation get{.method = Method::kGet,
                .path = "/commits/{sha}",
                .noun = "commit",
                .verb = "get",
                .summary = "Shows one commit.",
                .permission = "read",
                .answer = "Commit",
                .examples = {"commit get 3f2a91c"},
                .act = GetCommit};
  return {std::move(list), std::move(get)};
}

}  // namespace

Group ConnectGroup() {
  Group group;
  for (auto operations : {RepositoryOperations(), CommitOperations()}) {
    for (Operation& operation : operations) group.operations.push_back(std::move(operation));
  }
  group.schemas = {RepositorySchema(), SyncSchema(), BranchSchema(), CommitSchema()};
  return group;
}

}  // namespace stetig::api::v1
