#include "store/internal/migrator.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cctype>
#include <future>
#include <map>
#include <set>

#include "store/internal/connection.h"

namespace stetig::store {
namespace {

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations (\n"
    "  module TEXT NOT NULL,\n"
    "  name TEXT NOT NULL,\n"
    "  checksum TEXT NOT NULL,\n"
    "  applied_at BIGINT NOT NULL,\n"
    "  PRIMARY KEY (module, name)\n"
    ")\n"
    "--sqlite: STRICT, WITHOUT ROWID\n"
    ";\n";
constexpr Statement kApplied{"SELECT module, name, checksum FROM schema_migrations"};
constexpr Statement kRecord{
    "INSERT INTO schema_migrations (module, name, checksum, applied_at) VALUES ($1, $2, $3, $4)"};
constexpr Statement kHasTable{
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'",
    "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_migrations')"};
constexpr std::chrono::minutes kLimit{30};
constexpr std::chrono::seconds kLookLimit{10};

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view TypeIn(std::string_view word, Dialect dialect) {
  if (dialect == Dialect::kPostgres) {
    return word == "TEXT" ? std::string_view("TEXT COLLATE \"C\"") : word;
  }
  return word == "BIGINT" ? "INTEGER" : word == "BYTEA" ? "BLOB" : word;
}

// Replaces type words outside of quotes and comments.
std::string TranslateTypes(std::string_view sql, Dialect dialect) {
  constexpr std::string_view kDouble = "DOUBLE PRECISION";
  std::string out;
  char quote = 0;
  for (size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    if (quote == 0 && sql.substr(i).starts_with("--")) {
      i = std::min(sql.find('\n', i), sql.size());
    } else if (quote != 0 || c == '\'' || c == '"' || !IsWordChar(c)) {
      quote = quote == 0 && (c == '\'' || c == '"') ? c : quote == c ? '\0' : quote;
      out += c;
      ++i;
    } else if (dialect == Dialect::kSqlite && sql.substr(i).starts_with(kDouble)) {
      out += "REAL";
      i += kDouble.size();
    } else {
      size_t end = i;
      while (end < sql.size() && IsWordChar(sql[end])) {
        ++end;
      }
      out += TypeIn(sql.substr(i, end - i), dialect);
      i = end;
    }
  }
  return out;
}

// The line as this dialect sees it: comments and the other dialect's lines are empty.
std::string_view LineIn(std::string_view line, Dialect dialect) {
  const auto start = std::min(line.find_first_not_of(" \t"), line.size());
  const std::string_view text = line.substr(start);
  if (!text.starts_with("--")) {
    return line;
  }
  const std::string_view mine = dialect == Dialect::kSqlite ? "--sqlite:" : "--postgres:";
  return text.starts_with(mine) ? text.substr(mine.size()) : std::string_view();
}

std::string ChecksumOf(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string hex;
  for (const unsigned char byte : digest) {
    fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  }
  return hex;
}

Status WriteAndWait(Database& db, Database::WriteFn run) {
  std::promise<Status> answered;
  auto answer = answered.get_future();
  db.SubmitWrite(
      std::move(run), [&answered](Status status) { answered.set_value(std::move(status)); },
      After(kLimit));
  return answer.get();
}

Status DefineAll(Transaction& tx, std::string_view sql) {
  // Every transaction of ours is one: the type is only hidden from repositories.
  auto& connection = static_cast<GroupConnection&>(tx);
  for (const std::string& statement : StatementsOf(sql, tx.dialect())) {
    TRY(connection.Define(statement));
  }
  return OkStatus();
}

using Key = std::pair<std::string, std::string>;

Result<std::map<Key, std::string>> ReadApplied(Session& session) {
  std::map<Key, std::string> applied;
  TRY(session.Query(kApplied, {}, [&](const Row& row) {
    applied.emplace(Key(row.Text(0), row.Text(1)), row.Text(2));
    return OkStatus();
  }));
  return applied;
}

Status CheckText(const Migration& migration, std::string_view applied_checksum) {
  if (applied_checksum == ChecksumOf(migration.sql)) {
    return OkStatus();
  }
  return Err(Code::kFailedPrecondition,
             fmt::format("migration {}/{} was applied with another text than this executable has",
                         migration.module, migration.name));
}

Status ApplyOne(Transaction& tx, const Migration& migration) {
  ASSIGN_OR_RETURN(const auto applied, ReadApplied(tx));
  if (const auto found = applied.find(Key(migration.module, migration.name));
      found != applied.end()) {
    return CheckText(migration, found->second);
  }
  if (Status defined = DefineAll(tx, migration.sql); !defined.ok()) {
    return Err(defined.code(), fmt::format("migration {}/{}: {}", migration.module, migration.name,
                                           defined.message()));
  }
  return tx.Execute(kRecord, {migration.module, migration.name, ChecksumOf(migration.sql),
                              Clock::System().Now().ms});
}

// What the database has and this executable lacks. Modules that it does not have at all are
// somebody else's business.
Status CheckUnknown(Session& session, std::span<const Migration> migrations) {
  std::set<std::string_view> modules;
  std::set<Key> known;
  for (const Migration& migration : migrations) {
    modules.insert(migration.module);
    known.emplace(migration.module, migration.name);
  }
  ASSIGN_OR_RETURN(const auto applied, ReadApplied(session));
  for (const auto& [key, checksum] : applied) {
    if (modules.contains(key.first) && !known.contains(key)) {
      return Err(Code::kFailedPrecondition,
                 fmt::format("the database has migration {}/{}, which this executable does not "
                             "know: it was written by a newer one",
                             key.first, key.second),
                 detail::kNewerDatabase);
    }
  }
  return OkStatus();
}

Status FindPending(Session& session, std::span<const Migration> migrations,
                   std::vector<std::string>& pending) {
  pending.clear();
  bool has_table = false;
  TRY(session.Query(kHasTable, {}, [&](const Row& row) {
    has_table = row.Int(0) > 0;
    return OkStatus();
  }));
  std::map<Key, std::string> applied;
  if (has_table) {
    TRY(CheckUnknown(session, migrations));
    ASSIGN_OR_RETURN(applied, ReadApplied(session));
  }
  for (const Migration& migration : migrations) {
    const auto found = applied.find(Key(migration.module, migration.name));
    if (found == applied.end()) {
      pending.push_back(fmt::format("{}/{}", migration.module, migration.name));
    } else {
      TRY(CheckText(migration, found->second));
    }
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<std::string>> PendingMigrations(Database& db,
                                                   std::span<const Migration> migrations) {
  std::vector<std::string> pending;
  std::promise<Status> answered;
  auto answer = answered.get_future();
  db.SubmitRead([&](Session& session) { return FindPending(session, migrations, pending); },
                [&answered](Status status) { answered.set_value(std::move(status)); },
                After(kLookLimit));
  TRY(answer.get());
  return pending;
}

std::vector<std::string> StatementsOf(std::string_view sql, Dialect dialect) {
  std::vector<std::string> statements;
  std::string current;
  while (!sql.empty()) {
    const size_t end = std::min(sql.find('\n'), sql.size());
    std::string_view line = LineIn(sql.substr(0, end), dialect);
    sql.remove_prefix(std::min(end + 1, sql.size()));
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    const bool last = line.ends_with(';');
    if (last) {
      line.remove_suffix(1);
    }
    current += line;
    current += '\n';
    if (last || sql.empty()) {
      if (current.find_first_not_of(" \t\n") != std::string::npos) {
        statements.push_back(TranslateTypes(current, dialect));
      }
      current.clear();
    }
  }
  return statements;
}

Status RunMigrations(Database& db, std::span<const Migration> migrations) {
  TRY(WriteAndWait(db, [&](Transaction& tx) -> Status {
    TRY(DefineAll(tx, kTable));
    return CheckUnknown(tx, migrations);
  }));
  for (const Migration& migration : migrations) {
    TRY(WriteAndWait(db, [&](Transaction& tx) { return ApplyOne(tx, migration); }));
  }
  return OkStatus();
}

}  // namespace stetig::store
