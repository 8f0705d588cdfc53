#include "store/sqlite/sessions.h"

#include <string>

namespace stetig::store::sqlite {
namespace {

constexpr Statement kBeginRead{"BEGIN"};
constexpr Statement kBeginWrite{"BEGIN IMMEDIATE"};
constexpr Statement kCommit{"COMMIT"};
constexpr Statement kRollback{"ROLLBACK"};
constexpr Statement kSave{"SAVEPOINT closure"};
constexpr Statement kRelease{"RELEASE closure"};
constexpr Statement kUndo{"ROLLBACK TO closure"};

Status RunStatement(Connection& connection, const Statement& statement, Params params = {}) {
  ASSIGN_OR_RETURN(Prepared * prepared, connection.Prepare(statement));
  return prepared->Run(params, nullptr);
}

Status RunQuery(Connection& connection, const Statement& statement, Params params, RowFn& on_row) {
  ASSIGN_OR_RETURN(Prepared * prepared, connection.Prepare(statement));
  return prepared->Run(params, &on_row);
}

Status RunQueryMany(Connection& connection, const Statement& statement,
                    std::span<const Params> batch,
                    std::move_only_function<Status(size_t, const Row&)>& on_row) {
  ASSIGN_OR_RETURN(Prepared * prepared, connection.Prepare(statement));
  size_t index = 0;
  RowFn with_index = [&](const Row& row) { return on_row(index, row); };
  for (; index < batch.size(); ++index) {
    TRY(prepared->Run(batch[index], &with_index));
  }
  return OkStatus();
}

Status RunBuilder(Connection& connection, const SqlBuilder& sql, RowFn& on_row) {
  ASSIGN_OR_RETURN(Prepared * prepared, connection.Prepare(sql));
  std::vector<Value> params;
  params.reserve(sql.values().size());
  for (const OwnedValue& value : sql.values()) {
    params.push_back(value.Borrow());
  }
  return prepared->Run(params, &on_row);
}

}  // namespace

Status Reader::Query(const Statement& statement, Params params, RowFn on_row) {
  return RunQuery(*connection_, statement, params, on_row);
}

Status Reader::QueryMany(const Statement& statement, std::span<const Params> batch,
                         std::move_only_function<Status(size_t, const Row&)> on_row) {
  return RunQueryMany(*connection_, statement, batch, on_row);
}

Status Reader::Query(const SqlBuilder& sql, RowFn on_row) {
  return RunBuilder(*connection_, sql, on_row);
}

Status Reader::Begin(Deadline deadline) {
  connection_->SetDeadline(deadline);
  return RunStatement(*connection_, kBeginRead);
}

void Reader::End() {
  connection_->SetDeadline(Deadline::max());
  static_cast<void>(RunStatement(
      *connection_, kRollback));  // nothing was written: cannot fail in a way that matters
}

GroupWriter::GroupWriter(std::unique_ptr<Connection> connection,
                         std::function<void(Connection&, int)> after_group)
    : connection_(std::move(connection)), after_group_(std::move(after_group)) {
  sqlite3_wal_hook(
      connection_->raw(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<GroupWriter*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

Status GroupWriter::Query(const Statement& statement, Params params, RowFn on_row) {
  return Note(RunQuery(*connection_, statement, params, on_row));
}

Status GroupWriter::QueryMany(const Statement& statement, std::span<const Params> batch,
                              std::move_only_function<Status(size_t, const Row&)> on_row) {
  return Note(RunQueryMany(*connection_, statement, batch, on_row));
}

Status GroupWriter::Query(const SqlBuilder& sql, RowFn on_row) {
  return Note(RunBuilder(*connection_, sql, on_row));
}

Status GroupWriter::Execute(const Statement& statement, Params params) {
  return Note(RunStatement(*connection_, statement, params));
}

Status GroupWriter::ExecuteMany(const Statement& statement, std::span<const Params> rows) {
  if (rows.empty()) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(Prepared * prepared, connection_->Prepare(statement));
  for (const Params& row : rows) {
    TRY(Note(prepared->Run(row, nullptr)));
  }
  return OkStatus();
}

Result<int64_t> GroupWriter::Changed(const Statement& statement, Params params) {
  const int64_t before = sqlite3_total_changes64(connection_->raw());
  TRY(Execute(statement, params));
  // Not the total: foreign key actions count there, but not in PostgreSQL.
  return sqlite3_total_changes64(connection_->raw()) == before
             ? 0
             : sqlite3_changes64(connection_->raw());
}

// After the gravest errors (disk full, input/output) SQLite ends the transaction by itself.
Status GroupWriter::Note(Status status) {
  if (!status.ok() && fatal_.ok() && sqlite3_get_autocommit(connection_->raw()) != 0) {
    fatal_ = status;
  }
  return status;
}

// SQLite undoes a statement that fails by itself, so only changes count.
bool GroupWriter::touched() const {
  return defined_ || sqlite3_total_changes64(connection_->raw()) != changes_at_mark_;
}

Status GroupWriter::Begin(Deadline deadline) {
  fatal_ = OkStatus();
  connection_->SetDeadline(deadline);
  return RunStatement(*connection_, kBeginWrite);
}

Status GroupWriter::Mark(bool guarded) {
  changes_at_mark_ = sqlite3_total_changes64(connection_->raw());
  defined_ = false;
  TRY(Status(fatal_));
  return guarded ? RunStatement(*connection_, kSave) : OkStatus();
}

Status GroupWriter::Keep() { return RunStatement(*connection_, kRelease); }

Status GroupWriter::Undo() {
  TRY(RunStatement(*connection_, kUndo));
  return RunStatement(*connection_, kRelease);
}

std::pair<CommitOutcome, Status> GroupWriter::Commit() {
  connection_->SetDeadline(Deadline::max());
  Status status = spoilt() ? fatal_ : RunStatement(*connection_, kCommit);
  if (status.ok()) {
    return {CommitOutcome::kCommitted, OkStatus()};
  }
  Rollback();
  return {CommitOutcome::kRolledBack, std::move(status)};
}

void GroupWriter::Rollback() {
  connection_->SetDeadline(Deadline::max());
  if (sqlite3_get_autocommit(connection_->raw()) == 0) {
    static_cast<void>(
        RunStatement(*connection_, kRollback));  // what fails here has already been rolled back
  }
}

bool GroupWriter::spoilt() const { return !fatal_.ok(); }

void GroupWriter::AfterGroup() { after_group_(*connection_, wal_pages_); }

Status GroupWriter::Define(std::string_view sql) {
  defined_ = true;
  return Note(connection_->Execute(std::string(sql).c_str()));
}

}  // namespace stetig::store::sqlite
