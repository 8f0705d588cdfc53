#include "journal/repository.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace stetig::journal::repository {
namespace {

using store::Row;
using store::SqlBuilder;
using store::Statement;

// SQLite numbers the rows itself, by the greatest seq plus one: an INSERT that selects from its own
// table would go through a temporary one.
constexpr Statement kInsert{
    "INSERT INTO journal_events (time, tenant, project, actor, kind, subject_type, subject_id, "
    "refs, payload, request_id, leaf_hash, form, commitments) VALUES ($1, $2, $3, '', $4, $5, $6, "
    "$7, $8, $9, $10, $11, $12)",
    "INSERT INTO journal_events (seq, time, tenant, project, actor, kind, subject_type, "
    "subject_id, refs, payload, request_id, leaf_hash, form, commitments) "
    "SELECT coalesce(max(seq), 0) + 1, $1::bigint, $2::text, $3::text, '', $4::text, $5::text, "
    "$6::text, $7::text, $8::text, $9::text, $10::bytea, $11::bigint, $12::bytea FROM "
    "journal_events"};
// Of the event that was inserted last: there is one writer.
constexpr Statement kInsertText{
    "INSERT INTO journal_texts (seq, place, salt, text) VALUES ((SELECT max(seq) FROM "
    "journal_events), $1, $2, $3)"};
constexpr Statement kHead{"SELECT coalesce(max(seq), 0) FROM journal_events"};
constexpr Statement kHashes{
    "SELECT leaf_hash FROM journal_events WHERE seq >= $1 ORDER BY seq LIMIT $2"};
constexpr Statement kOpenCursor{
    "INSERT INTO journal_subscriptions (name, cursor_seq) VALUES ($1, $2) ON CONFLICT (name) DO "
    "NOTHING"};
constexpr Statement kReadCursor{"SELECT cursor_seq FROM journal_subscriptions WHERE name = $1"};
constexpr Statement kMoveCursor{
    "UPDATE journal_subscriptions SET cursor_seq = $2 WHERE name = $1 AND cursor_seq < $2"};

/// Why an entry of such columns cannot have been written by stetig; empty: it can.
std::string DamageOf(int64_t form, std::string_view actor, std::span<const std::byte> commitments) {
  if (form != kFirstForm && form != kForm) {
    return fmt::format("its form is {}, expected {} or {}", form, kFirstForm, kForm);
  }
  if (form == kForm && !actor.empty()) {
    return "its column actor is not empty";
  }
  const size_t count = commitments.size() / sizeof(LeafHash);
  if (commitments.size() % sizeof(LeafHash) != 0 || count > kMaxTexts ||
      (form == kForm) != (count > 0)) {
    return fmt::format("its commitments have {} bytes", commitments.size());
  }
  return {};
}

void ReadCommitments(std::span<const std::byte> bytes, Entry& entry) {
  entry.commitments.resize(bytes.size() / sizeof(LeafHash));
  std::ranges::copy(bytes, std::as_writable_bytes(std::span(entry.commitments)).begin());
  entry.texts.resize(entry.commitments.size());
}

Entry EntryOf(const Row& row) {
  Entry entry{.event = {.seq = row.Int(0),
                        .time = {row.Int(1)},
                        .tenant = std::string(row.Text(2)),
                        .project = std::string(row.Text(3)),
                        .actor = std::string(row.Text(4)),
                        .kind = std::string(row.Text(5)),
                        .subject = {std::string(row.Text(6)), std::string(row.Text(7))},
                        .payload = std::string(row.Text(9)),
                        .request_id = std::string(row.Text(10))},
              .form = row.Int(12)};
  const std::span<const std::byte> commitments = row.Bytes(13);
  entry.damage = DamageOf(entry.form, entry.event.actor, commitments);
  if (entry.damage.empty()) {
    ReadCommitments(commitments, entry);
  }
  if (auto refs = RefsFromJson(row.Text(8))) {
    entry.event.refs = *std::move(refs);
  } else {
    entry.damage = refs.error().message();
  }
  const std::span<const std::byte> hash = row.Bytes(11);
  if (hash.size() == sizeof(LeafHash)) {
    std::memcpy(entry.leaf_hash.data(), hash.data(), hash.size());
  } else {
    entry.damage = fmt::format("its leaf hash has {} bytes, expected 32", hash.size());
  }
  return entry;
}

/// Adds the personal text of `row`, if it has one, to its entry.
void AddText(const Row& row, Entry& entry) {
  if (row.IsNull(14) || !entry.damage.empty()) {
    return;
  }
  const int64_t place = row.Int(14);
  if (place < 0 || place >= std::ssize(entry.texts)) {
    entry.damage =
        fmt::format("it has a text at place {}, but {} commitments", place, entry.texts.size());
    return;
  }
  const std::span<const std::byte> salt = row.Bytes(15);
  entry.texts[static_cast<size_t>(place)] =
      SealedText{.salt = std::string(reinterpret_cast<const char*>(salt.data()), salt.size()),
                 .text = std::string(row.Text(16))};
}

/// "run.*" asks for every kind from "run." up to, not including, "run/" ('/' follows '.').
void AddKind(SqlBuilder& sql, const std::string& kind) {
  if (!kind.ends_with(".*")) {
    sql.Add("kind = ").Bind(std::string_view(kind));
    return;
  }
  const std::string stem = kind.substr(0, kind.size() - 2);
  sql.Add("(kind >= ").Bind(stem + ".").Add(" AND kind < ").Bind(stem + "/").Add(")");
}

void AddFilter(SqlBuilder& sql, const Filter& filter) {
  for (size_t i = 0; i < filter.kinds.size(); ++i) {
    sql.Add(i == 0 ? store::Literal(" AND (") : store::Literal(" OR "));
    AddKind(sql, filter.kinds[i]);
  }
  if (!filter.kinds.empty()) {
    sql.Add(")");
  }
  if (!filter.tenant.empty()) {
    sql.Add(" AND tenant = ").Bind(std::string_view(filter.tenant));
  }
  if (!filter.project.empty()) {
    sql.Add(" AND project = ").Bind(std::string_view(filter.project));
  }
  if (!filter.actor.empty()) {
    sql.Add(" AND ((form = 1 AND actor = ").Bind(std::string_view(filter.actor));
    sql.Add(") OR seq IN (SELECT seq FROM journal_texts WHERE place = 0 AND text = ");
    sql.Bind(std::string_view(filter.actor)).Add("))");
  }
  if (!filter.subject.type.empty()) {
    sql.Add(" AND subject_type = ").Bind(std::string_view(filter.subject.type));
  }
  if (!filter.subject.id.empty()) {
    sql.Add(" AND subject_id = ").Bind(std::string_view(filter.subject.id));
  }
}

Result<int64_t> One(store::Session& session, const Statement& statement, store::Params params) {
  int64_t value = 0;
  TRY(session.Query(statement, params, [&](const Row& row) {
    value = row.Int(0);
    return OkStatus();
  }));
  return value;
}

}  // namespace

Status Insert(store::Transaction& tx, const Entry& entry) {
  const Event& e = entry.event;
  const std::string refs = RefsToJson(e.refs);
  TRY(tx.Execute(kInsert,
                 {e.time.ms, e.tenant, e.project, e.kind, e.subject.type, e.subject.id, refs,
                  e.payload, e.request_id, std::span<const std::byte>(entry.leaf_hash), entry.form,
                  std::as_bytes(std::span(entry.commitments))}));
  for (size_t place = 0; place < entry.texts.size(); ++place) {
    const SealedText& text = *entry.texts[place];
    TRY(tx.Execute(kInsertText,
                   {static_cast<int64_t>(place), std::as_bytes(std::span(text.salt)), text.text}));
  }
  return OkStatus();
}

Result<std::vector<Entry>> ReadEntries(store::Session& session, int64_t after, int64_t limit,
                                       const Filter& filter) {
  SqlBuilder sql(
      "SELECT e.seq, e.time, e.tenant, e.project, e.actor, e.kind, e.subject_type, e.subject_id, "
      "e.refs, e.payload, e.request_id, e.leaf_hash, e.form, e.commitments, t.place, t.salt, "
      "t.text FROM (SELECT * FROM journal_events WHERE seq > ");
  sql.Bind(after);
  AddFilter(sql, filter);
  sql.Add(" ORDER BY seq LIMIT ").Bind(limit);
  sql.Add(") e LEFT JOIN journal_texts t ON t.seq = e.seq ORDER BY e.seq, t.place");
  std::vector<Entry> entries;
  TRY(session.Query(sql, [&](const Row& row) {
    if (entries.empty() || entries.back().event.seq != row.Int(0)) {
      entries.push_back(EntryOf(row));
    }
    AddText(row, entries.back());
    return OkStatus();
  }));
  return entries;
}

Result<std::vector<Event>> Read(store::Session& session, int64_t after, int64_t limit,
                                const Filter& filter) {
  ASSIGN_OR_RETURN(std::vector<Entry> entries, ReadEntries(session, after, limit, filter));
  std::vector<Event> events;
  events.reserve(entries.size());
  for (Entry& entry : entries) {
    if (!entry.damage.empty()) {
      return Err(Code::kDataLoss,
                 fmt::format("journal entry {} is damaged: {}", entry.event.seq, entry.damage));
    }
    events.push_back(Unseal(std::move(entry)));
  }
  return events;
}

Result<int64_t> Head(store::Session& session) { return One(session, kHead, {}); }

Result<std::vector<LeafHash>> Hashes(store::Session& session, int64_t first, int64_t limit) {
  std::vector<LeafHash> hashes;
  TRY(session.Query(kHashes, {first, limit}, [&](const Row& row) -> Status {
    std::span<const std::byte> bytes = row.Bytes(0);
    if (bytes.size() != sizeof(LeafHash)) {
      return Err(Code::kDataLoss, "an event's leaf hash has not 32 bytes");
    }
    std::memcpy(hashes.emplace_back().data(), bytes.data(), bytes.size());
    return OkStatus();
  }));
  return hashes;
}

Result<int64_t> OpenCursor(store::Transaction& tx, const std::string& name, int64_t start) {
  TRY(tx.Execute(kOpenCursor, {name, start}));
  const store::Value params[] = {name};
  return One(tx, kReadCursor, params);
}

Status MoveCursor(store::Transaction& tx, const std::string& name, int64_t seq) {
  return tx.Execute(kMoveCursor, {name, seq});
}

}  // namespace stetig::journal::repository
