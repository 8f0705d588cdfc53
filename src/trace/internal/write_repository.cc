#include "trace/internal/repository.h"
#include "trace/internal/rows.h"

namespace stetig::trace::internal {
namespace {

using store::Row;
using store::Statement;

constexpr Statement kInsertWord{"INSERT INTO trace_words (word_no, word) VALUES ($1, $2)"};
constexpr Statement kSaveProgress{
    "UPDATE trace_progress SET applied_seq = $1, next_node = $2, rejected = $3, rejected_seq = $4, "
    "rejected_why = $5"};
constexpr Statement kInsertNode{
    "INSERT INTO trace_nodes (node_no, tenant, type_no, id, project, title, status, deleted, "
    "attributes, first_seen, seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
constexpr Statement kUpdateNode{
    "UPDATE trace_nodes SET id = $2, project = $3, title = $4, status = $5, deleted = $6, "
    "attributes = $7, seq = $8 WHERE node_no = $1"};
constexpr Statement kPutId{
    "INSERT INTO trace_ids (tenant, type_no, id, node_no) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (tenant, type_no, id) DO UPDATE SET node_no = excluded.node_no"};
constexpr Statement kInsertState{
    "INSERT INTO trace_states (node_no, until_seq, until_at, id, project, title, status, deleted, "
    "attributes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr Statement kInsertEdge{
    "INSERT INTO trace_edges (from_no, type_no, to_no, seq, rule_no, basis, has_evidence, "
    "valid_from, valid_to, recorded_at, ended_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
constexpr Statement kEndEdge{
    "UPDATE trace_edges SET valid_to = $6, ended_at = $7 WHERE from_no = $1 AND type_no = $2 AND "
    "to_no = $3 AND seq = $4 AND rule_no = $5"};
constexpr Statement kInsertEvidence{
    "INSERT INTO trace_evidence (seq, evidence) VALUES ($1, $2) ON CONFLICT (seq) DO NOTHING"};
constexpr Statement kOpenEdges{
    "SELECT from_no, type_no, to_no, seq, rule_no, basis, has_evidence, valid_from, valid_to, "
    "recorded_at, ended_at FROM trace_edges WHERE from_no = $1 AND type_no = $2 AND to_no = $3 "
    "AND valid_to IS NULL ORDER BY seq, rule_no LIMIT 1000"};
constexpr Statement kOpenEdgesInto{
    "SELECT from_no, type_no, to_no, seq, rule_no, basis, has_evidence, valid_from, valid_to, "
    "recorded_at, ended_at FROM trace_edges WHERE to_no = $1 AND type_no = $2 "
    "AND valid_to IS NULL ORDER BY from_no, seq, rule_no LIMIT 1000"};
constexpr Statement kReadIds{
    "SELECT id, node_no FROM trace_ids WHERE tenant = $1 AND type_no = $2 AND id >= $3 AND id < $4 "
    "ORDER BY id LIMIT 100000"};

constexpr Statement kClear[] = {
    {"DELETE FROM trace_words", "TRUNCATE trace_words"},
    {"DELETE FROM trace_nodes", "TRUNCATE trace_nodes"},
    {"DELETE FROM trace_ids", "TRUNCATE trace_ids"},
    {"DELETE FROM trace_states", "TRUNCATE trace_states"},
    {"DELETE FROM trace_edges", "TRUNCATE trace_edges"},
    {"DELETE FROM trace_evidence", "TRUNCATE trace_evidence"},
};

EdgeRow EdgeOf(const Row& row) {
  return {.from = row.Int(0),
          .type = row.Int(1),
          .to = row.Int(2),
          .seq = row.Int(3),
          .rule = row.Int(4),
          .basis = static_cast<Basis>(row.Int(5)),
          .has_evidence = row.Int(6) != 0,
          .valid_from = row.Int(7),
          .valid_to = OptionalInt(row, 8),
          .recorded_at = row.Int(9),
          .ended_at = OptionalInt(row, 10)};
}

}  // namespace

Status InsertWords(store::Transaction& tx, const Words& words, int64_t first) {
  for (int64_t number = first; number <= words.size(); ++number) {
    TRY(tx.Execute(kInsertWord, {number, words.Word(number)}));
  }
  return OkStatus();
}

Status SaveProgress(store::Transaction& tx, const ProgressRow& row) {
  return tx.Execute(kSaveProgress, {row.applied_seq, row.next_node, row.rejected, row.rejected_seq,
                                    row.rejected_why});
}

Status InsertNodes(store::Transaction& tx, std::span<const NodeRow* const> rows) {
  ParamRows<11> params(rows.size());
  for (const NodeRow* row : rows) {
    params.Add({row->no, row->tenant, row->type, row->id, row->project, row->title, row->status,
                row->deleted, row->attributes, row->first_seen, row->seq});
  }
  return params.empty() ? OkStatus() : tx.ExecuteMany(kInsertNode, params.spans());
}

Status UpdateNodes(store::Transaction& tx, std::span<const NodeRow* const> rows) {
  ParamRows<8> params(rows.size());
  for (const NodeRow* row : rows) {
    params.Add({row->no, row->id, row->project, row->title, row->status, row->deleted,
                row->attributes, row->seq});
  }
  return params.empty() ? OkStatus() : tx.ExecuteMany(kUpdateNode, params.spans());
}

Status PutIds(store::Transaction& tx, std::span<const IdRow> rows) {
  ParamRows<4> params(rows.size());
  for (const IdRow& row : rows) {
    params.Add({row.key.tenant, row.key.type, row.key.id, row.no});
  }
  return params.empty() ? OkStatus() : tx.ExecuteMany(kPutId, params.spans());
}

Status InsertStates(store::Transaction& tx, std::span<const StateRow> rows) {
  ParamRows<9> params(rows.size());
  for (const StateRow& row : rows) {
    const NodeRow& was = row.before;
    params.Add({was.no, row.until_seq, row.until_at, was.id, was.project, was.title, was.status,
                was.deleted, was.attributes});
  }
  return params.empty() ? OkStatus() : tx.ExecuteMany(kInsertState, params.spans());
}

Status InsertEdges(store::Transaction& tx, std::span<const EdgeRow* const> rows) {
  ParamRows<11> params(rows.size());
  for (const EdgeRow* row : rows) {
    params.Add({row->from, row->type, row->to, row->seq, row->rule, static_cast<int>(row->basis),
                row->has_evidence, row->valid_from, OrNull(row->valid_to), row->recorded_at,
                OrNull(row->ended_at)});
  }
  return params.empty() ? OkStatus() : tx.ExecuteMany(kInsertEdge, params.spans());
}

Status EndEdges(store::Transaction& tx, std::span<const EdgeRow* const> rows) {
  ParamRows<7> params(rows.size());
  for (const EdgeRow* row : rows) {
    params.Add({row->from, row->type, row->to, row->seq, row->rule, OrNull(row->valid_to),
                OrNull(row->ended_at)});
  }
  return params.empty() ? OkStatus() : tx.ExecuteMany(kEndEdge, params.spans());
}

Status InsertEvidence(store::Transaction& tx, int64_t seq, const std::string& evidence) {
  return tx.Execute(kInsertEvidence, {seq, evidence});
}

Status OpenEdges(store::Session& session, std::span<const EdgeKey> keys,
                 std::move_only_function<void(const EdgeRow&)> on_edge) {
  ParamRows<3> params(keys.size());
  for (const EdgeKey& key : keys) {
    params.Add({key.from, key.type, key.to});
  }
  return session.QueryMany(kOpenEdges, params.spans(), [&](size_t, const Row& row) {
    on_edge(EdgeOf(row));
    return OkStatus();
  });
}

Status OpenEdgesInto(store::Session& session, std::span<const EdgeKey> keys,
                     std::move_only_function<void(const EdgeRow&)> on_edge) {
  ParamRows<2> params(keys.size());
  for (const EdgeKey& key : keys) {
    params.Add({key.to, key.type});
  }
  return session.QueryMany(kOpenEdgesInto, params.spans(), [&](size_t, const Row& row) {
    on_edge(EdgeOf(row));
    return OkStatus();
  });
}

Result<std::vector<IdRow>> ReadIds(store::Session& session, const IdKey& first,
                                   const std::string& end) {
  std::vector<IdRow> rows;
  TRY(session.Query(kReadIds, {first.tenant, first.type, first.id, end}, [&](const Row& row) {
    rows.push_back({{first.tenant, first.type, std::string(row.Text(0))}, row.Int(1)});
    return OkStatus();
  }));
  return rows;
}

Status Clear(store::Transaction& tx) {
  for (const Statement& statement : kClear) {
    TRY(tx.Execute(statement, {}));
  }
  return SaveProgress(tx, {});
}

}  // namespace stetig::trace::internal
