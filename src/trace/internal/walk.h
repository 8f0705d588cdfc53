// A walk over the graph, breadth first, within one read closure. Set at a time: one batch of
// statements for up to 64 nodes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "store/database.h"
#include "trace/internal/repository.h"
#include "trace/types.h"

namespace stetig::trace::internal {

struct WalkOptions {
  Direction direction = Direction::kForward;
  std::vector<int64_t> edge_types;  ///< numbers, ascending; empty: all
  Bounds bounds;
  int max_depth = 1'000;
  size_t max_nodes = kMaxReach;
  int64_t stop_at = 0;     ///< ends when this node is found
  bool all_edges = false;  ///< goes on to the edges between the nodes when max_nodes are found
};

/// Memory: about 60 bytes a node, and 4 MiB.
class Walk {
 public:
  /// An edge between the nodes at `expanded` and `other` of nodes(). `found`: the node at `other`
  /// was found by it. Each edge comes once.
  using EdgeFn =
      std::move_only_function<void(const EdgeRow&, size_t expanded, size_t other, bool found)>;

  Walk(store::Session& session, WalkOptions options, EdgeFn on_edge)
      : session_(session), options_(std::move(options)), on_edge_(std::move(on_edge)) {}

  Status Run(int64_t start) { return Run(std::span(&start, 1)); }
  /// From several nodes at once, all different, at least one.
  Status Run(std::span<const int64_t> starts);

  /// Numbers by distance from the start; equally far ones by (place of the node that found them,
  /// forward before backward, type, number).
  const std::vector<int64_t>& nodes() const { return nodes_; }
  int depth(size_t i) const { return depths_[i]; }
  /// There is at least one node beyond max_nodes.
  bool more() const { return more_; }
  /// Too many edges were read: nodes or edges are missing.
  bool cut() const { return cut_; }
  /// Edges may be missing.
  bool edges_left_out() const { return edges_left_out_; }
  bool stopped() const { return stopped_; }

 private:
  struct Side;
  Status Expand(size_t first, size_t count);
  Status ReadSide(Side& side);
  Status Drain(Side& side, size_t range, size_t expanded);
  void Meet(const EdgeRow& edge, size_t expanded, bool forward);
  bool Done() const { return stopped_ || cut_ || (more_ && !options_.all_edges); }

  store::Session& session_;
  WalkOptions options_;
  EdgeFn on_edge_;
  std::vector<int64_t> nodes_;
  std::vector<int> depths_;
  std::unordered_map<int64_t, uint32_t> places_;
  int64_t scanned_ = 0;
  bool more_ = false;
  bool cut_ = false;
  bool edges_left_out_ = false;
  bool stopped_ = false;
};

}  // namespace stetig::trace::internal
