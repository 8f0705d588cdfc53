// Gaps of the trace graph: Service::FindGaps.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/digest.h"
#include "base/text.h"
#include "trace/gap_rules.h"
#include "trace/internal/answer.h"
#include "trace/internal/gap_check.h"
#include "trace/internal/veil.h"
#include "trace/service.h"

namespace stetig::trace {
namespace {

using internal::NodeRow;
using internal::Snapshot;

constexpr int64_t kChunk = 200;
constexpr int64_t kMaxLookedAt = 5'000;  ///< nodes of one page

/// The types that have rules, in order of the rules; only `wanted` if that is not empty.
std::vector<std::string> TypesOf(const std::string& wanted) {
  std::vector<std::string> types;
  for (const GapRule& rule : GapRules()) {
    if ((wanted.empty() || wanted == rule.node_type) &&
        std::ranges::find(types, rule.node_type) == types.end()) {
      types.emplace_back(rule.node_type);
    }
  }
  return types;
}

Status CheckQuery(const GapQuery& query) {
  if (query.limit < 1 || query.limit > 1'000) {
    return Err(Code::kInvalidArgument, fmt::format("limit is {}, expected 1 to 1000", query.limit));
  }
  if (query.nodes.size() > 100) {
    return Err(Code::kInvalidArgument,
               fmt::format("{} nodes are named, expected at most 100", query.nodes.size()));
  }
  for (const NodeRef& ref : query.nodes) {
    TRY(internal::CheckRef(ref));
  }
  if (TypesOf(query.node_type).empty()) {
    return Err(Code::kInvalidArgument,
               fmt::format("there are no rules for nodes of type \"{}\"", query.node_type));
  }
  return OkStatus();
}

struct Place {
  size_t type = 0;
  std::string project;
  int64_t node = 0;
};

uint64_t FingerprintOf(const GapQuery& query) {
  return Xxh3(fmt::format("{}:{}:{}:{}:{}:{}:{}", query.tenant.size(), query.tenant,
                          query.project ? "=" + *query.project : "*", query.node_type,
                          query.as_of.valid ? fmt::to_string(query.as_of.valid->ms) : "-",
                          query.as_of.known ? fmt::to_string(query.as_of.known->ms) : "-",
                          query.consequences));
}

std::string TokenOf(uint64_t fingerprint, const Place& place) {
  return fmt::format("g1.{:016x}.{}.{}.{}", fingerprint, place.type, place.node,
                     HexEncode(place.project));
}

Result<Place> PlaceOf(const std::string& token, uint64_t fingerprint) {
  if (token.empty()) {
    return Place{};
  }
  const std::vector<std::string_view> parts = Split(token, '.');
  if (parts.size() == 5 && parts[0] == "g1" && parts[1] == fmt::format("{:016x}", fingerprint)) {
    const auto type = ParseInt64(parts[2]);
    const auto node = ParseInt64(parts[3]);
    auto project = HexDecode(parts[4]);
    if (type && node && project && *type >= 0 && *node >= 0 && IsValidUtf8(*project) &&
        !project->contains('\0')) {
      return Place{static_cast<size_t>(*type), *std::move(project), *node};
    }
  }
  return Err(Code::kInvalidArgument, "the page token is not of this query");
}

/// Rows that were not known yet (no = 0) are left out.
std::vector<NodeRow> Known(std::vector<NodeRow> rows) {
  std::erase_if(rows, [](const NodeRow& row) { return row.no == 0; });
  return rows;
}

Result<GapPage> NamedNodes(store::Session& session, const Snapshot& snapshot,
                           const GapQuery& query) {
  const internal::Bounds bounds = internal::BoundsOf(query.as_of);
  GapPage page{.applied_seq = snapshot.progress().applied_seq};
  for (const NodeRef& ref : query.nodes) {
    ASSIGN_OR_RETURN(const int64_t number, snapshot.Find(query.tenant, ref, bounds.known));
    ASSIGN_OR_RETURN(std::vector<NodeRow> rows, snapshot.Rows(std::span(&number, 1), bounds.known));
    ASSIGN_OR_RETURN(auto gaps, internal::CheckGaps(session, snapshot, Known(std::move(rows)),
                                                    bounds, query.consequences));
    for (auto& of_node : gaps) {
      std::ranges::move(of_node, std::back_inserter(page.gaps));
    }
  }
  return page;
}

/// Adds the gaps of `rows` until the page is full; moves `place` behind the last node looked at.
Status AddGaps(store::Session& session, const Snapshot& snapshot, const GapQuery& query,
               const std::vector<NodeRow>& rows, Place& place, GapPage& page) {
  const internal::Bounds bounds = internal::BoundsOf(query.as_of);
  std::vector<NodeRow> then = rows;
  TRY(internal::RewindNodes(session, bounds.known, then));
  std::vector<std::vector<Gap>> gaps;
  std::map<int64_t, size_t> places;
  const std::vector<NodeRow> known = Known(std::move(then));
  ASSIGN_OR_RETURN(gaps, internal::CheckGaps(session, snapshot, known, bounds, query.consequences));
  for (size_t i = 0; i < known.size(); ++i) {
    places.emplace(known[i].no, i);
  }
  for (const NodeRow& row : rows) {
    if (static_cast<int>(page.gaps.size()) >= query.limit) {
      return OkStatus();
    }
    place.project = row.project;
    place.node = row.no;
    if (const auto found = places.find(row.no); found != places.end()) {
      std::ranges::move(gaps[found->second], std::back_inserter(page.gaps));
    }
  }
  return OkStatus();
}

/// Without the nodes that are hidden.
Result<std::vector<NodeRow>> Seen(internal::Veil& veil, std::vector<NodeRow> rows,
                                  const internal::Bounds& bounds) {
  if (veil.lifted()) return rows;
  std::vector<int64_t> numbers;
  for (const NodeRow& row : rows) numbers.push_back(row.no);
  TRY(veil.Learn(numbers));
  std::vector<NodeRow> seen;
  for (NodeRow& row : rows) {
    ASSIGN_OR_RETURN(const bool hidden, veil.HidesAlone(row, bounds));
    if (!hidden) seen.push_back(std::move(row));
  }
  return seen;
}

/// A cause that is hidden explains nothing.
Status DropHiddenCauses(const Snapshot& snapshot, internal::Veil& veil, const GapQuery& query,
                        GapPage& page) {
  if (veil.lifted()) return OkStatus();
  const internal::Bounds bounds = internal::BoundsOf(query.as_of);
  for (Gap& gap : page.gaps) {
    if (!gap.because) continue;
    ASSIGN_OR_RETURN(const int64_t number,
                     snapshot.Find(query.tenant, gap.because->node, bounds.known));
    TRY(veil.Learn(std::span(&number, 1)));
    if (veil.Hides(number)) gap.because.reset();
  }
  return OkStatus();
}

Result<GapPage> RunGaps(store::Session& session, const GapQuery& query) {
  const uint64_t fingerprint = FingerprintOf(query);
  ASSIGN_OR_RETURN(Place place, PlaceOf(query.page_token, fingerprint));
  ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Load(session));
  if (!query.nodes.empty()) {
    return NamedNodes(session, snapshot, query);
  }
  const std::vector<std::string> types = TypesOf(query.node_type);
  GapPage page{.applied_seq = snapshot.progress().applied_seq};
  const internal::Bounds bounds = internal::BoundsOf(query.as_of);
  internal::Veil veil(session, snapshot, query.sight.get());
  Place shown = place;  // behind the last seen node: a token tells nothing of a hidden one
  int64_t looked_at = 0;
  while (place.type < types.size()) {
    if (static_cast<int>(page.gaps.size()) >= query.limit || looked_at >= kMaxLookedAt) {
      page.next = TokenOf(fingerprint, shown);
      TRY(DropHiddenCauses(snapshot, veil, query, page));
      return page;
    }
    const internal::NodeList list{.tenant = query.tenant,
                                  .type = snapshot.words().Number(types[place.type]),
                                  .project = query.project,
                                  .after_project = place.project,
                                  .after_no = place.node};
    ASSIGN_OR_RETURN(const std::vector<NodeRow> rows, internal::ListNodes(session, list, kChunk));
    if (rows.empty()) {
      place = {.type = place.type + 1};
      shown = place;
      continue;
    }
    ASSIGN_OR_RETURN(const std::vector<NodeRow> seen, Seen(veil, rows, bounds));
    looked_at += static_cast<int64_t>(seen.size());
    TRY(AddGaps(session, snapshot, query, seen, shown, page));
    const bool full = static_cast<int>(page.gaps.size()) >= query.limit;
    place = {.type = place.type, .project = rows.back().project, .node = rows.back().no};
    if (full) place = shown;
  }
  TRY(DropHiddenCauses(snapshot, veil, query, page));
  return page;
}

}  // namespace

Task<GapPage> Service::FindGaps(GapQuery query, Deadline deadline) const {
  CO_TRY(CheckQuery(query));
  auto read = [query = std::move(query)](store::Session& session) {
    return RunGaps(session, query);
  };
  co_return co_await db_.Read(std::move(read), deadline);
}

}  // namespace stetig::trace
