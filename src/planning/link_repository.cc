#include "planning/link_repository.h"

#include <array>

namespace stetig::planning::repository {
namespace {

using store::Literal;
using store::Row;
using store::SqlBuilder;
using store::Statement;

constexpr Literal kSelect =
    "SELECT l.link_no, l.project_no, l.id, l.type, l.from_type, l.from_id, l.to_type, l.to_id, "
    "l.basis, l.rule, l.evidence, l.to_fingerprint, l.created_at, l.created_by, l.ended_at, "
    "CASE WHEN l.ended_at IS NULL AND t.fingerprint <> l.to_fingerprint THEN 1 ELSE 0 END "
    "FROM planning_links l LEFT JOIN planning_records t ON t.id = l.to_id AND t.kind = l.to_type "
    "LEFT JOIN planning_records f ON f.id = l.from_id AND f.kind = l.from_type ";
constexpr Statement kNextLink{"SELECT coalesce(max(link_no), 0) + 1 FROM planning_links"};
constexpr Statement kInsert{
    "INSERT INTO planning_links (link_no, id, project_no, type, from_type, from_id, to_type, "
    "to_id, "
    "basis, rule, evidence, to_fingerprint, created_at, created_by) VALUES ($1, $2, $3, $4, $5, "
    "$6, "
    "$7, $8, $9, $10, $11, $12, $13, $14)"};
constexpr Statement kEnd{"UPDATE planning_links SET ended_at = $2 WHERE link_no = $1"};
constexpr Statement kFingerprint{
    "UPDATE planning_links SET to_fingerprint = $2 WHERE link_no = $1"};

LinkRow ToRow(const Row& row) {
  LinkRow found{.link_no = row.Int(0), .project_no = row.Int(1), .link = {}};
  Link& link = found.link;
  link.id = row.Text(2);
  link.type = row.Text(3);
  link.from = {.type = std::string(row.Text(4)), .id = std::string(row.Text(5))};
  link.to = {.type = std::string(row.Text(6)), .id = std::string(row.Text(7))};
  link.basis = row.Text(8);
  link.rule = row.Text(9);
  link.evidence = row.Text(10);
  link.to_fingerprint = row.Text(11);
  link.created = {row.Int(12)};
  link.created_by = row.Text(13);
  if (!row.IsNull(14)) link.ended = WallTime{row.Int(14)};
  link.suspect = row.Int(15) != 0;
  return found;
}

Result<std::vector<LinkRow>> Rows(store::Session& session, const SqlBuilder& sql) {
  std::vector<LinkRow> rows;
  TRY(session.Query(sql, [&](const Row& row) {
    rows.push_back(ToRow(row));
    return OkStatus();
  }));
  return rows;
}

Result<std::optional<LinkRow>> One(store::Session& session, const SqlBuilder& sql) {
  ASSIGN_OR_RETURN(std::vector<LinkRow> rows, Rows(session, sql));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

void AddEnd(SqlBuilder& sql, Literal type, Literal id, const Ref& end) {
  sql.Add(" AND ").Add(type).Add(" = ").Bind(std::string_view(end.type));
  sql.Add(" AND ").Add(id).Add(" = ").Bind(std::string_view(end.id));
}

}  // namespace

Result<std::optional<LinkRow>> FindLink(store::Session& session, std::string_view id) {
  SqlBuilder sql(kSelect);
  sql.Add("WHERE l.id = ").Bind(id);
  return One(session, sql);
}

Result<std::optional<LinkRow>> FindLiveLink(store::Session& session, const Link& link) {
  SqlBuilder sql(kSelect);
  sql.Add("WHERE l.ended_at IS NULL AND l.type = ").Bind(std::string_view(link.type));
  AddEnd(sql, "l.from_type", "l.from_id", link.from);
  AddEnd(sql, "l.to_type", "l.to_id", link.to);
  return One(session, sql);
}

Result<std::vector<LinkRow>> ListLinks(store::Session& session, const LinkListing& listing) {
  SqlBuilder sql(kSelect);
  sql.Add("WHERE l.link_no > ").Bind(listing.after);
  if (listing.project_no) {
    // A link belongs to the projects of both of its ends.
    sql.Add(" AND (l.project_no = ").Bind(*listing.project_no);
    sql.Add(" OR f.project_no = ").Bind(*listing.project_no).Add(")");
  }
  if (listing.from) AddEnd(sql, "l.from_type", "l.from_id", *listing.from);
  if (listing.to) AddEnd(sql, "l.to_type", "l.to_id", *listing.to);
  if (!listing.type.empty()) sql.Add(" AND l.type = ").Bind(listing.type);
  if (!listing.ended_too) sql.Add(" AND l.ended_at IS NULL");
  if (listing.suspect_only)
    sql.Add(" AND l.ended_at IS NULL AND t.fingerprint <> l.to_fingerprint");
  sql.Add(" ORDER BY l.link_no LIMIT ").Bind(listing.limit);
  return Rows(session, sql);
}

Status InsertLink(store::Transaction& tx, LinkRow& row) {
  TRY(tx.Query(kNextLink, {}, [&](const Row& next) {
    row.link_no = next.Int(0);
    return OkStatus();
  }));
  const Link& link = row.link;
  return tx.Execute(
      kInsert, {row.link_no, link.id, row.project_no, link.type, link.from.type, link.from.id,
                link.to.type, link.to.id, link.basis, link.rule, link.evidence, link.to_fingerprint,
                link.created.ms, link.created_by});
}

Status EndLink(store::Transaction& tx, int64_t link_no, WallTime now) {
  return tx.Execute(kEnd, {link_no, now.ms});
}

Status SetLinkFingerprint(store::Transaction& tx, int64_t link_no, std::string_view fingerprint) {
  return tx.Execute(kFingerprint, {link_no, fingerprint});
}

}  // namespace stetig::planning::repository
