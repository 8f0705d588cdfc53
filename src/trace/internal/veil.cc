#include "trace/internal/veil.h"

#include <fmt/format.h>

#include <algorithm>

namespace stetig::trace::internal {
namespace {

constexpr int64_t kNeighbours = 1'000;

}  // namespace

Status Veil::Learn(std::span<const int64_t> numbers) {
  if (lifted()) return OkStatus();
  std::vector<int64_t> unknown;
  for (const int64_t number : numbers) {
    if (hidden_.emplace(number, true).second) unknown.push_back(number);
  }
  if (unknown.empty()) return OkStatus();
  ASSIGN_OR_RETURN(const std::vector<NodeRow> rows, ReadNodes(session_, unknown));
  std::vector<Node> nodes;
  nodes.reserve(rows.size());
  for (const NodeRow& row : rows) {
    nodes.push_back({.ref = snapshot_.RefOf(row), .project = row.project});
  }
  ASSIGN_OR_RETURN(const std::vector<bool> hidden, sight_->Hidden(session_, nodes));
  for (size_t i = 0; i < unknown.size(); ++i) hidden_[unknown[i]] = hidden[i];
  return OkStatus();
}

bool Veil::Hides(int64_t number) const {
  if (lifted()) return false;
  const auto found = hidden_.find(number);
  return found == hidden_.end() || found->second;
}

Result<bool> Veil::HidesAlone(const NodeRow& node, const Bounds& bounds) {
  if (lifted()) return false;
  TRY(Learn(std::span(&node.no, 1)));
  if (Hides(node.no)) return true;
  if (sight_->Knows(snapshot_.words().Word(node.type))) return false;
  std::vector<int64_t> neighbours;
  for (const bool forward : {true, false}) {
    const EdgeRange range{.node = node.no};
    TRY(ReadEdges(
        session_, forward, std::span(&range, 1), bounds, kNeighbours,
        [&](size_t, const EdgeRow& edge) { neighbours.push_back(forward ? edge.to : edge.from); }));
  }
  TRY(Learn(neighbours));
  return !neighbours.empty() &&
         std::ranges::all_of(neighbours, [this](int64_t number) { return Hides(number); });
}

Result<int64_t> Veil::Find(const std::string& tenant, const NodeRef& ref, const Bounds& bounds) {
  ASSIGN_OR_RETURN(const int64_t number, snapshot_.Find(tenant, ref, bounds.known));
  if (lifted()) return number;
  ASSIGN_OR_RETURN(const std::vector<NodeRow> rows, ReadNodes(session_, std::span(&number, 1)));
  ASSIGN_OR_RETURN(const bool hidden, HidesAlone(rows.front(), bounds));
  if (hidden) return Err(NotInGraph(ref));
  return number;
}

}  // namespace stetig::trace::internal
