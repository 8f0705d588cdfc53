#include "trace/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/digest.h"
#include "base/text.h"
#include "trace/internal/answer.h"
#include "trace/internal/fact_text.h"
#include "trace/internal/walk.h"

namespace stetig::trace {
namespace {

using internal::Bounds;
using internal::EdgeRow;
using internal::NodeRow;
using internal::Snapshot;
using internal::Walk;

Status CheckTrace(const TraceQuery& query) {
  TRY(internal::CheckRef(query.start));
  if (query.limit < 1 || query.limit > kMaxPageNodes) {
    return Err(Code::kInvalidArgument,
               fmt::format("limit is {}, expected 1 to {}", query.limit, kMaxPageNodes));
  }
  if (query.max_depth < 0 || query.max_depth > 1'000) {
    return Err(Code::kInvalidArgument,
               fmt::format("max_depth is {}, expected 0 to 1000", query.max_depth));
  }
  if (query.edge_types.size() > 16) {
    return Err(
        Code::kInvalidArgument,
        fmt::format("{} types of edges are named, expected at most 16", query.edge_types.size()));
  }
  for (const std::string& type : query.edge_types) {
    if (!internal::IsWord(type)) {
      return Err(Code::kInvalidArgument,
                 "a type of edges is no name of small letters, digits and "
                 "underscores");
    }
  }
  return OkStatus();
}

/// What decides which nodes come in which order.
uint64_t FingerprintOf(const TraceQuery& query) {
  std::string text = fmt::format("{}:{}:{}:{}:{}:{}:{}:{}:{}:", query.tenant.size(), query.tenant,
                                 query.start.type, query.start.id.size(), query.start.id,
                                 static_cast<int>(query.direction), query.max_depth,
                                 query.as_of.valid ? fmt::to_string(query.as_of.valid->ms) : "-",
                                 query.as_of.known ? fmt::to_string(query.as_of.known->ms) : "-");
  for (const std::string& type : query.edge_types) {
    text += type + ",";
  }
  return Xxh3(text);
}

struct Place {
  int64_t offset = 0;
  int64_t max_seq = internal::kForever;
};

std::string TokenOf(uint64_t fingerprint, const Place& place) {
  return fmt::format("t1.{:016x}.{}.{}", fingerprint, place.offset, place.max_seq);
}

Result<Place> PlaceOf(const std::string& token, uint64_t fingerprint) {
  if (token.empty()) {
    return Place{};
  }
  const std::vector<std::string_view> parts = Split(token, '.');
  if (parts.size() == 4 && parts[0] == "t1" && parts[1] == fmt::format("{:016x}", fingerprint)) {
    const auto offset = ParseInt64(parts[2]);
    const auto seq = ParseInt64(parts[3]);
    if (offset && seq && *offset > 0 && *offset < kMaxReach && *seq >= 0) {
      return Place{*offset, *seq};
    }
  }
  return Err(Code::kInvalidArgument, "the page token is not of this query");
}

/// The page's nodes and edges from what the walk found.
Status FillPage(const Snapshot& snapshot, const Walk& walk, size_t offset, int64_t known,
                const std::vector<EdgeRow>& edges, TraceAnswer& answer) {
  const auto& all = walk.nodes();
  const std::vector<int64_t> page(
      all.begin() + static_cast<ptrdiff_t>(std::min(offset, all.size())), all.end());
  ASSIGN_OR_RETURN(const std::vector<NodeRow> rows, snapshot.Rows(page, known));
  std::unordered_map<int64_t, NodeRef> refs;
  for (size_t i = 0; i < rows.size(); ++i) {
    answer.nodes.push_back({snapshot.NodeOf(rows[i]), walk.depth(offset + i)});
    refs.emplace(page[i], answer.nodes.back().node.ref);
  }
  std::vector<int64_t> others;  // of earlier pages
  for (const EdgeRow& edge : edges) {
    for (const int64_t node : {edge.from, edge.to}) {
      if (refs.emplace(node, NodeRef{}).second) {
        others.push_back(node);
      }
    }
  }
  ASSIGN_OR_RETURN(const std::vector<NodeRow> other_rows, snapshot.Rows(others, known));
  for (size_t i = 0; i < others.size(); ++i) {
    refs[others[i]] = snapshot.RefOf(other_rows[i]);
  }
  ASSIGN_OR_RETURN(answer.edges, snapshot.EdgesOf(edges, known, refs));
  return OkStatus();
}

Result<TraceAnswer> RunTrace(store::Session& session, const TraceQuery& query) {
  const uint64_t fingerprint = FingerprintOf(query);
  ASSIGN_OR_RETURN(Place place, PlaceOf(query.page_token, fingerprint));
  ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Load(session));
  Bounds bounds = internal::BoundsOf(query.as_of);
  place.max_seq = std::min(place.max_seq, snapshot.progress().applied_seq);
  bounds.max_seq = place.max_seq;
  internal::Veil veil(session, snapshot, query.sight.get());
  ASSIGN_OR_RETURN(const int64_t start, veil.Find(query.tenant, query.start, bounds));

  const auto offset = static_cast<size_t>(place.offset);
  internal::WalkOptions options{
      .direction = query.direction,
      .bounds = bounds,
      .max_depth = query.max_depth,
      .max_nodes = std::min<size_t>(kMaxReach, offset + static_cast<size_t>(query.limit)),
      .veil = veil.lifted() ? nullptr : &veil,
      .all_edges = true};
  for (const std::string& type : query.edge_types) {
    // An unknown type has no edges; its number sorts behind all others.
    const int64_t number = snapshot.words().Number(type);
    options.edge_types.push_back(number == 0 ? internal::kForever - 1 : number);
  }
  std::ranges::sort(options.edge_types);
  options.edge_types.erase(std::ranges::unique(options.edge_types).begin(),
                           options.edge_types.end());
  TraceAnswer answer;
  std::vector<EdgeRow> edges;
  size_t others = 0;
  Walk walk(session, std::move(options),
            [&](const EdgeRow& edge, size_t expanded, size_t other, bool found) {
              if (std::max(expanded, other) < offset) {
                return;
              }
              others += found ? 0 : 1;
              if (!found && others > static_cast<size_t>(kMaxPageEdges - kMaxPageNodes)) {
                answer.edges_complete = false;
                return;
              }
              edges.push_back(edge);
            });
  TRY(walk.Run(start));
  TRY(FillPage(snapshot, walk, offset, bounds.known, edges, answer));
  answer.edges_complete = answer.edges_complete && !walk.edges_left_out();
  answer.cut = walk.cut() || (walk.more() && walk.nodes().size() >= kMaxReach);
  if (walk.more() && !answer.cut) {
    answer.next = TokenOf(fingerprint, {static_cast<int64_t>(walk.nodes().size()), place.max_seq});
  }
  answer.applied_seq = place.max_seq;
  return answer;
}

Result<Impact> RunImpact(store::Session& session, const ImpactQuery& query) {
  ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Load(session));
  const Bounds bounds = internal::BoundsOf(query.as_of);
  internal::Veil veil(session, snapshot, query.sight.get());
  ASSIGN_OR_RETURN(const int64_t start, veil.Find(query.tenant, query.start, bounds));
  Walk walk(
      session,
      {.direction = Direction::kForward, .bounds = bounds, .veil = veil.lifted() ? nullptr : &veil},
      [](const EdgeRow&, size_t, size_t, bool) {});
  TRY(walk.Run(start));
  std::map<std::string, ImpactGroup> groups;
  constexpr size_t kAtOnce = 1'000;
  const std::span<const int64_t> reached = std::span(walk.nodes()).subspan(1);
  for (size_t i = 0; i < reached.size(); i += kAtOnce) {
    ASSIGN_OR_RETURN(
        const std::vector<NodeRow> rows,
        snapshot.Rows(reached.subspan(i, std::min(kAtOnce, reached.size() - i)), bounds.known));
    for (const NodeRow& row : rows) {
      ImpactGroup& group = groups[snapshot.words().Word(row.type)];
      if (++group.count <= query.per_type) {
        group.first.push_back(snapshot.NodeOf(row));
      }
    }
  }
  Impact impact{.complete = !walk.more() && !walk.cut(),
                .applied_seq = snapshot.progress().applied_seq};
  for (auto& [type, group] : groups) {
    group.type = type;
    impact.groups.push_back(std::move(group));
  }
  return impact;
}

Result<Path> RunPath(store::Session& session, const PathQuery& query) {
  ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Load(session));
  const Bounds bounds = internal::BoundsOf(query.as_of);
  internal::Veil veil(session, snapshot, query.sight.get());
  ASSIGN_OR_RETURN(const int64_t from, veil.Find(query.tenant, query.from, bounds));
  ASSIGN_OR_RETURN(const int64_t to, veil.Find(query.tenant, query.to, bounds));
  struct Step {
    size_t before;
    EdgeRow edge;
  };
  std::vector<Step> steps(1);  // [i]: how nodes()[i] was found
  Walk walk(session,
            {.direction = query.direction,
             .bounds = bounds,
             .stop_at = to,
             .veil = veil.lifted() ? nullptr : &veil},
            [&steps](const EdgeRow& edge, size_t expanded, size_t, bool found) {
              if (found) {
                steps.push_back({expanded, edge});
              }
            });
  TRY(walk.Run(from));
  Path path{.complete = walk.stopped() || (!walk.more() && !walk.cut())};
  if (!walk.stopped()) {
    return path;
  }
  std::vector<int64_t> numbers;
  std::vector<EdgeRow> edges;
  size_t place = walk.nodes().size() - 1;
  for (; place != 0; place = steps[place].before) {
    numbers.push_back(walk.nodes()[place]);
    edges.push_back(steps[place].edge);
  }
  numbers.push_back(from);
  std::ranges::reverse(numbers);
  std::ranges::reverse(edges);
  ASSIGN_OR_RETURN(const std::vector<NodeRow> rows, snapshot.Rows(numbers, bounds.known));
  std::unordered_map<int64_t, NodeRef> refs;
  for (size_t i = 0; i < rows.size(); ++i) {
    path.nodes.push_back(snapshot.NodeOf(rows[i]));
    refs.emplace(numbers[i], path.nodes.back().ref);
  }
  ASSIGN_OR_RETURN(path.edges, snapshot.EdgesOf(edges, bounds.known, refs));
  return path;
}

Result<Node> RunGetNode(store::Session& session, const std::string& tenant, const NodeRef& ref,
                        const AsOf& as_of) {
  ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Load(session));
  const Bounds bounds = internal::BoundsOf(as_of);
  ASSIGN_OR_RETURN(const int64_t number, snapshot.Find(tenant, ref, bounds.known));
  ASSIGN_OR_RETURN(const std::vector<NodeRow> rows,
                   snapshot.Rows(std::span(&number, 1), bounds.known));
  return snapshot.NodeOf(rows.front());
}

Result<Progress> RunProgress(store::Session& session) {
  ASSIGN_OR_RETURN(const internal::ProgressRow row, internal::LoadProgress(session));
  return Progress{.applied_seq = row.applied_seq,
                  .nodes = row.next_node - 1,
                  .rejected = row.rejected,
                  .rejected_seq = row.rejected_seq,
                  .rejected_why = row.rejected_why};
}

}  // namespace

Task<Node> Service::GetNode(std::string tenant, NodeRef ref, AsOf as_of, Deadline deadline) const {
  CO_TRY(internal::CheckRef(ref));
  auto read = [tenant = std::move(tenant), ref = std::move(ref), as_of](store::Session& session) {
    return RunGetNode(session, tenant, ref, as_of);
  };
  co_return co_await db_.Read(std::move(read), deadline);
}

Task<TraceAnswer> Service::Trace(TraceQuery query, Deadline deadline) const {
  CO_TRY(CheckTrace(query));
  auto read = [query = std::move(query)](store::Session& session) {
    return RunTrace(session, query);
  };
  co_return co_await db_.Read(std::move(read), deadline);
}

Task<Impact> Service::FindImpact(ImpactQuery query, Deadline deadline) const {
  CO_TRY(internal::CheckRef(query.start));
  if (query.per_type < 0 || query.per_type > 100) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("per_type is {}, expected 0 to 100", query.per_type));
  }
  auto read = [query = std::move(query)](store::Session& session) {
    return RunImpact(session, query);
  };
  co_return co_await db_.Read(std::move(read), deadline);
}

Task<Path> Service::FindPath(PathQuery query, Deadline deadline) const {
  CO_TRY(internal::CheckRef(query.from));
  CO_TRY(internal::CheckRef(query.to));
  auto read = [query = std::move(query)](store::Session& session) {
    return RunPath(session, query);
  };
  co_return co_await db_.Read(std::move(read), deadline);
}

Task<Progress> Service::GetProgress(Deadline deadline) const {
  auto read = [](store::Session& session) { return RunProgress(session); };
  co_return co_await db_.Read(std::move(read), deadline);
}

}  // namespace stetig::trace
