#include "store/postgres/sessions.h"

#include <cstdlib>
#include <string>
#include <string_view>

namespace stetig::store::postgres {
namespace {

constexpr Statement kBeginRead{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
constexpr Statement kBeginWrite{"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"};
constexpr Statement kLock{"SELECT pg_advisory_xact_lock($1)"};
constexpr Statement kCommit{"COMMIT"};
constexpr Statement kRollback{"ROLLBACK"};
constexpr Statement kSave{"SAVEPOINT closure"};
constexpr Statement kRelease{"RELEASE closure"};
constexpr Statement kUndo{"ROLLBACK TO closure"};

// So much may be queued before it is sent: bounds libpq's buffer.
constexpr size_t kMaxQueued = 4'096;

Status AnswerNothing(const PGresult*) { return OkStatus(); }

Status ForEachRow(const PGresult* result, std::move_only_function<Status(const Row&)>& on_row) {
  const int rows = PQntuples(result);
  for (int i = 0; i < rows; ++i) {
    TRY(on_row(PgRow(result, i)));
  }
  return OkStatus();
}

// INSERT … RETURNING writes although it is a query.
bool Wrote(const PGresult* result) {
  return !std::string_view(PQcmdStatus(const_cast<PGresult*>(result))).starts_with("SELECT");
}

Status QueueQuery(Pipeline& pipeline, const Statement& statement, Params params, RowFn& on_row,
                  bool& wrote) {
  return pipeline.Queue(statement, params, [&](const PGresult* result) {
    wrote |= Wrote(result);
    return ForEachRow(result, on_row);
  });
}

Status QueueBuilder(Pipeline& pipeline, const SqlBuilder& sql, RowFn& on_row, bool& wrote) {
  std::vector<Value> params;
  params.reserve(sql.values().size());
  for (const OwnedValue& value : sql.values()) {
    params.push_back(value.Borrow());
  }
  return pipeline.Queue(sql, params, [&](const PGresult* result) {
    wrote |= Wrote(result);
    return ForEachRow(result, on_row);
  });
}

// On an error everything queued has been answered or given up: nothing refers to `on_row` any more.
Status QueueBatch(Pipeline& pipeline, const Statement& statement, std::span<const Params> batch,
                  std::move_only_function<Status(size_t, const Row&)>& on_row, bool& wrote) {
  for (size_t i = 0; i < batch.size(); ++i) {
    Status queued = pipeline.Queue(statement, batch[i], [&, i](const PGresult* result) -> Status {
      wrote |= Wrote(result);
      RowFn with_index = [&](const Row& row) { return on_row(i, row); };
      return ForEachRow(result, with_index);
    });
    if (queued.ok() && pipeline.queued() >= kMaxQueued) {
      queued = pipeline.Flush();
    }
    if (!queued.ok()) {
      static_cast<void>(pipeline.Flush());
      return queued;
    }
  }
  return OkStatus();
}

}  // namespace

Status Reader::Query(const Statement& statement, Params params, RowFn on_row) {
  bool wrote = false;
  TRY(QueueQuery(*pipeline_, statement, params, on_row, wrote));
  return pipeline_->Flush();
}

Status Reader::QueryMany(const Statement& statement, std::span<const Params> batch,
                         std::move_only_function<Status(size_t, const Row&)> on_row) {
  bool wrote = false;
  TRY(QueueBatch(*pipeline_, statement, batch, on_row, wrote));
  return pipeline_->Flush();
}

Status Reader::Query(const SqlBuilder& sql, RowFn on_row) {
  bool wrote = false;
  TRY(QueueBuilder(*pipeline_, sql, on_row, wrote));
  return pipeline_->Flush();
}

Status Reader::Begin(Deadline deadline) {
  pipeline_->SetDeadline(deadline);
  if (!pipeline_->CheckAlive()) {
    return Err(Code::kUnavailable, "the connection to the database was lost");
  }
  return pipeline_->Queue(kBeginRead, {});
}

void Reader::End() {
  if (pipeline_->Queue(kCommit, {}).ok()) {
    pipeline_->SendAndForget();
  }
}

Status GroupWriter::Flush() {
  Status status = pipeline_->Flush();
  spoilt_ |= pipeline_->in_failed_transaction();
  return status;
}

Status GroupWriter::Query(const Statement& statement, Params params, RowFn on_row) {
  TRY(QueueQuery(*pipeline_, statement, params, on_row, touched_));
  return Flush();
}

Status GroupWriter::QueryMany(const Statement& statement, std::span<const Params> batch,
                              std::move_only_function<Status(size_t, const Row&)> on_row) {
  Status queued = QueueBatch(*pipeline_, statement, batch, on_row, touched_);
  spoilt_ |= pipeline_->in_failed_transaction();
  TRY(std::move(queued));
  return Flush();
}

Status GroupWriter::Query(const SqlBuilder& sql, RowFn on_row) {
  TRY(QueueBuilder(*pipeline_, sql, on_row, touched_));
  return Flush();
}

Status GroupWriter::Write(Status queued) {
  touched_ = true;
  if (queued.ok() && pipeline_->queued() >= kMaxQueued) {
    return Flush();
  }
  return queued;
}

Status GroupWriter::Execute(const Statement& statement, Params params) {
  return Write(pipeline_->Queue(statement, params));
}

Status GroupWriter::ExecuteMany(const Statement& statement, std::span<const Params> rows) {
  for (const Params& row : rows) {
    TRY(Execute(statement, row));
  }
  return OkStatus();
}

Result<int64_t> GroupWriter::Changed(const Statement& statement, Params params) {
  int64_t rows = 0;
  TRY(Write(pipeline_->Queue(statement, params, [&](const PGresult* result) {
    rows = std::strtoll(PQcmdTuples(const_cast<PGresult*>(result)), nullptr, 10);
    return OkStatus();
  })));
  TRY(Flush());
  return rows;
}

Status GroupWriter::Define(std::string_view sql) {
  TRY(Write(pipeline_->QueueOnce(std::string(sql))));
  return Flush();
}

Status GroupWriter::Begin(Deadline deadline) {
  touched_ = false;
  spoilt_ = false;
  if (pipeline_ == nullptr || !pipeline_->CheckAlive()) {
    const bool after_loss = pipeline_ != nullptr;
    pipeline_.reset();
    ASSIGN_OR_RETURN(pipeline_, connector_.Connect(deadline, after_loss));
  }
  pipeline_->SetDeadline(deadline);
  open_ = true;
  TRY(pipeline_->Queue(kBeginWrite, {}));
  const Value lock = pipeline_->writer_lock();
  return pipeline_->Queue(kLock, Params(&lock, 1), AnswerNothing);
}

Status GroupWriter::Mark(bool guarded) {
  touched_ = false;
  return guarded ? pipeline_->Queue(kSave, {}) : OkStatus();
}

Status GroupWriter::Keep() {
  TRY(pipeline_->Queue(kRelease, {}));
  return Flush();
}

Status GroupWriter::Undo() {
  // What the closure has queued and nobody has waited for is answered first, so that its errors end
  // with it.
  static_cast<void>(pipeline_->Flush());
  TRY(pipeline_->Queue(kUndo, {}));
  TRY(pipeline_->Queue(kRelease, {}));
  Status undone = pipeline_->Flush();
  spoilt_ = pipeline_->in_failed_transaction();
  return undone;
}

std::pair<CommitOutcome, Status> GroupWriter::Commit() {
  bool committed = false;
  Status status = pipeline_->Queue(kCommit, {}, [&](const PGresult* result) {
    // Of a failed transaction the server answers "ROLLBACK", without an error.
    committed = std::string_view(PQcmdStatus(const_cast<PGresult*>(result))) == "COMMIT";
    return OkStatus();
  });
  if (!status.ok()) {
    return {CommitOutcome::kRolledBack, std::move(status)};
  }
  status = pipeline_->Flush();
  if (committed) {
    open_ = false;
    return {CommitOutcome::kCommitted, OkStatus()};
  }
  if (pipeline_->lost()) {
    return {CommitOutcome::kUnknown,
            Status(Code::kUnavailable, "the connection to the database was lost during a commit",
                   "commit_unknown")};
  }
  if (status.ok()) {
    status = Status(Code::kInternal, "the database rolled a transaction back");
  }
  Rollback();
  return {CommitOutcome::kRolledBack, std::move(status)};
}

void GroupWriter::Rollback() {
  if (open_ && pipeline_ != nullptr && !pipeline_->lost()) {
    if (pipeline_->Queue(kRollback, {}).ok()) {
      static_cast<void>(
          pipeline_->Flush());  // also what is queued is answered; its errors no longer matter
    }
    // A segment that stopped at an error has passed over our ROLLBACK too.
    if (PQTRANS_IDLE != pipeline_->transaction() && !pipeline_->lost() &&
        pipeline_->Queue(kRollback, {}).ok()) {
      static_cast<void>(pipeline_->Flush());
    }
  }
  open_ = false;
}

}  // namespace stetig::store::postgres
