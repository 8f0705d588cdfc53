// Where the nodes of an answer stand in a picture: in layers, so that edges lead from left to
// right, with few crossings and short edges (Sugiyama, Tagawa, Toda 1981: layers by longest paths,
// order within layers by barycentres, places by least squares). A pure function: equal input, equal
// picture.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace stetig::trace {

/// Edge between nodes by their place in the list of nodes.
struct LayoutEdge {
  int from = 0;
  int to = 0;
};

/// In pixels or any other unit; all > 0.
struct LayoutOptions {
  double node_width = 180;
  double node_height = 40;
  double layer_gap = 80;  ///< between the right side of a layer and the left side of the next
  double node_gap = 16;   ///< between nodes of a layer, at least
};

struct PlacedNode {
  int layer = 0;  ///< 0: leftmost
  int order = 0;  ///< within the layer, from the top
  double x = 0;   ///< of the upper left corner
  double y = 0;
};

struct PlacedEdge {
  /// It closes a cycle, so it leads from right to left.
  bool backward = false;
};

struct Layout {
  std::vector<PlacedNode> nodes;  ///< as in the input
  std::vector<PlacedEdge> edges;  ///< as in the input
  double width = 0;
  double height = 0;
};

/// At most kMaxPageNodes nodes and kMaxPageEdges edges (types.h). Edges of a node to itself are
/// allowed and move nothing. Costs O((n + e) log n) for each of a fixed number of sweeps.
/// Deterministic; thread-safe. kInvalidArgument: more nodes or edges than that, an edge that names
/// no node, or a size that is not a positive number.
Result<Layout> ComputeLayout(int nodes, std::span<const LayoutEdge> edges,
                             const LayoutOptions& options = {});

}  // namespace stetig::trace
