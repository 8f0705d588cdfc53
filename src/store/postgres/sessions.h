// The two kinds of session on a PostgreSQL connection: a reader's and the writer's.
#pragma once

#include <memory>

#include "store/internal/connection.h"
#include "store/postgres/connector.h"
#include "store/postgres/pipeline.h"

namespace stetig::store::postgres {

class Reader final : public ReadConnection {
 public:
  explicit Reader(std::unique_ptr<Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}

  Dialect dialect() const override { return Dialect::kPostgres; }
  Status Query(const Statement& statement, Params params, RowFn on_row) override;
  Status QueryMany(const Statement& statement, std::span<const Params> batch,
                   std::move_only_function<Status(size_t, const Row&)> on_row) override;
  Status Query(const SqlBuilder& sql, RowFn on_row) override;

  Status Begin(Deadline deadline) override;
  void End() override;
  bool lost() const override { return pipeline_->lost(); }

 private:
  const std::unique_ptr<Pipeline> pipeline_;
};

class GroupWriter final : public GroupConnection {
 public:
  GroupWriter(std::unique_ptr<Pipeline> pipeline, Connector& connector)
      : pipeline_(std::move(pipeline)), connector_(connector) {}

  Dialect dialect() const override { return Dialect::kPostgres; }
  Status Query(const Statement& statement, Params params, RowFn on_row) override;
  Status QueryMany(const Statement& statement, std::span<const Params> batch,
                   std::move_only_function<Status(size_t, const Row&)> on_row) override;
  Status Query(const SqlBuilder& sql, RowFn on_row) override;
  Status Execute(const Statement& statement, Params params) override;
  Status ExecuteMany(const Statement& statement, std::span<const Params> rows) override;
  Result<int64_t> Changed(const Statement& statement, Params params) override;

  Status Begin(Deadline deadline) override;
  Status Mark(bool guarded) override;
  Status Keep() override;
  Status Undo() override;
  std::pair<CommitOutcome, Status> Commit() override;
  void Rollback() override;
  bool touched() const override { return touched_; }
  bool spoilt() const override { return spoilt_; }
  bool lost() const override { return pipeline_ != nullptr && pipeline_->lost(); }
  Status Define(std::string_view sql) override;

 private:
  Status Write(Status queued);
  Status Flush();

  std::unique_ptr<Pipeline> pipeline_;  ///< null while the server is away
  Connector& connector_;
  bool open_ = false;  ///< a transaction has begun
  bool touched_ = false;
  bool spoilt_ = false;
};

}  // namespace stetig::store::postgres
