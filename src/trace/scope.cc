// What belongs to a project: Service::FindScope.
#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "trace/internal/answer.h"
#include "trace/internal/rule_tables.h"
#include "trace/internal/walk.h"
#include "trace/service.h"

namespace stetig::trace {
namespace {

using internal::EdgeRow;
using internal::NodeRow;
using internal::Snapshot;
using internal::Walk;

constexpr size_t kMaxJoins = size_t{4} * kMaxScope;
/// What a link may join with a project as a whole.
constexpr std::string_view kWholes[] = {"experiment", "registered_model"};

/// Nodes and edges as they are found, by number.
struct Found {
  std::vector<int64_t> nodes;
  std::vector<EdgeRow> edges;
  bool complete = true;
};

/// The nodes whose events name the project.
Result<std::vector<int64_t>> Named(store::Session& session, const Snapshot& snapshot,
                                   const ScopeQuery& query) {
  std::vector<int64_t> found;
  for (const std::string_view type : internal::kNodeTypes) {
    const int64_t word = snapshot.words().Number(std::string(type));
    if (word == 0) continue;
    internal::NodeList list{
        .tenant = query.tenant, .type = word, .project = query.project, .after_project = {}};
    ASSIGN_OR_RETURN(const std::vector<NodeRow> rows,
                     internal::ListNodes(session, list, kMaxScope));
    for (const NodeRow& row : rows) found.push_back(row.no);
  }
  return found;
}

/// The project's own node and those of `also`, where they exist.
Result<std::vector<int64_t>> Mentioned(store::Session& session, const Snapshot& snapshot,
                                       const std::string& tenant,
                                       const std::vector<NodeRef>& refs) {
  std::vector<internal::IdKey> keys;
  for (const NodeRef& ref : refs) {
    const int64_t word = snapshot.words().Number(ref.type);
    if (word != 0) keys.push_back({tenant, word, ref.id});
  }
  ASSIGN_OR_RETURN(std::vector<int64_t> found, internal::FindIds(session, keys));
  std::erase(found, 0);
  return found;
}

/// Walks from `starts` and adds what it finds.
Status Follow(store::Session& session, Direction direction, int depth, const AsOf& as_of,
              std::span<const int64_t> starts, Found& found) {
  if (starts.empty()) return OkStatus();
  internal::WalkOptions options{.direction = direction,
                                .edge_types = {},
                                .bounds = internal::BoundsOf(as_of),
                                .max_depth = depth,
                                .max_nodes = std::max<size_t>(kMaxScope, starts.size())};
  Walk walk(session, std::move(options), [&found](const EdgeRow& edge, size_t, size_t, bool) {
    if (found.edges.size() < kMaxJoins) {
      found.edges.push_back(edge);
    } else {
      found.complete = false;
    }
  });
  TRY(walk.Run(starts));
  found.nodes = walk.nodes();
  found.complete = found.complete && !walk.more() && !walk.cut();
  return OkStatus();
}

std::vector<int64_t> Unique(std::vector<int64_t> numbers) {
  std::ranges::sort(numbers);
  const auto rest = std::ranges::unique(numbers);
  numbers.erase(rest.begin(), rest.end());
  return numbers;
}

/// Experiments and registered models that a link joins with the project, in either direction.
Result<std::vector<int64_t>> Wholes(store::Session& session, const Snapshot& snapshot,
                                    const ScopeQuery& query) {
  ASSIGN_OR_RETURN(const std::vector<int64_t> project,
                   Mentioned(session, snapshot, query.tenant, {{"project", query.project}}));
  Found around;
  TRY(Follow(session, Direction::kBoth, /*depth=*/1, query.as_of, project, around));
  ASSIGN_OR_RETURN(const std::vector<NodeRow> rows,
                   snapshot.Rows(around.nodes, internal::BoundsOf(query.as_of).known));
  std::vector<int64_t> found = project;
  for (const NodeRow& row : rows) {
    const std::string& type = snapshot.words().Word(row.type);
    if (std::ranges::find(kWholes, type) != std::end(kWholes)) found.push_back(row.no);
  }
  return found;
}

Result<Scope> Read(store::Session& session, const ScopeQuery& query) {
  ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Load(session));
  ASSIGN_OR_RETURN(std::vector<int64_t> starts, Named(session, snapshot, query));
  ASSIGN_OR_RETURN(const std::vector<int64_t> wholes, Wholes(session, snapshot, query));
  ASSIGN_OR_RETURN(const std::vector<int64_t> also,
                   Mentioned(session, snapshot, query.tenant, query.also));
  starts.insert(starts.end(), wholes.begin(), wholes.end());
  starts.insert(starts.end(), also.begin(), also.end());
  Found found;
  TRY(Follow(session, Direction::kBackward, /*depth=*/1, query.as_of, also, found));
  starts.insert(starts.end(), found.nodes.begin(), found.nodes.end());
  TRY(Follow(session, Direction::kForward, 1'000, query.as_of, Unique(std::move(starts)), found));
  found.edges.clear();  // the way back meets every edge between its nodes
  TRY(Follow(session, Direction::kBackward, 1'000, query.as_of, Unique(found.nodes), found));
  ASSIGN_OR_RETURN(const std::vector<NodeRow> rows,
                   snapshot.Rows(found.nodes, internal::BoundsOf(query.as_of).known));
  Scope scope{.nodes = {},
              .joins = {},
              .complete = found.complete,
              .applied_seq = snapshot.progress().applied_seq};
  std::unordered_map<int64_t, size_t> places;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].no == 0) continue;  // not known yet then
    places.emplace(found.nodes[i], scope.nodes.size());
    scope.nodes.push_back(snapshot.NodeOf(rows[i]));
  }
  for (const EdgeRow& edge : found.edges) {
    const auto from = places.find(edge.from);
    const auto to = places.find(edge.to);
    if (from == places.end() || to == places.end()) continue;
    scope.joins.push_back({.from = from->second,
                           .to = to->second,
                           .type = snapshot.words().Word(edge.type),
                           .basis = edge.basis,
                           .valid_from = {edge.valid_from}});
  }
  return scope;
}

}  // namespace

Task<Scope> Service::FindScope(ScopeQuery query, Deadline deadline) const {
  auto read = [query = std::move(query)](store::Session& session) { return Read(session, query); };
  co_return co_await db_.Read(std::move(read), deadline);
}

}  // namespace stetig::trace
