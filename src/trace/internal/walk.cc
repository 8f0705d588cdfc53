#include "trace/internal/walk.h"

#include <algorithm>

namespace stetig::trace::internal {
namespace {

constexpr size_t kChunk = 64;
constexpr int64_t kRangeRows = 128;
constexpr int64_t kMoreRows = 1'024;
/// Most edges of one node that are read only for those that lead to nodes found before.
constexpr int64_t kMaxClosing = 20'000;

}  // namespace

/// One direction of a chunk: its ranges, node by node, and the first rows of each.
struct Walk::Side {
  bool forward;
  size_t per_node;  ///< ranges
  std::vector<EdgeRange> ranges;
  std::vector<std::vector<EdgeRow>> rows;
};

Status Walk::Run(std::span<const int64_t> starts) {
  for (const int64_t start : starts) {
    places_.emplace(start, static_cast<uint32_t>(nodes_.size()));
    nodes_.push_back(start);
    depths_.push_back(0);
    stopped_ = stopped_ || start == options_.stop_at;
  }
  for (size_t next = 0; next < nodes_.size() && !Done();) {
    const size_t count = std::min(kChunk, nodes_.size() - next);
    TRY(Expand(next, count));
    next += count;
  }
  return OkStatus();
}

Status Walk::Expand(size_t first, size_t count) {
  const size_t per_node = std::max<size_t>(1, options_.edge_types.size());
  std::vector<Side> sides;
  for (const bool forward : {true, false}) {
    if (options_.direction == (forward ? Direction::kBackward : Direction::kForward)) {
      continue;
    }
    Side side{forward, per_node, {}, {}};
    for (size_t i = first; i < first + count; ++i) {
      if (options_.edge_types.empty()) {
        side.ranges.push_back({.node = nodes_[i]});
      }
      for (const int64_t type : options_.edge_types) {
        side.ranges.push_back({.node = nodes_[i], .type = type, .last_type = type});
      }
    }
    TRY(ReadSide(side));
    sides.push_back(std::move(side));
  }
  for (size_t i = 0; i < count; ++i) {
    for (Side& side : sides) {
      for (size_t j = 0; j < per_node && !Done(); ++j) {
        TRY(Drain(side, i * per_node + j, first + i));
      }
    }
  }
  return OkStatus();
}

Status Walk::ReadSide(Side& side) {
  side.rows.resize(side.ranges.size());
  return ReadEdges(session_, side.forward, side.ranges, options_.bounds, kRangeRows,
                   [&side](size_t i, const EdgeRow& row) { side.rows[i].push_back(row); });
}

/// All edges of one range: the rows that were read with the chunk, then the rest in pieces.
Status Walk::Drain(Side& side, size_t range, size_t expanded) {
  std::vector<EdgeRow> rows = std::move(side.rows[range]);
  EdgeRange place = side.ranges[range];
  int64_t wanted = kRangeRows;
  int64_t closing = 0;
  for (;;) {
    for (const EdgeRow& row : rows) {
      Meet(row, expanded, side.forward);
      if (Done()) {
        return OkStatus();
      }
    }
    scanned_ += static_cast<int64_t>(rows.size());
    if (scanned_ > kMaxScan) {
      cut_ = true;
      edges_left_out_ = true;
      return OkStatus();
    }
    if (static_cast<int64_t>(rows.size()) < wanted) {
      return OkStatus();
    }
    closing += more_ ? static_cast<int64_t>(rows.size()) : 0;
    if (closing > kMaxClosing) {
      edges_left_out_ = true;
      return OkStatus();
    }
    const EdgeRow& last = rows.back();
    place.type = last.type;
    place.other = side.forward ? last.to : last.from;
    place.seq = last.seq;
    place.rule = last.rule;
    wanted = kMoreRows;
    rows.clear();
    TRY(ReadEdges(session_, side.forward, std::span(&place, 1), options_.bounds, wanted,
                  [&rows](size_t, const EdgeRow& row) { rows.push_back(row); }));
  }
}

void Walk::Meet(const EdgeRow& edge, size_t expanded, bool forward) {
  const int64_t node = forward ? edge.to : edge.from;
  if (const auto found = places_.find(node); found != places_.end()) {
    const size_t other = found->second;
    // In both directions an edge is met at both of its ends: the first one counts.
    const bool again = options_.direction == Direction::kBoth &&
                       (other < expanded || (other == expanded && !forward));
    if (!again) {
      on_edge_(edge, expanded, other, /*found=*/false);
    }
    return;
  }
  if (depths_[expanded] >= options_.max_depth) {
    return;
  }
  if (nodes_.size() >= options_.max_nodes) {
    more_ = true;
    return;
  }
  const size_t place = nodes_.size();
  places_.emplace(node, static_cast<uint32_t>(place));
  nodes_.push_back(node);
  depths_.push_back(depths_[expanded] + 1);
  on_edge_(edge, expanded, place, /*found=*/true);
  stopped_ = node == options_.stop_at;
}

}  // namespace stetig::trace::internal
