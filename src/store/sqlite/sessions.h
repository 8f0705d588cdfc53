// The two kinds of session on a SQLite connection: a reader's and the writer's.
#pragma once

#include <functional>
#include <memory>

#include "store/internal/connection.h"
#include "store/sqlite/connection.h"

namespace stetig::store::sqlite {

class Reader final : public ReadConnection {
 public:
  explicit Reader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  Dialect dialect() const override { return Dialect::kSqlite; }
  Status Query(const Statement& statement, Params params, RowFn on_row) override;
  Status QueryMany(const Statement& statement, std::span<const Params> batch,
                   std::move_only_function<Status(size_t, const Row&)> on_row) override;
  Status Query(const SqlBuilder& sql, RowFn on_row) override;

  Status Begin(Deadline deadline) override;
  void End() override;
  bool lost() const override { return false; }

 private:
  std::unique_ptr<Connection> connection_;
};

class GroupWriter final : public GroupConnection {
 public:
  /// `after_group` runs when a group has been answered, with the number of pages in the log.
  GroupWriter(std::unique_ptr<Connection> connection,
              std::function<void(Connection&, int)> after_group);

  Dialect dialect() const override { return Dialect::kSqlite; }
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
  bool touched() const override;
  bool spoilt() const override;
  bool lost() const override { return false; }
  void AfterGroup() override;
  Status Define(std::string_view sql) override;

 private:
  Status Note(Status status);

  std::unique_ptr<Connection> connection_;
  std::function<void(Connection&, int)> after_group_;
  int wal_pages_ = 0;
  int64_t changes_at_mark_ = 0;
  bool defined_ = false;  ///< the closure has run DDL
  Status fatal_;          ///< why SQLite ended the transaction by itself, if it did
};

}  // namespace stetig::store::sqlite
