#include "trace/internal/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "trace/internal/fact_text.h"

namespace stetig::trace::internal {

Bounds BoundsOf(const AsOf& as_of) {
  return {.valid = as_of.valid ? as_of.valid->ms : kForever,
          .known = as_of.known ? as_of.known->ms : kForever};
}

std::string Said(const NodeRef& ref) {
  std::string words = ref.type;
  std::ranges::replace(words, '_', ' ');
  return fmt::format("{} {}", words, ref.id);
}

Status CheckRef(const NodeRef& ref) {
  if (auto wrong = WrongRef(ref)) {
    return Err(Code::kInvalidArgument, *std::move(wrong));
  }
  return OkStatus();
}

Status NotInGraph(const NodeRef& ref) {
  return Status(Code::kNotFound, fmt::format("{} is not in the trace graph", Said(ref)));
}

Result<Snapshot> Snapshot::Load(store::Session& session) {
  Snapshot snapshot(session);
  ASSIGN_OR_RETURN(snapshot.words_, LoadWords(session));
  ASSIGN_OR_RETURN(snapshot.progress_, LoadProgress(session));
  return snapshot;
}

Result<int64_t> Snapshot::Find(const std::string& tenant, const NodeRef& ref, int64_t known) const {
  const IdKey key{tenant, words_.Number(ref.type), ref.id};
  ASSIGN_OR_RETURN(const std::vector<int64_t> found, FindIds(*session_, std::span(&key, 1)));
  ASSIGN_OR_RETURN(const std::vector<NodeRow> rows, ReadNodes(*session_, found));
  if (found.front() == 0 || rows.front().first_seen > known) {
    return Err(NotInGraph(ref));
  }
  return found.front();
}

Node Snapshot::NodeOf(const NodeRow& row) const {
  return {.ref = RefOf(row),
          .title = row.title,
          .status = row.status,
          .project = row.project,
          .deleted = row.deleted,
          .first_seen = {row.first_seen},
          .attributes = row.attributes};
}

Result<std::vector<NodeRow>> Snapshot::Rows(std::span<const int64_t> numbers, int64_t known) const {
  ASSIGN_OR_RETURN(std::vector<NodeRow> rows, ReadNodes(*session_, numbers));
  TRY(RewindNodes(*session_, known, rows));
  return rows;
}

Result<std::vector<Edge>> Snapshot::EdgesOf(
    std::span<const EdgeRow> rows, int64_t known,
    const std::unordered_map<int64_t, NodeRef>& refs) const {
  std::vector<int64_t> seqs;
  for (const EdgeRow& row : rows) {
    if (row.has_evidence) {
      seqs.push_back(row.seq);
    }
  }
  ASSIGN_OR_RETURN(auto evidence, ReadEvidence(*session_, seqs));
  std::vector<Edge> edges;
  edges.reserve(rows.size());
  for (const EdgeRow& row : rows) {
    Edge edge{.type = words_.Word(row.type),
              .from = refs.at(row.from),
              .to = refs.at(row.to),
              .basis = row.basis,
              .rule = words_.Word(row.rule),
              .evidence = row.has_evidence ? evidence[row.seq] : std::string(),
              .valid_from = {row.valid_from},
              .recorded_at = {row.recorded_at},
              .seq = row.seq};
    if (row.valid_to && row.ended_at.value_or(0) <= known) {
      edge.valid_to = WallTime{*row.valid_to};
    }
    edges.push_back(std::move(edge));
  }
  return edges;
}

}  // namespace stetig::trace::internal
