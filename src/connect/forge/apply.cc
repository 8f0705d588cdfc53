#include "connect/forge/apply.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_value.h"
#include "base/text.h"
#include "connect/forge/document.h"
#include "connect/forge/naming.h"
#include "connect/forge/reader.h"
#include "connect/forge/repository.h"
#include "journal/service.h"

namespace stetig::connect::forge {
namespace {

using journal::Ref;
using std::string_view;

constexpr int64_t kMaxBranchCommits = 500;
constexpr size_t kMaxContextInId = 200;

/// An edge as it is wanted, with what its event says.
struct Wanted {
  repository::EdgeRow row;
  string_view basis;
  std::string evidence;
  WallTime valid_from;  ///< 0: since it is known
};

/// What happened to one fact.
enum class Kept : unsigned char { kNew, kChanged, kSame, kStale };

class Taker {
 public:
  Taker(store::Transaction& tx, const Intake& intake, const Keys& keys)
      : tx_(tx), intake_(intake), keys_(keys) {}

  Status Take(const Facts& facts);
  Status TakeCommit(const Commit& commit);
  Status TakeBranch(const Branch& branch);
  Status TakeRequest(const MergeRequest& request);
  Status TakeReview(const Review& review);
  Status TakeStatus(const CommitStatus& status);
  Status LinkCommit(const Commit& commit);
  /// Edges to commits; these and those to records are apart, since their reasons come apart.
  Status LinkRequestCommits(const MergeRequest& request);
  Status LinkRequestRecords(const MergeRequest& request);
  Status AddCommitsOf(string_view branch, const std::vector<Commit>& commits);
  Applied& applied() { return applied_; }

 private:
  int64_t no() const { return intake_.repository_no; }
  Result<Kept> Keep(string_view kind, repository::FactRow row, bool unresolved = false,
                    string_view branch = {});
  Status Note(string_view kind, Ref subject, json::Object payload, std::vector<std::string> texts);
  Status SetEdges(const std::string& owner, const std::vector<Wanted>& wanted);
  /// Edges from the records that the mentions name.
  void AddMentions(const std::vector<Mention>& mentions, const Ref& to, WallTime valid_from,
                   std::vector<Wanted>& out) const;
  bool IsUnresolved(const std::vector<Mention>& mentions) const;
  Ref RequestRef(int64_t number) const {
    return {"merge_request", fmt::format("{}/{}", intake_.repository, number)};
  }

  store::Transaction& tx_;
  const Intake& intake_;
  const Keys& keys_;
  Applied applied_;
};

Result<Kept> Taker::Keep(string_view kind, repository::FactRow row, bool unresolved,
                         string_view branch) {
  row.polled = intake_.source == Source::kPoll;
  ASSIGN_OR_RETURN(const auto before, repository::FindFact(tx_, no(), kind, row.key));
  const repository::FactMarks marks{.now = intake_.now, .unresolved = unresolved, .branch = branch};
  if (!before) {
    TRY(repository::SaveFact(tx_, no(), kind, row, marks));
    ++applied_.taken;
    return Kept::kNew;
  }
  // Within one time of the forge's what a poll saw stands, whatever its rank: it came later.
  const bool same_time = row.version.at == before->version.at;
  const bool older =
      same_time && row.polled != before->polled ? before->polled : row.version < before->version;
  const bool newer =
      same_time && row.polled != before->polled ? row.polled : row.version > before->version;
  if (before->document == row.document) {
    if (newer) TRY(repository::ConfirmFact(tx_, no(), kind, row));
    ++applied_.known;
    return Kept::kSame;
  }
  // Equal versions with other contents: the greater text, so that the order does not matter. Of two
  // polls the later is right.
  if (older || (!newer && !row.polled && row.document < before->document)) {
    ++applied_.stale;
    return Kept::kStale;
  }
  TRY(repository::SaveFact(tx_, no(), kind, row, marks));
  ++applied_.taken;
  return Kept::kChanged;
}

Status Taker::Note(string_view kind, Ref subject, json::Object payload,
                   std::vector<std::string> texts) {
  std::erase(texts, std::string());
  return journal::Append(tx_, {.time = intake_.now,
                               .actor = "forge/" + intake_.repository,
                               .kind = std::string(kind),
                               .subject = std::move(subject),
                               .refs = {},
                               .payload = json::Dump(json::Value(std::move(payload))),
                               .request_id = intake_.request_id,
                               .texts = std::move(texts)});
}

Status Taker::SetEdges(const std::string& owner, const std::vector<Wanted>& wanted) {
  ASSIGN_OR_RETURN(const auto rows, repository::Edges(tx_, no(), owner));
  const auto event = [&](string_view what, const repository::EdgeRow& row,
                         json::Object more) -> Status {
    json::Object payload = {{"type", row.type},
                            {"from", json::Array{row.from.type, row.from.id}},
                            {"to", json::Array{row.to.type, row.to.id}},
                            {"rule", row.rule}};
    for (json::Member& member : more) payload.push_back(std::move(member));
    return Note(what, row.from, std::move(payload), {});
  };
  for (const repository::EdgeRow& row : rows) {
    const bool kept =
        std::ranges::any_of(wanted, [&](const Wanted& one) { return one.row == row; });
    if (kept) continue;
    TRY(repository::DropEdge(tx_, no(), owner, row));
    TRY(event("link.ended", row, {}));
  }
  std::vector<repository::EdgeRow> made;
  for (const Wanted& one : wanted) {
    const auto joins_same = [&](const repository::EdgeRow& row) {
      return row.type == one.row.type && row.from == one.row.from && row.to == one.row.to;
    };
    if (std::ranges::find(rows, one.row) != rows.end() || std::ranges::any_of(made, joins_same)) {
      continue;
    }
    made.push_back(one.row);
    TRY(repository::AddEdge(tx_, no(), owner, one.row));
    json::Object more = {{"basis", one.basis}, {"evidence", one.evidence}};
    if (one.valid_from.ms != 0) more.emplace_back("valid_from", one.valid_from.ms);
    TRY(event("link.asserted", one.row, std::move(more)));
  }
  return OkStatus();
}

void Taker::AddMentions(const std::vector<Mention>& mentions, const Ref& to, WallTime valid_from,
                        std::vector<Wanted>& out) const {
  for (const Mention& mention : mentions) {
    const auto found = keys_.find(mention.key);
    if (found == keys_.end() || !found->second) continue;
    out.push_back(
        {.row = {.type = "done_in", .from = *found->second, .to = to, .rule = RuleOf(mention)},
         .basis = "derived",
         .evidence = mention.span,
         .valid_from = valid_from});
  }
}

bool Taker::IsUnresolved(const std::vector<Mention>& mentions) const {
  return std::ranges::any_of(mentions, [&](const Mention& mention) {
    const auto found = keys_.find(mention.key);
    return found != keys_.end() && !found->second;
  });
}

Status Taker::LinkCommit(const Commit& commit) {
  std::vector<Wanted> wanted;
  AddMentions(InCommit(commit.message), {"commit", commit.sha}, commit.at, wanted);
  if (wanted.empty()) return OkStatus();  // a commit never loses what it names
  return SetEdges("commit/" + commit.sha, wanted);
}

Status Taker::TakeCommit(const Commit& commit) {
  const bool unresolved = IsUnresolved(InCommit(commit.message));
  repository::FactRow row{
      .key = commit.sha, .version = {.at = commit.at, .rank = 0}, .document = ToDocument(commit)};
  ASSIGN_OR_RETURN(const Kept kept, Keep("commit", std::move(row), unresolved));
  if (kept != Kept::kNew) return OkStatus();
  const string_view subject = string_view(commit.message).substr(0, commit.message.find('\n'));
  TRY(Note("commit.recorded", {"commit", commit.sha},
           {{"title", FirstBytes(subject, kMaxText)},
            {"repository", intake_.repository},
            {"url", commit.url},
            {"committed_at", FormatIso8601(commit.at)}},
           {FirstBytes(commit.author, kMaxText)}));
  return LinkCommit(commit);
}

Status Taker::TakeBranch(const Branch& branch) {
  repository::FactRow row{
      .key = branch.name, .version = branch.version, .document = ToDocument(branch)};
  // Pushes within one second: each says what it came after.
  ASSIGN_OR_RETURN(const auto before, repository::FindFact(tx_, no(), "branch", branch.name));
  if (before && before->version.at == branch.version.at && intake_.source == Source::kWebhook) {
    ASSIGN_OR_RETURN(const Branch known, BranchFrom(before->document));
    if (known.head == branch.before && known.head != branch.head) {
      row.version.rank = before->version.rank + 1;
    }
    if (known.before == branch.head && known.head != branch.head) {
      row.version.rank = before->version.rank - 1;
    }
  }
  const auto kept = Keep("branch", std::move(row));
  return kept ? OkStatus() : kept.error();
}

Status Taker::LinkRequestCommits(const MergeRequest& request) {
  const Ref ref = RequestRef(request.number);
  std::vector<Wanted> wanted;
  const auto join = [&](string_view type, Ref from, Ref to, string_view rule) {
    wanted.push_back({.row = {.type = std::string(type),
                              .from = std::move(from),
                              .to = std::move(to),
                              .rule = std::string(rule)},
                      .basis = "asserted",
                      .evidence = request.url,
                      .valid_from = {}});
  };
  ASSIGN_OR_RETURN(const auto commits,
                   repository::BranchCommits(tx_, no(), request.source_branch, request.closed_at,
                                             kMaxBranchCommits));
  if (!request.head.empty()) join("merged_by", {"commit", request.head}, ref, "head");
  for (const std::string& sha : commits) {
    if (sha != request.head) join("merged_by", {"commit", sha}, ref, "branch");
  }
  if (!request.merge_commit.empty() && request.merge_commit != request.head) {
    join("merged_as", ref, {"commit", request.merge_commit}, "merge");
  }
  return SetEdges(fmt::format("merge_request/{}/commits", request.number), wanted);
}

Status Taker::LinkRequestRecords(const MergeRequest& request) {
  std::vector<Wanted> wanted;
  AddMentions(InRequest(request), RequestRef(request.number), {}, wanted);
  return SetEdges(fmt::format("merge_request/{}", request.number), wanted);
}

Status Taker::TakeRequest(const MergeRequest& request) {
  const bool unresolved = IsUnresolved(InRequest(request));
  repository::FactRow row{.key = std::to_string(request.number),
                          .version = request.version,
                          .document = ToDocument(request)};
  ASSIGN_OR_RETURN(const Kept kept,
                   Keep("merge_request", std::move(row), unresolved, request.source_branch));
  if (kept != Kept::kNew && kept != Kept::kChanged) return OkStatus();
  TRY(Note("merge_request.recorded", RequestRef(request.number),
           {{"title", request.title},
            {"status", request.state},
            {"repository", intake_.repository},
            {"number", request.number},
            {"source_branch", request.source_branch},
            {"target_branch", request.target_branch},
            {"head", request.head},
            {"draft", request.draft},
            {"author_id", request.author.id},
            {"url", request.url}},
           {request.author.login}));
  TRY(LinkRequestRecords(request));
  return LinkRequestCommits(request);
}

Status Taker::TakeReview(const Review& review) {
  const std::string key = fmt::format("{}/{}", review.merge_request, review.reviewer.id);
  repository::FactRow row{.key = key, .version = review.version, .document = ToDocument(review)};
  ASSIGN_OR_RETURN(const Kept kept, Keep("review", std::move(row)));
  if (kept != Kept::kNew && kept != Kept::kChanged) return OkStatus();
  const Ref ref{"approval", fmt::format("merge_request/{}/{}", intake_.repository, key)};
  const bool given = review.state == "approved";
  TRY(Note("approval.recorded", ref,
           {{"status", given                         ? "given"
                       : review.state == "dismissed" ? "withdrawn"
                                                     : "refused"},
            {"title", "review of a merge request"},
            {"repository", intake_.repository},
            {"reviewer_id", review.reviewer.id},
            {"commit", review.commit}},
           {review.reviewer.login}));
  std::vector<Wanted> wanted;
  if (given) {
    wanted.push_back({.row = {.type = "approves",
                              .from = ref,
                              .to = RequestRef(review.merge_request),
                              .rule = "review"},
                      .basis = "asserted",
                      .evidence = {},
                      .valid_from = {}});
  }
  return SetEdges("review/" + key, wanted);
}

Status Taker::TakeStatus(const CommitStatus& status) {
  const std::string key = fmt::format("{}/{}", status.commit, status.context);
  repository::FactRow row{.key = key, .version = status.version, .document = ToDocument(status)};
  ASSIGN_OR_RETURN(const Kept kept, Keep("status", std::move(row)));
  if (kept != Kept::kNew && kept != Kept::kChanged) return OkStatus();
  const Ref ref{"ci_run", fmt::format("{}/{}/{}", intake_.repository, status.commit,
                                      FirstBytes(status.context, kMaxContextInId))};
  TRY(Note("ci_run.recorded", ref,
           {{"title", status.context},
            {"status", status.state},
            {"repository", intake_.repository},
            {"commit", status.commit},
            {"description", status.description},
            {"url", status.url}},
           {}));
  return SetEdges("status/" + key, {{.row = {.type = "checked_by",
                                             .from = {"commit", status.commit},
                                             .to = ref,
                                             .rule = "status"},
                                     .basis = "asserted",
                                     .evidence = {},
                                     .valid_from = {}}});
}

Status Taker::AddCommitsOf(string_view branch, const std::vector<Commit>& commits) {
  bool added = false;
  for (const Commit& commit : commits) {
    ASSIGN_OR_RETURN(const bool fresh,
                     repository::AddBranchCommit(tx_, no(), branch, commit.sha, commit.at));
    added = added || fresh;
  }
  if (!added) return OkStatus();
  ASSIGN_OR_RETURN(const auto requests, repository::RequestsOf(tx_, no(), branch));
  for (const std::string& document : requests) {
    ASSIGN_OR_RETURN(const MergeRequest request, MergeRequestFrom(document));
    TRY(LinkRequestCommits(request));
  }
  return OkStatus();
}

Status Taker::Take(const Facts& facts) {
  for (const Commit& commit : facts.commits) TRY(TakeCommit(commit));
  for (const Branch& branch : facts.branches) {
    TRY(TakeBranch(branch));
    if (intake_.source == Source::kWebhook) TRY(AddCommitsOf(branch.name, facts.commits));
  }
  for (const MergeRequest& request : facts.merge_requests) TRY(TakeRequest(request));
  for (const Review& review : facts.reviews) TRY(TakeReview(review));
  for (const CommitStatus& status : facts.statuses) TRY(TakeStatus(status));
  return OkStatus();
}

}  // namespace

Result<Applied> Apply(store::Transaction& tx, const Intake& intake, const Facts& facts,
                      const Keys& keys) {
  Taker taker(tx, intake, keys);
  TRY(taker.Take(facts));
  return taker.applied();
}

Status AddRequestCommits(store::Transaction& tx, const Intake& intake, const MergeRequest& request,
                         const std::vector<Commit>& commits, const Keys& keys) {
  return Taker(tx, intake, keys).AddCommitsOf(request.source_branch, commits);
}

Status Resolve(store::Transaction& tx, const Intake& intake, string_view kind, string_view key,
               string_view document, const Keys& keys) {
  Taker taker(tx, intake, keys);
  if (kind == "commit") {
    ASSIGN_OR_RETURN(const Commit commit, CommitFrom(document));
    TRY(taker.LinkCommit(commit));
  } else if (kind == "merge_request") {
    ASSIGN_OR_RETURN(const MergeRequest request, MergeRequestFrom(document));
    TRY(taker.LinkRequestRecords(request));
  }
  const bool left = std::ranges::any_of(KeysIn(kind, document), [&](const std::string& one) {
    const auto found = keys.find(one);
    return found != keys.end() && !found->second;
  });
  return left ? OkStatus() : repository::SetUnresolved(tx, intake.repository_no, kind, key, false);
}

}  // namespace stetig::connect::forge
