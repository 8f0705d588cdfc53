#include "connect/forge/repository.h"

#include <algorithm>

namespace stetig::connect::forge::repository {
namespace {

using std::string_view;
using store::Row;
using store::Statement;

constexpr Statement kFind{
    "SELECT repository_no, name, shape, api, full_name, secret, token, created_at, created_by, "
    "polled_at, seen_to, next_poll, failures, trouble FROM forge_repositories WHERE name = $1"};
constexpr Statement kList{
    "SELECT repository_no, name, shape, api, full_name, secret, token, created_at, created_by, "
    "polled_at, seen_to, next_poll, failures, trouble FROM forge_repositories ORDER BY name"};
constexpr Statement kNext{"SELECT coalesce(max(repository_no), 0) + 1 FROM forge_repositories"};
constexpr Statement kInsert{
    "INSERT INTO forge_repositories (repository_no, name, shape, api, full_name, secret, token, "
    "created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"};
constexpr Statement kRemove[] = {
    Statement{"DELETE FROM forge_etags WHERE repository_no = $1"},
    Statement{"DELETE FROM forge_statuses WHERE repository_no = $1"},
    Statement{"DELETE FROM forge_deliveries WHERE repository_no = $1"},
    Statement{"DELETE FROM forge_edges WHERE repository_no = $1"},
    Statement{"DELETE FROM forge_branch_commits WHERE repository_no = $1"},
    Statement{"DELETE FROM forge_facts WHERE repository_no = $1"},
    Statement{"DELETE FROM forge_repositories WHERE repository_no = $1"},
};
constexpr Statement kSavePoll{
    "UPDATE forge_repositories SET polled_at = $2, seen_to = $3, next_poll = $4, failures = $5, "
    "trouble = $6 WHERE repository_no = $1"};
constexpr Statement kHurry{"UPDATE forge_repositories SET next_poll = 0 WHERE repository_no = $1"};

constexpr Statement kFindFact{
    "SELECT key, at, rank, polled, document FROM forge_facts "
    "WHERE repository_no = $1 AND kind = $2 AND key = $3"};
constexpr Statement kSaveFact{
    "INSERT INTO forge_facts (repository_no, kind, key, at, rank, polled, kept_at, unresolved, "
    "branch, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
    "ON CONFLICT (repository_no, kind, key) DO UPDATE SET at = excluded.at, rank = excluded.rank, "
    "polled = excluded.polled, unresolved = excluded.unresolved, branch = excluded.branch, "
    "document = excluded.document"};
constexpr Statement kConfirmFact{
    "UPDATE forge_facts SET at = $4, rank = $5, polled = $6 "
    "WHERE repository_no = $1 AND kind = $2 AND key = $3"};
constexpr Statement kSetUnresolved{
    "UPDATE forge_facts SET unresolved = $4 WHERE repository_no = $1 AND kind = $2 AND key = $3"};
constexpr Statement kUnresolved{
    "SELECT key, at, rank, polled, document, kind FROM forge_facts "
    "WHERE repository_no = $1 AND unresolved = 1 ORDER BY kind, key LIMIT $2"};
constexpr Statement kRequestsOf{
    "SELECT document FROM forge_facts WHERE repository_no = $1 AND branch = $2 AND branch <> '' "
    "ORDER BY key"};
constexpr Statement kBranches{
    "SELECT key, at, rank, polled, document FROM forge_facts "
    "WHERE repository_no = $1 AND kind = 'branch' ORDER BY key"};
constexpr Statement kUnasked{
    "SELECT key FROM forge_facts WHERE repository_no = $1 AND kind = 'commit' "
    "AND at > $2 AND asked < kept_at + $3 AND asked <= $4 ORDER BY asked, kept_at DESC, key "
    "LIMIT $5"};
constexpr Statement kMarkAsked{
    "UPDATE forge_facts SET asked = $3 WHERE repository_no = $1 AND kind = 'commit' AND key = $2"};

constexpr Statement kAddBranchCommit{
    "INSERT INTO forge_branch_commits (repository_no, branch, sha, at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT DO NOTHING"};
constexpr Statement kBranchCommits{
    "SELECT sha FROM forge_branch_commits WHERE repository_no = $1 AND branch = $2 "
    "AND ($3 = 0 OR at <= $3) ORDER BY at DESC, sha LIMIT $4",
    "SELECT sha FROM forge_branch_commits WHERE repository_no = $1 AND branch = $2 "
    "AND ($3::bigint = 0 OR at <= $3::bigint) ORDER BY at DESC, sha LIMIT $4"};

constexpr Statement kEdges{
    "SELECT type, from_type, from_id, to_type, to_id, rule FROM forge_edges "
    "WHERE repository_no = $1 AND owner = $2"};
constexpr Statement kAddEdge{
    "INSERT INTO forge_edges (repository_no, owner, type, from_type, from_id, to_type, to_id, "
    "rule) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr Statement kDropEdge{
    "DELETE FROM forge_edges WHERE repository_no = $1 AND owner = $2 AND type = $3 "
    "AND from_type = $4 AND from_id = $5 AND to_type = $6 AND to_id = $7"};

constexpr Statement kAddDelivery{
    "INSERT INTO forge_deliveries (repository_no, delivery, at) VALUES ($1, $2, $3) "
    "ON CONFLICT DO NOTHING"};
constexpr Statement kForgetDeliveries{"DELETE FROM forge_deliveries WHERE at < $1"};

constexpr Statement kFindStatus{
    "SELECT s.repository_no, r.name, s.sha, s.context, s.state, s.description, s.url, s.revision, "
    "s.sent_revision, s.attempts, s.next_at, s.trouble, s.updated_at FROM forge_statuses s "
    "JOIN forge_repositories r ON r.repository_no = s.repository_no "
    "WHERE s.repository_no = $1 AND s.sha = $2 AND s.context = $3"};
constexpr Statement kDueStatuses{
    "SELECT s.repository_no, r.name, s.sha, s.context, s.state, s.description, s.url, s.revision, "
    "s.sent_revision, s.attempts, s.next_at, s.trouble, s.updated_at FROM forge_statuses s "
    "JOIN forge_repositories r ON r.repository_no = s.repository_no "
    "WHERE s.sent_revision < s.revision AND s.next_at <= $1 ORDER BY s.next_at LIMIT $2"};
constexpr Statement kStatuses{
    "SELECT s.repository_no, r.name, s.sha, s.context, s.state, s.description, s.url, s.revision, "
    "s.sent_revision, s.attempts, s.next_at, s.trouble, s.updated_at FROM forge_statuses s "
    "JOIN forge_repositories r ON r.repository_no = s.repository_no "
    "WHERE s.repository_no = $1 ORDER BY s.updated_at DESC, s.sha, s.context LIMIT $2"};
constexpr Statement kSaveStatus{
    "INSERT INTO forge_statuses (repository_no, sha, context, state, description, url, revision, "
    "sent_revision, attempts, next_at, trouble, updated_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
    "ON CONFLICT (repository_no, sha, context) DO UPDATE SET state = excluded.state, "
    "description = excluded.description, url = excluded.url, revision = excluded.revision, "
    "sent_revision = excluded.sent_revision, attempts = excluded.attempts, "
    "next_at = excluded.next_at, trouble = excluded.trouble, updated_at = excluded.updated_at"};
constexpr Statement kRepositoriesWith{
    "SELECT r.repository_no FROM forge_repositories r JOIN forge_facts f "
    "ON f.repository_no = r.repository_no WHERE f.kind = 'commit' AND f.key = $1 "
    "ORDER BY r.repository_no"};

constexpr Statement kEtag{"SELECT etag FROM forge_etags WHERE repository_no = $1 AND target = $2"};
constexpr Statement kSaveEtag{
    "INSERT INTO forge_etags (repository_no, target, etag) VALUES ($1, $2, $3) "
    "ON CONFLICT (repository_no, target) DO UPDATE SET etag = excluded.etag"};

Repository ToRepository(const Row& row) {
  Repository out;
  out.repository_no = row.Int(0);
  out.name = row.Text(1);
  out.shape = row.Text(2);
  out.api = row.Text(3);
  out.full_name = row.Text(4);
  out.secret = row.Text(5);
  out.token = row.Text(6);
  out.created = {row.Int(7)};
  out.created_by = row.Text(8);
  out.polled = {row.Int(9)};
  out.seen_to = {row.Int(10)};
  out.next_poll = {row.Int(11)};
  out.failures = row.Int(12);
  out.trouble = row.Text(13);
  return out;
}

FactRow ToFact(const Row& row) {
  return {.key = std::string(row.Text(0)),
          .version = {.at = {row.Int(1)}, .rank = row.Int(2)},
          .polled = row.Int(3) != 0,
          .document = std::string(row.Text(4))};
}

OutStatus ToStatus(const Row& row) {
  OutStatus out;
  out.repository_no = row.Int(0);
  out.repository = row.Text(1);
  out.sha = row.Text(2);
  out.context = row.Text(3);
  out.state = row.Text(4);
  out.description = row.Text(5);
  out.url = row.Text(6);
  out.revision = row.Int(7);
  out.sent_revision = row.Int(8);
  out.attempts = row.Int(9);
  out.next = {row.Int(10)};
  out.trouble = row.Text(11);
  out.updated = {row.Int(12)};
  return out;
}

std::string ToText(const Row& row) { return std::string(row.Text(0)); }

/// All rows of a query, each turned into a value.
template <class T>
Result<std::vector<T>> All(store::Session& session, const Statement& statement,
                           std::initializer_list<store::Value> params, T (*turn)(const Row&)) {
  std::vector<T> out;
  TRY(session.Query(statement, params, [&](const Row& row) {
    out.push_back(turn(row));
    return OkStatus();
  }));
  return out;
}

template <class T>
Result<std::optional<T>> One(store::Session& session, const Statement& statement,
                             std::initializer_list<store::Value> params, T (*turn)(const Row&)) {
  ASSIGN_OR_RETURN(std::vector<T> rows, All(session, statement, params, turn));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

int64_t ToInt(const Row& row) { return row.Int(0); }

}  // namespace

Result<std::optional<Repository>> Find(store::Session& session, string_view name) {
  return One<Repository>(session, kFind, {name}, ToRepository);
}

Result<std::vector<Repository>> List(store::Session& session) {
  return All<Repository>(session, kList, {}, ToRepository);
}

Status Insert(store::Transaction& tx, Repository& r) {
  ASSIGN_OR_RETURN(const auto next, One<int64_t>(tx, kNext, {}, ToInt));
  r.repository_no = next.value_or(1);
  const store::Value params[] = {r.repository_no, r.name,  r.shape,      r.api,       r.full_name,
                                 r.secret,        r.token, r.created.ms, r.created_by};
  ASSIGN_OR_RETURN(const int64_t made, tx.Changed(kInsert, params));
  if (made == 1) return OkStatus();
  return Err(Code::kAlreadyExists, "a repository '" + r.name + "' is connected already",
             "name_taken");
}

Status Remove(store::Transaction& tx, int64_t repository_no) {
  for (const Statement& statement : kRemove) TRY(tx.Execute(statement, {repository_no}));
  return OkStatus();
}

Status SavePoll(store::Transaction& tx, const Repository& r) {
  return tx.Execute(kSavePoll, {r.repository_no, r.polled.ms, r.seen_to.ms, r.next_poll.ms,
                                r.failures, r.trouble});
}

Status HurryPoll(store::Transaction& tx, int64_t repository_no) {
  return tx.Execute(kHurry, {repository_no});
}

Result<std::optional<FactRow>> FindFact(store::Session& session, int64_t repository_no,
                                        string_view kind, string_view key) {
  return One<FactRow>(session, kFindFact, {repository_no, kind, key}, ToFact);
}

Status SaveFact(store::Transaction& tx, int64_t repository_no, string_view kind, const FactRow& row,
                const FactMarks& marks) {
  return tx.Execute(kSaveFact,
                    {repository_no, kind, row.key, row.version.at.ms, row.version.rank, row.polled,
                     marks.now.ms, marks.unresolved, marks.branch, row.document});
}

Status ConfirmFact(store::Transaction& tx, int64_t repository_no, string_view kind,
                   const FactRow& row) {
  return tx.Execute(kConfirmFact, {repository_no, kind, row.key, row.version.at.ms,
                                   row.version.rank, row.polled});
}

Status SetUnresolved(store::Transaction& tx, int64_t repository_no, string_view kind,
                     string_view key, bool unresolved) {
  return tx.Execute(kSetUnresolved, {repository_no, kind, key, unresolved});
}

Result<std::vector<std::pair<std::string, FactRow>>> Unresolved(store::Session& session,
                                                                int64_t repository_no,
                                                                int64_t limit) {
  std::vector<std::pair<std::string, FactRow>> out;
  TRY(session.Query(kUnresolved, {repository_no, limit}, [&](const Row& row) {
    out.emplace_back(row.Text(5), ToFact(row));
    return OkStatus();
  }));
  return out;
}

Result<std::vector<std::string>> RequestsOf(store::Session& session, int64_t repository_no,
                                            string_view branch) {
  return All<std::string>(session, kRequestsOf, {repository_no, branch}, ToText);
}

Result<std::vector<FactRow>> Branches(store::Session& session, int64_t repository_no) {
  return All<FactRow>(session, kBranches, {repository_no}, ToFact);
}

Result<std::vector<std::string>> Unasked(store::Session& session, int64_t repository_no,
                                         const Asking& asking) {
  return All<std::string>(
      session, kUnasked,
      {repository_no, asking.made_after.ms, asking.settle, asking.asked_before.ms, asking.limit},
      ToText);
}

Status MarkAsked(store::Transaction& tx, int64_t repository_no, string_view sha, WallTime now) {
  return tx.Execute(kMarkAsked, {repository_no, sha, now.ms});
}

Result<bool> AddBranchCommit(store::Transaction& tx, int64_t repository_no, string_view branch,
                             string_view sha, WallTime at) {
  const store::Value params[] = {repository_no, branch, sha, at.ms};
  ASSIGN_OR_RETURN(const int64_t made, tx.Changed(kAddBranchCommit, params));
  return made == 1;
}

Result<std::vector<std::string>> BranchCommits(store::Session& session, int64_t repository_no,
                                               string_view branch, WallTime until, int64_t limit) {
  return All<std::string>(session, kBranchCommits, {repository_no, branch, until.ms, limit},
                          ToText);
}

Result<std::vector<EdgeRow>> Edges(store::Session& session, int64_t repository_no,
                                   string_view owner) {
  return All<EdgeRow>(session, kEdges, {repository_no, owner}, [](const Row& row) {
    return EdgeRow{.type = std::string(row.Text(0)),
                   .from = {std::string(row.Text(1)), std::string(row.Text(2))},
                   .to = {std::string(row.Text(3)), std::string(row.Text(4))},
                   .rule = std::string(row.Text(5))};
  });
}

Status AddEdge(store::Transaction& tx, int64_t repository_no, string_view owner,
               const EdgeRow& edge) {
  return tx.Execute(kAddEdge, {repository_no, owner, edge.type, edge.from.type, edge.from.id,
                               edge.to.type, edge.to.id, edge.rule});
}

Status DropEdge(store::Transaction& tx, int64_t repository_no, string_view owner,
                const EdgeRow& edge) {
  return tx.Execute(kDropEdge, {repository_no, owner, edge.type, edge.from.type, edge.from.id,
                                edge.to.type, edge.to.id});
}

Result<bool> AddDelivery(store::Transaction& tx, int64_t repository_no, string_view delivery,
                         WallTime now) {
  const store::Value params[] = {repository_no, delivery, now.ms};
  ASSIGN_OR_RETURN(const int64_t made, tx.Changed(kAddDelivery, params));
  return made == 1;
}

Status ForgetDeliveries(store::Transaction& tx, WallTime before) {
  return tx.Execute(kForgetDeliveries, {before.ms});
}

Result<std::optional<OutStatus>> FindStatus(store::Session& session, int64_t repository_no,
                                            string_view sha, string_view context) {
  return One<OutStatus>(session, kFindStatus, {repository_no, sha, context}, ToStatus);
}

Status SaveStatus(store::Transaction& tx, const OutStatus& s) {
  return tx.Execute(kSaveStatus,
                    {s.repository_no, s.sha, s.context, s.state, s.description, s.url, s.revision,
                     s.sent_revision, s.attempts, s.next.ms, s.trouble, s.updated.ms});
}

Result<std::vector<OutStatus>> DueStatuses(store::Session& session, WallTime now, int64_t limit) {
  return All<OutStatus>(session, kDueStatuses, {now.ms, limit}, ToStatus);
}

Result<std::vector<OutStatus>> Statuses(store::Session& session, int64_t repository_no,
                                        int64_t limit) {
  return All<OutStatus>(session, kStatuses, {repository_no, limit}, ToStatus);
}

Result<std::vector<int64_t>> RepositoriesWith(store::Session& session, string_view sha) {
  return All<int64_t>(session, kRepositoriesWith, {sha}, ToInt);
}

Result<std::string> Etag(store::Session& session, int64_t repository_no, string_view target) {
  ASSIGN_OR_RETURN(auto found, One<std::string>(session, kEtag, {repository_no, target}, ToText));
  return found.value_or(std::string());
}

Status SaveEtag(store::Transaction& tx, int64_t repository_no, string_view target,
                string_view etag) {
  return tx.Execute(kSaveEtag, {repository_no, target, etag});
}

}  // namespace stetig::connect::forge::repository
