#include "connect/repository.h"

#include <fmt/ranges.h>

#include "base/text.h"

namespace stetig::connect::repository {
namespace {

using store::Literal;
using store::Row;
using store::SqlBuilder;
using store::Statement;

constexpr Literal kSelectSource =
    "SELECT repository_no, id, name, url, project, poll_seconds, created_at, created_by, tried_at, "
    "synced_at, last_error FROM connect_repositories ";
constexpr Statement kNextSource{
    "SELECT coalesce(max(repository_no), 0) + 1 FROM connect_repositories"};
constexpr Statement kInsertSource{
    "INSERT INTO connect_repositories (repository_no, id, name, url, project, poll_seconds, "
    "created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO "
    "NOTHING"};
constexpr Statement kSetSource{
    "UPDATE connect_repositories SET url = $2, project = $3, poll_seconds = $4 "
    "WHERE repository_no = $1"};
constexpr Statement kSetTried{
    "UPDATE connect_repositories SET tried_at = $2 WHERE repository_no = $1"};
constexpr Statement kSetSynced{
    "UPDATE connect_repositories SET synced_at = coalesce($2, synced_at), last_error = $3 WHERE "
    "repository_no = $1"};
constexpr Statement kDeleteRefs{"DELETE FROM connect_refs WHERE repository_no = $1"};
constexpr Statement kDeleteCommits{"DELETE FROM connect_commits WHERE repository_no = $1"};
constexpr Statement kDeleteSource{"DELETE FROM connect_repositories WHERE repository_no = $1"};

constexpr Literal kSelectCommit =
    "SELECT c.commit_no, c.repository_no, r.id, c.sha, c.parents, c.author_name, c.author_email, "
    "c.authored_at, c.committed_at, c.subject, c.patch, c.reachable FROM connect_commits c JOIN "
    "connect_repositories r ON r.repository_no = c.repository_no ";
constexpr Statement kNextCommit{"SELECT coalesce(max(commit_no), 0) + 1 FROM connect_commits"};
constexpr Statement kInsertCommit{
    "INSERT INTO connect_commits (commit_no, repository_no, sha, parents, author_name, "
    "author_email, "
    "authored_at, committed_at, subject, patch, reachable) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
    "$9, $10, $11) ON CONFLICT (sha, repository_no) DO NOTHING"};
constexpr Statement kSetReachable{
    "UPDATE connect_commits SET reachable = $3 WHERE repository_no = $1 AND sha = $2 AND "
    "reachable <> $3"};

constexpr Statement kListRefs{
    "SELECT r.id, f.kind, f.name, f.sha, f.moved_at, f.rewritten FROM connect_refs f JOIN "
    "connect_repositories r ON r.repository_no = f.repository_no WHERE f.repository_no = $1 "
    "ORDER BY f.kind, f.name"};
constexpr Statement kPutRef{
    "INSERT INTO connect_refs (repository_no, kind, name, sha, moved_at, rewritten) VALUES ($1, "
    "$2, $3, $4, $5, $6) ON CONFLICT (repository_no, kind, name) DO UPDATE SET sha = excluded.sha, "
    "moved_at = excluded.moved_at, rewritten = excluded.rewritten"};
constexpr Statement kDeleteRef{
    "DELETE FROM connect_refs WHERE repository_no = $1 AND kind = $2 AND name = $3"};

SourceRow ToSource(const Row& row) {
  SourceRow found{.repository_no = row.Int(0), .source = {}, .tried = {row.Int(8)}};
  SourceRepository& source = found.source;
  source.id = row.Text(1);
  source.name = row.Text(2);
  source.url = row.Text(3);
  source.project = row.Text(4);
  source.poll_seconds = row.Int(5);
  source.created = {row.Int(6)};
  source.created_by = row.Text(7);
  if (!row.IsNull(9)) source.synced = WallTime{row.Int(9)};
  source.last_error = row.Text(10);
  return found;
}

CommitRow ToCommit(const Row& row) {
  CommitRow found{.commit_no = row.Int(0), .repository_no = row.Int(1), .commit = {}};
  Commit& commit = found.commit;
  commit.repository = row.Text(2);
  commit.sha = row.Text(3);
  if (!row.Text(4).empty()) {
    for (const std::string_view parent : Split(row.Text(4), ' ')) {
      commit.parents.emplace_back(parent);
    }
  }
  commit.author_name = row.Text(5);
  commit.author_email = row.Text(6);
  commit.authored = {row.Int(7)};
  commit.committed = {row.Int(8)};
  commit.subject = row.Text(9);
  commit.patch = row.Text(10);
  commit.reachable = row.Int(11) != 0;
  return found;
}

template <class T, class Convert>
Result<std::vector<T>> Rows(store::Session& session, const SqlBuilder& sql, Convert convert) {
  std::vector<T> rows;
  TRY(session.Query(sql, [&](const Row& row) {
    rows.push_back(convert(row));
    return OkStatus();
  }));
  return rows;
}

Result<int64_t> Number(store::Session& session, const Statement& statement) {
  int64_t number = 0;
  TRY(session.Query(statement, {}, [&](const Row& row) {
    number = row.Int(0);
    return OkStatus();
  }));
  return number;
}

}  // namespace

Status InsertSource(store::Transaction& tx, const SourceRepository& source) {
  ASSIGN_OR_RETURN(const int64_t number, Number(tx, kNextSource));
  const store::Value values[] = {
      number,         source.id,           source.name,       source.url,
      source.project, source.poll_seconds, source.created.ms, source.created_by};
  ASSIGN_OR_RETURN(const int64_t inserted, tx.Changed(kInsertSource, values));
  if (inserted == 1) return OkStatus();
  return Err(Code::kAlreadyExists, fmt::format("repository '{}' exists already", source.name),
             "repository_exists");
}

Result<std::optional<SourceRow>> FindSource(store::Session& session, std::string_view reference) {
  SqlBuilder sql(kSelectSource);
  sql.Add("WHERE id = ").Bind(reference).Add(" OR name = ").Bind(reference);
  ASSIGN_OR_RETURN(auto rows, Rows<SourceRow>(session, sql, ToSource));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

Result<std::vector<SourceRow>> ListSources(store::Session& session, int64_t after, int64_t limit) {
  SqlBuilder sql(kSelectSource);
  sql.Add("WHERE repository_no > ").Bind(after).Add(" ORDER BY repository_no LIMIT ").Bind(limit);
  return Rows<SourceRow>(session, sql, ToSource);
}

Status SetSource(store::Transaction& tx, const SourceRow& row) {
  return tx.Execute(
      kSetSource, {row.repository_no, row.source.url, row.source.project, row.source.poll_seconds});
}

Status DeleteSource(store::Transaction& tx, int64_t repository_no) {
  TRY(tx.Execute(kDeleteRefs, {repository_no}));
  TRY(tx.Execute(kDeleteCommits, {repository_no}));
  return tx.Execute(kDeleteSource, {repository_no});
}

Status SetTried(store::Transaction& tx, int64_t repository_no, WallTime now) {
  return tx.Execute(kSetTried, {repository_no, now.ms});
}

Status SetSynced(store::Transaction& tx, int64_t repository_no, std::optional<WallTime> synced,
                 std::string_view error) {
  const store::Value time = synced ? store::Value(synced->ms) : store::Value();
  return tx.Execute(kSetSynced, {repository_no, time, error});
}

Result<bool> InsertCommit(store::Transaction& tx, int64_t repository_no, const Commit& commit) {
  ASSIGN_OR_RETURN(const int64_t number, Number(tx, kNextCommit));
  const std::string parents = fmt::format("{}", fmt::join(commit.parents, " "));
  const store::Value values[] = {number,
                                 repository_no,
                                 commit.sha,
                                 parents,
                                 commit.author_name,
                                 commit.author_email,
                                 commit.authored.ms,
                                 commit.committed.ms,
                                 commit.subject,
                                 commit.patch,
                                 commit.reachable};
  ASSIGN_OR_RETURN(const int64_t inserted, tx.Changed(kInsertCommit, values));
  return inserted == 1;
}

Result<std::vector<CommitRow>> FindCommits(store::Session& session, std::string_view sha) {
  SqlBuilder sql(kSelectCommit);
  // Hexadecimal digits: what starts with `sha` lies between it and it with a 'g' behind.
  sql.Add("WHERE c.sha >= ").Bind(sha).Add(" AND c.sha < ").Bind(std::string(sha) + "g");
  sql.Add(" ORDER BY c.sha, c.commit_no LIMIT 2");
  return Rows<CommitRow>(session, sql, ToCommit);
}

Result<std::optional<CommitRow>> FindCommit(store::Session& session, int64_t repository_no,
                                            std::string_view sha) {
  SqlBuilder sql(kSelectCommit);
  sql.Add("WHERE c.sha = ").Bind(sha).Add(" AND c.repository_no = ").Bind(repository_no);
  ASSIGN_OR_RETURN(auto rows, Rows<CommitRow>(session, sql, ToCommit));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

Result<std::vector<CommitRow>> ListCommits(store::Session& session, const CommitListing& listing) {
  SqlBuilder sql(kSelectCommit);
  sql.Add("WHERE 1 = 1");
  if (listing.repository_no) sql.Add(" AND c.repository_no = ").Bind(*listing.repository_no);
  if (listing.before > 0) sql.Add(" AND c.commit_no < ").Bind(listing.before);
  sql.Add(" ORDER BY c.commit_no DESC LIMIT ").Bind(listing.limit);
  return Rows<CommitRow>(session, sql, ToCommit);
}

Result<std::vector<CommitRow>> FindByPatch(store::Session& session, int64_t repository_no,
                                           std::string_view patch, int64_t limit) {
  SqlBuilder sql(kSelectCommit);
  sql.Add("WHERE c.repository_no = ").Bind(repository_no).Add(" AND c.patch = ").Bind(patch);
  sql.Add(" ORDER BY c.commit_no LIMIT ").Bind(limit);
  return Rows<CommitRow>(session, sql, ToCommit);
}

Result<int64_t> SetReachable(store::Transaction& tx, int64_t repository_no, std::string_view sha,
                             bool reachable) {
  const store::Value values[] = {repository_no, sha, reachable};
  return tx.Changed(kSetReachable, values);
}

Result<std::vector<Branch>> ListRefs(store::Session& session, int64_t repository_no) {
  std::vector<Branch> refs;
  TRY(session.Query(kListRefs, {repository_no}, [&](const Row& row) {
    const RefKind kind =
        row.Text(1) == RefKindName(RefKind::kBranch) ? RefKind::kBranch : RefKind::kTag;
    refs.push_back({.repository = std::string(row.Text(0)),
                    .ref = {kind, std::string(row.Text(2)), std::string(row.Text(3))},
                    .moved = {row.Int(4)},
                    .rewritten = row.Int(5) != 0});
    return OkStatus();
  }));
  return refs;
}

Status PutRef(store::Transaction& tx, int64_t repository_no, const Branch& branch) {
  return tx.Execute(kPutRef, {repository_no, RefKindName(branch.ref.kind), branch.ref.name,
                              branch.ref.sha, branch.moved.ms, branch.rewritten});
}

Status DeleteRef(store::Transaction& tx, int64_t repository_no, const GitRef& ref) {
  return tx.Execute(kDeleteRef, {repository_no, RefKindName(ref.kind), ref.name});
}

}  // namespace stetig::connect::repository
