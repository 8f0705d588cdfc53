#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ids.h"
#include "base/text.h"
#include "connect/internal/booking.h"
#include "connect/keys.h"
#include "journal/service.h"

namespace stetig::connect::booking {
namespace {

constexpr int64_t kMaxTwins = 8;

journal::Ref CommitRef(const std::string& sha) { return {.type = "commit", .id = sha}; }

Status Append(store::Transaction& tx, const Occasion& occasion, std::string kind,
              journal::Ref subject, json::Object payload, std::vector<journal::Ref> refs = {},
              std::vector<std::string> texts = {}) {
  return journal::Append(tx, {.time = occasion.now,
                              .project = occasion.source.source.project,
                              .actor = occasion.who.user,
                              .kind = std::move(kind),
                              .subject = std::move(subject),
                              .refs = std::move(refs),
                              .payload = json::Dump(json::Value(std::move(payload))),
                              .request_id = occasion.who.request_id,
                              .texts = std::move(texts)});
}

Status NoteCommit(store::Transaction& tx, const Occasion& occasion, const Commit& commit,
                  const std::vector<std::string>& unknown) {
  json::Object payload = {{"title", commit.subject},
                          {"status", "reachable"},
                          {"repository", occasion.source.source.name},
                          {"authored_at", FormatIso8601(commit.authored)},
                          {"committed_at", FormatIso8601(commit.committed)}};
  if (commit.parents.size() > 1) payload.emplace_back("merge", true);
  if (!unknown.empty()) {
    payload.emplace_back("unknown_keys", fmt::format("{}", fmt::join(unknown, " ")));
  }
  std::vector<std::string> people;
  for (const std::string* text : {&commit.author_name, &commit.author_email}) {
    if (!text->empty()) people.push_back(*text);
  }
  return Append(tx, occasion, "commit.recorded", CommitRef(commit.sha), std::move(payload), {},
                std::move(people));
}

Status LinkRecords(store::Transaction& tx, const Occasion& occasion, const NewCommit& commit,
                   const Keys& keys, SyncReport& report, std::vector<std::string>& unknown) {
  for (const Mention& mention : MentionsOf(commit.commit, commit.branch)) {
    const auto found = keys.find(mention.key);
    if (found == keys.end()) continue;  // no project of ours: "UTF-8"
    if (!found->second) {
      unknown.push_back(mention.key);
      ++report.unknown_keys;
      continue;
    }
    TRY(BookEdge(tx, occasion,
                 {.type = "done_in",
                  .from = *found->second,
                  .to = CommitRef(commit.commit.sha),
                  .rule = RuleOf(mention),
                  .evidence = mention.span},
                 report));
  }
  return OkStatus();
}

/// Edges from earlier commits with the same change.
Status LinkTwins(store::Transaction& tx, const Occasion& occasion, const Commit& commit,
                 SyncReport& report) {
  const std::string picked = PickedFrom(commit.body);
  const int64_t repository_no = occasion.source.repository_no;
  if (!picked.empty()) {
    ASSIGN_OR_RETURN(const auto origin, repository::FindCommit(tx, repository_no, picked));
    if (origin) {
      TRY(BookEdge(tx, occasion,
                   {.type = "carried_to",
                    .from = CommitRef(picked),
                    .to = CommitRef(commit.sha),
                    .rule = "cherry-pick",
                    .evidence = fmt::format("cherry picked from commit {}", picked)},
                   report));
    }
  }
  if (commit.patch.empty()) return OkStatus();
  ASSIGN_OR_RETURN(const auto twins,
                   repository::FindByPatch(tx, repository_no, commit.patch, kMaxTwins));
  for (const repository::CommitRow& twin : twins) {
    if (twin.commit.sha == commit.sha || twin.commit.sha == picked) continue;
    TRY(BookEdge(tx, occasion,
                 {.type = "carried_to",
                  .from = CommitRef(twin.commit.sha),
                  .to = CommitRef(commit.sha),
                  .rule = "same patch",
                  .evidence = fmt::format("patch {}", commit.patch)},
                 report));
  }
  return OkStatus();
}

Status NoteRef(store::Transaction& tx, const Occasion& occasion, const GitRef& ref,
               std::string_view what, json::Object payload) {
  payload.emplace_back("name", ref.name);
  payload.emplace_back("repository", occasion.source.source.name);
  const std::string kind(RefKindName(ref.kind));
  return Append(tx, occasion, fmt::format("{}.{}", kind, what),
                {kind, fmt::format("{}/{}", occasion.source.source.id, ref.name)},
                std::move(payload), {CommitRef(ref.sha)});
}

}  // namespace

Status BookEdge(store::Transaction& tx, const Occasion& occasion, const Edge& edge,
                SyncReport& report) {
  const auto end = [](const journal::Ref& ref) { return json::Array{ref.type, ref.id}; };
  json::Object payload = {{"type", edge.type},  {"from", end(edge.from)},
                          {"to", end(edge.to)}, {"basis", "derived"},
                          {"rule", edge.rule},  {"evidence", edge.evidence}};
  TRY(Append(tx, occasion, "link.asserted", {"link", NewUlid(occasion.now)}, std::move(payload),
             {edge.from, edge.to}));
  ++report.links;
  return OkStatus();
}

Status BookCommit(store::Transaction& tx, const Occasion& occasion, const NewCommit& commit,
                  const Keys& keys, SyncReport& report) {
  const int64_t repository_no = occasion.source.repository_no;
  ASSIGN_OR_RETURN(const bool inserted, repository::InsertCommit(tx, repository_no, commit.commit));
  if (!inserted) {
    ASSIGN_OR_RETURN(const int64_t changed,
                     repository::SetReachable(tx, repository_no, commit.commit.sha, true));
    if (changed == 0) return OkStatus();
    return Append(tx, occasion, "commit.reachable", CommitRef(commit.commit.sha),
                  {{"status", "reachable"}});
  }
  ++report.commits;
  std::vector<std::string> unknown;
  TRY(LinkRecords(tx, occasion, commit, keys, report, unknown));
  TRY(NoteCommit(tx, occasion, commit.commit, unknown));
  return LinkTwins(tx, occasion, commit.commit, report);
}

Status BookRef(store::Transaction& tx, const Occasion& occasion, const Branch& branch,
               std::string_view before, SyncReport& report) {
  TRY(repository::PutRef(tx, occasion.source.repository_no, branch));
  ++report.moved;
  json::Object payload = {{"to", branch.ref.sha}};
  if (before.empty()) return NoteRef(tx, occasion, branch.ref, "created", std::move(payload));
  payload.emplace_back("from", std::string(before));
  payload.emplace_back("rewritten", branch.rewritten);
  return NoteRef(tx, occasion, branch.ref, "moved", std::move(payload));
}

Status BookDeletedRef(store::Transaction& tx, const Occasion& occasion, const GitRef& ref,
                      SyncReport& report) {
  TRY(repository::DeleteRef(tx, occasion.source.repository_no, ref));
  ++report.moved;
  return NoteRef(tx, occasion, ref, "deleted", {{"from", ref.sha}});
}

Status BookUnreachable(store::Transaction& tx, const Occasion& occasion, const std::string& sha,
                       SyncReport& report) {
  ASSIGN_OR_RETURN(
      const int64_t changed,
      repository::SetReachable(tx, occasion.source.repository_no, sha, /*reachable=*/false));
  if (changed == 0) return OkStatus();
  ++report.unreachable;
  return Append(tx, occasion, "commit.unreachable", CommitRef(sha), {{"status", "unreachable"}});
}

}  // namespace stetig::connect::booking
