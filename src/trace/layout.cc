#include "trace/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "trace/types.h"

namespace stetig::trace {
namespace {

constexpr int kOrderSweeps = 12;
constexpr int kPlaceSweeps = 8;
/// Long edges bend through helpers, one in each layer that they cross; beyond so many helpers the
/// longest edges do without.
constexpr size_t kMaxHelpers = 20'000;

struct Arc {
  int from;
  int to;
};

class Drawing {
 public:
  Drawing(int nodes, std::span<const LayoutEdge> edges, const LayoutOptions& options)
      : count_(static_cast<size_t>(nodes)), edges_(edges), options_(options) {}

  Layout Draw() {
    BreakCycles();
    FindLayers();
    AddHelpers();
    Order();
    Place();
    return Result();
  }

 private:
  /// Depth first from the first node on: an edge to a node that is still open closes a cycle.
  void BreakCycles() {
    std::vector<std::vector<size_t>> out(count_);
    for (size_t i = 0; i < edges_.size(); ++i) {
      out[static_cast<size_t>(edges_[i].from)].push_back(i);
    }
    enum class State : unsigned char { kNew, kOpen, kDone };
    std::vector<State> states(count_, State::kNew);
    backward_.assign(edges_.size(), false);
    std::vector<std::pair<size_t, size_t>> stack;  // node, next of its edges
    for (const size_t root : RootsFirst()) {
      if (states[root] != State::kNew) {
        continue;
      }
      stack.emplace_back(root, 0);
      states[root] = State::kOpen;
      while (!stack.empty()) {
        auto& [node, next] = stack.back();
        if (next == out[node].size()) {
          states[node] = State::kDone;
          stack.pop_back();
          continue;
        }
        const size_t edge = out[node][next++];
        const auto to = static_cast<size_t>(edges_[edge].to);
        if (states[to] == State::kOpen) {
          backward_[edge] = true;  // a node's edge to itself is one, too
        } else if (states[to] == State::kNew) {
          states[to] = State::kOpen;
          stack.emplace_back(to, 0);
        }
      }
    }
  }

  /// Nodes that no edge leads to come first, so that cycles are cut where one would begin to read.
  std::vector<size_t> RootsFirst() const {
    std::vector<bool> entered(count_);
    for (const LayoutEdge& edge : edges_) {
      if (edge.from != edge.to) {
        entered[static_cast<size_t>(edge.to)] = true;
      }
    }
    std::vector<size_t> order;
    for (const bool later : {false, true}) {
      for (size_t node = 0; node < count_; ++node) {
        if (entered[node] == later) {
          order.push_back(node);
        }
      }
    }
    return order;
  }

  /// The ends of an edge as it is drawn: from left to right.
  Arc Drawn(size_t edge) const {
    return backward_[edge] ? Arc{edges_[edge].to, edges_[edge].from}
                           : Arc{edges_[edge].from, edges_[edge].to};
  }

  /// Each node one layer behind the last of those that lead to it.
  void FindLayers() {
    std::vector<std::vector<size_t>> out(count_);
    std::vector<int> waits(count_);
    for (size_t i = 0; i < edges_.size(); ++i) {
      const Arc arc = Drawn(i);
      if (arc.from != arc.to) {
        out[static_cast<size_t>(arc.from)].push_back(static_cast<size_t>(arc.to));
        ++waits[static_cast<size_t>(arc.to)];
      }
    }
    layer_.assign(count_, 0);
    std::vector<size_t> ready;
    for (size_t node = 0; node < count_; ++node) {
      if (waits[node] == 0) {
        ready.push_back(node);
      }
    }
    for (size_t i = 0; i < ready.size(); ++i) {
      for (const size_t to : out[ready[i]]) {
        layer_[to] = std::max(layer_[to], layer_[ready[i]] + 1);
        if (--waits[to] == 0) {
          ready.push_back(to);
        }
      }
    }
  }

  void AddHelpers() {
    std::vector<std::pair<int, size_t>> order;  // layers from end to end, edge
    for (size_t i = 0; i < edges_.size(); ++i) {
      if (edges_[i].from != edges_[i].to) {
        const Arc arc = Drawn(i);
        order.emplace_back(
            layer_[static_cast<size_t>(arc.to)] - layer_[static_cast<size_t>(arc.from)], i);
      }
    }
    std::ranges::sort(order);
    all_layer_ = layer_;
    size_t helpers = 0;
    for (const auto& [span, edge] : order) {
      const Arc arc = Drawn(edge);
      const auto needed = static_cast<size_t>(span - 1);
      if (helpers + needed > kMaxHelpers) {
        break;
      }
      helpers += needed;
      int before = arc.from;
      for (size_t i = 0; i < needed; ++i) {
        const auto helper = static_cast<int>(all_layer_.size());
        all_layer_.push_back(all_layer_[static_cast<size_t>(before)] + 1);
        arcs_.push_back({before, helper});
        before = helper;
      }
      arcs_.push_back({before, arc.to});
    }
    left_.resize(all_layer_.size());
    right_.resize(all_layer_.size());
    for (const Arc& arc : arcs_) {
      right_[static_cast<size_t>(arc.from)].push_back(arc.to);
      left_[static_cast<size_t>(arc.to)].push_back(arc.from);
    }
  }

  /// Layers from left to right and back: each sorted by the mean place of the neighbours in the
  /// layer before; the order with the fewest crossings wins.
  void Order() {
    const int last = all_layer_.empty() ? -1 : *std::ranges::max_element(all_layer_);
    layers_.resize(static_cast<size_t>(last + 1));
    for (size_t i = 0; i < all_layer_.size(); ++i) {
      layers_[static_cast<size_t>(all_layer_[i])].push_back(static_cast<int>(i));
    }
    place_.resize(all_layer_.size());
    Number();
    auto best = layers_;
    uint64_t fewest = Crossings();
    for (int sweep = 0; sweep < kOrderSweeps && fewest > 0; ++sweep) {
      const bool to_right = sweep % 2 == 0;
      for (size_t i = 1; i < layers_.size(); ++i) {
        SortLayer(layers_[to_right ? i : layers_.size() - 1 - i], to_right ? left_ : right_);
      }
      const uint64_t crossings = Crossings();
      if (crossings < fewest) {
        fewest = crossings;
        best = layers_;
      }
    }
    layers_ = std::move(best);
    Number();
  }

  void Number() {
    for (const auto& layer : layers_) {
      NumberLayer(layer);
    }
  }
  void NumberLayer(const std::vector<int>& layer) {
    for (size_t i = 0; i < layer.size(); ++i) {
      place_[static_cast<size_t>(layer[i])] = static_cast<int>(i);
    }
  }

  void SortLayer(std::vector<int>& layer, const std::vector<std::vector<int>>& neighbours) {
    std::vector<std::tuple<double, size_t, int>> keys;  // mean, place until now, node
    keys.reserve(layer.size());
    for (const int node : layer) {
      const auto& others = neighbours[static_cast<size_t>(node)];
      double sum = 0;
      for (const int other : others) {
        sum += place_[static_cast<size_t>(other)];
      }
      keys.emplace_back(others.empty() ? place_[static_cast<size_t>(node)]
                                       : sum / static_cast<double>(others.size()),
                        keys.size(), node);
    }
    std::ranges::sort(keys);
    for (size_t i = 0; i < layer.size(); ++i) {
      layer[i] = std::get<int>(keys[i]);
    }
    NumberLayer(layer);
  }

  /// Pairs of arcs between neighbouring layers that cross: inversions, counted with a Fenwick tree
  /// (Barth, Mutzel, Jünger 2004).
  uint64_t Crossings() const {
    uint64_t crossings = 0;
    for (size_t i = 0; i + 1 < layers_.size(); ++i) {
      std::vector<uint64_t> tree(layers_[i + 1].size() + 1);
      uint64_t seen = 0;
      std::vector<int> targets;
      for (const int node : layers_[i]) {
        targets.clear();
        for (const int to : right_[static_cast<size_t>(node)]) {
          targets.push_back(place_[static_cast<size_t>(to)]);
        }
        for (const int target : targets) {
          uint64_t not_below = 0;
          for (auto at = static_cast<size_t>(target) + 1; at > 0; at &= at - 1) {
            not_below += tree[at];
          }
          crossings += seen - not_below;
        }
        for (const int target : targets) {
          for (auto at = static_cast<size_t>(target) + 1; at < tree.size(); at += at & (~at + 1)) {
            ++tree[at];
          }
        }
        seen += targets.size();
      }
    }
    return crossings;
  }

  double HeightOf(int node) const {
    return static_cast<size_t>(node) < count_ ? options_.node_height : 0;
  }

  /// Each layer in turn as near to the mean of its neighbours as its order and the gaps allow.
  void Place() {
    y_.assign(all_layer_.size(), 0);
    for (const auto& layer : layers_) {
      double at = 0;
      for (const int node : layer) {
        y_[static_cast<size_t>(node)] = at;
        at += HeightOf(node) + options_.node_gap;
      }
    }
    for (int sweep = 0; sweep < kPlaceSweeps; ++sweep) {
      const bool to_right = sweep % 2 == 0;
      for (size_t i = 1; i < layers_.size(); ++i) {
        PlaceLayer(layers_[to_right ? i : layers_.size() - 1 - i], to_right ? left_ : right_);
      }
    }
  }

  /// Least squares under "each at least so far below the one before": pool adjacent violators.
  void PlaceLayer(const std::vector<int>& layer, const std::vector<std::vector<int>>& neighbours) {
    struct Block {
      double mean;
      double weight;
      size_t first;
    };
    std::vector<Block> blocks;
    std::vector<double> offsets;
    double offset = 0;
    for (size_t i = 0; i < layer.size(); ++i) {
      const auto node = static_cast<size_t>(layer[i]);
      const double middle = HeightOf(layer[i]) / 2;
      double sum = 0;
      for (const int other : neighbours[node]) {
        sum += y_[static_cast<size_t>(other)] + HeightOf(other) / 2;
      }
      const double wish = neighbours[node].empty()
                              ? y_[node]
                              : sum / static_cast<double>(neighbours[node].size()) - middle;
      offsets.push_back(offset);
      blocks.push_back({wish - offset, neighbours[node].empty() ? 0.1 : 1.0, i});
      offset += HeightOf(layer[i]) + options_.node_gap;
      while (blocks.size() > 1 && blocks[blocks.size() - 2].mean > blocks.back().mean) {
        const Block last = blocks.back();
        blocks.pop_back();
        Block& into = blocks.back();
        into.mean =
            (into.mean * into.weight + last.mean * last.weight) / (into.weight + last.weight);
        into.weight += last.weight;
      }
    }
    for (size_t b = 0; b < blocks.size(); ++b) {
      const size_t end = b + 1 < blocks.size() ? blocks[b + 1].first : layer.size();
      for (size_t i = blocks[b].first; i < end; ++i) {
        y_[static_cast<size_t>(layer[i])] = blocks[b].mean + offsets[i];
      }
    }
  }

  Layout Result() const {
    Layout layout;
    double top = 0;
    for (size_t i = 0; i < count_; ++i) {
      top = i == 0 ? y_[i] : std::min(top, y_[i]);
    }
    std::vector<int> orders(count_);
    for (const auto& layer : layers_) {
      int order = 0;
      for (const int node : layer) {
        if (static_cast<size_t>(node) < count_) {
          orders[static_cast<size_t>(node)] = order++;
        }
      }
    }
    for (size_t i = 0; i < count_; ++i) {
      const PlacedNode node{.layer = layer_[i],
                            .order = orders[i],
                            .x = layer_[i] * (options_.node_width + options_.layer_gap),
                            .y = y_[i] - top};
      layout.width = std::max(layout.width, node.x + options_.node_width);
      layout.height = std::max(layout.height, node.y + options_.node_height);
      layout.nodes.push_back(node);
    }
    for (const bool backward : backward_) {
      layout.edges.push_back({backward});
    }
    return layout;
  }

  size_t count_;
  std::span<const LayoutEdge> edges_;
  LayoutOptions options_;
  std::vector<bool> backward_;
  std::vector<int> layer_;      ///< of nodes
  std::vector<int> all_layer_;  ///< of nodes and helpers
  std::vector<Arc> arcs_;       ///< between neighbouring layers
  std::vector<std::vector<int>> left_;
  std::vector<std::vector<int>> right_;
  std::vector<std::vector<int>> layers_;
  std::vector<int> place_;  ///< within the layer
  std::vector<double> y_;
};

bool IsSize(double value) { return std::isfinite(value) && value > 0 && value < 1e6; }

}  // namespace

Result<Layout> ComputeLayout(int nodes, std::span<const LayoutEdge> edges,
                             const LayoutOptions& options) {
  if (nodes < 0 || nodes > kMaxPageNodes || edges.size() > size_t{kMaxPageEdges}) {
    return Err(Code::kInvalidArgument,
               fmt::format("{} nodes and {} edges, expected at most {} and {}", nodes, edges.size(),
                           kMaxPageNodes, kMaxPageEdges));
  }
  for (const LayoutEdge& edge : edges) {
    if (edge.from < 0 || edge.from >= nodes || edge.to < 0 || edge.to >= nodes) {
      return Err(Code::kInvalidArgument,
                 fmt::format("an edge joins nodes {} and {} of {}", edge.from, edge.to, nodes));
    }
  }
  if (!IsSize(options.node_width) || !IsSize(options.node_height) || !IsSize(options.layer_gap) ||
      !IsSize(options.node_gap)) {
    return Err(Code::kInvalidArgument, "a size is not a positive number below a million");
  }
  return Drawing(nodes, edges, options).Draw();
}

}  // namespace stetig::trace
