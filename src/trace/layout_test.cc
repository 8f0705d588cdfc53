#include "trace/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "trace/types.h"

namespace stetig::trace {
namespace {

Layout Laid(int nodes, const std::vector<LayoutEdge>& edges) {
  auto layout = ComputeLayout(nodes, edges);
  EXPECT_TRUE(layout.has_value());
  return layout.value_or(Layout());
}

/// What must hold of every picture.
void Check(int nodes, const std::vector<LayoutEdge>& edges, const Layout& layout) {
  const LayoutOptions options;
  ASSERT_EQ(layout.nodes.size(), static_cast<size_t>(nodes));
  ASSERT_EQ(layout.edges.size(), edges.size());
  for (size_t i = 0; i < edges.size(); ++i) {
    const PlacedNode& from = layout.nodes[static_cast<size_t>(edges[i].from)];
    const PlacedNode& to = layout.nodes[static_cast<size_t>(edges[i].to)];
    if (edges[i].from == edges[i].to) {
      EXPECT_TRUE(layout.edges[i].backward);
    } else if (layout.edges[i].backward) {
      EXPECT_GT(from.layer, to.layer);
    } else {
      EXPECT_LT(from.layer, to.layer);
      EXPECT_LE(from.x + options.node_width + options.layer_gap, to.x + 1e-6);
    }
  }
  std::map<int, std::vector<PlacedNode>> layers;
  for (const PlacedNode& node : layout.nodes) {
    EXPECT_GE(node.y, 0);
    EXPECT_LE(node.y + options.node_height, layout.height + 1e-6);
    EXPECT_LE(node.x + options.node_width, layout.width + 1e-6);
    layers[node.layer].push_back(node);
  }
  for (auto& [number, layer] : layers) {
    std::ranges::sort(layer, {}, &PlacedNode::order);
    for (size_t i = 0; i < layer.size(); ++i) {
      EXPECT_EQ(layer[i].order, static_cast<int>(i));
      EXPECT_EQ(layer[i].x, layer[0].x);
      if (i > 0) {
        EXPECT_GE(layer[i].y, layer[i - 1].y + options.node_height + options.node_gap - 1e-6);
      }
    }
  }
}

TEST(Layout, AChainIsALine) {
  const Layout layout = Laid(3, {{2, 1}, {1, 0}});
  EXPECT_EQ(layout.nodes[2].layer, 0);
  EXPECT_EQ(layout.nodes[1].layer, 1);
  EXPECT_EQ(layout.nodes[0].layer, 2);
  EXPECT_EQ(layout.nodes[0].y, layout.nodes[2].y);
  EXPECT_EQ(layout.nodes[0].x, 2 * (180 + 80));
  EXPECT_EQ(layout.width, 3 * 180 + 2 * 80);
  EXPECT_EQ(layout.height, 40);
}

TEST(Layout, LayersAreLongestPaths) {
  const Layout layout = Laid(4, {{0, 3}, {0, 1}, {1, 2}, {2, 3}});
  EXPECT_EQ(layout.nodes[3].layer, 3);
}

TEST(Layout, AnAvoidableCrossingIsAvoided) {
  // a→y and b→x: in the given order they would cross.
  const Layout layout = Laid(4, {{0, 3}, {1, 2}});
  EXPECT_EQ(layout.nodes[0].order < layout.nodes[1].order,
            layout.nodes[3].order < layout.nodes[2].order);
  EXPECT_EQ(layout.nodes[0].y, layout.nodes[3].y);
}

TEST(Layout, AParentStandsInTheMiddleOfItsChildren) {
  const Layout layout = Laid(4, {{0, 1}, {0, 2}, {0, 3}});
  std::vector<double> children = {layout.nodes[1].y, layout.nodes[2].y, layout.nodes[3].y};
  std::ranges::sort(children);
  EXPECT_NEAR(layout.nodes[0].y, children[1], 1e-6);
}

TEST(Layout, ACycleIsCutOnce) {
  const std::vector<LayoutEdge> edges = {{0, 1}, {1, 2}, {2, 0}, {1, 1}};
  const Layout layout = Laid(3, edges);
  EXPECT_FALSE(layout.edges[0].backward);
  EXPECT_FALSE(layout.edges[1].backward);
  EXPECT_TRUE(layout.edges[2].backward);
  Check(3, edges, layout);
}

TEST(Layout, RandomPicturesHaveNoOverlapsAndPointOneWay) {
  std::mt19937 random(5);
  for (int round = 0; round < 150; ++round) {
    const int nodes = 1 + static_cast<int>(random() % 60);
    std::vector<LayoutEdge> edges(random() % 150);
    for (LayoutEdge& edge : edges) {
      edge = {static_cast<int>(random() % static_cast<unsigned>(nodes)),
              static_cast<int>(random() % static_cast<unsigned>(nodes))};
    }
    Check(nodes, edges, Laid(nodes, edges));
  }
}

TEST(Layout, TheLargestPictureIsDrawnAlikeTwice) {
  std::mt19937 random(6);
  std::vector<LayoutEdge> edges(kMaxPageEdges);
  for (LayoutEdge& edge : edges) {
    edge = {static_cast<int>(random() % kMaxPageNodes), static_cast<int>(random() % kMaxPageNodes)};
  }
  const Layout one = Laid(kMaxPageNodes, edges);
  const Layout two = Laid(kMaxPageNodes, edges);
  Check(kMaxPageNodes, edges, one);
  for (size_t i = 0; i < one.nodes.size(); ++i) {
    EXPECT_EQ(one.nodes[i].x, two.nodes[i].x);
    EXPECT_EQ(one.nodes[i].y, two.nodes[i].y);
  }
}

TEST(Layout, NothingIsAnEmptyPictureAndWrongInputIsRefused) {
  EXPECT_EQ(Laid(0, {}).width, 0);
  const auto code = [](int nodes, std::vector<LayoutEdge> edges, LayoutOptions options = {}) {
    const auto layout = ComputeLayout(nodes, edges, options);
    return layout ? Code::kOk : layout.error().code();
  };
  EXPECT_EQ(code(kMaxPageNodes + 1, {}), Code::kInvalidArgument);
  EXPECT_EQ(code(-1, {}), Code::kInvalidArgument);
  EXPECT_EQ(code(2, {{0, 2}}), Code::kInvalidArgument);
  EXPECT_EQ(code(2, {{-1, 0}}), Code::kInvalidArgument);
  EXPECT_EQ(code(2, std::vector<LayoutEdge>(kMaxPageEdges + 1)), Code::kInvalidArgument);
  EXPECT_EQ(code(1, {}, {.node_width = 0}), Code::kInvalidArgument);
  EXPECT_EQ(code(1, {}, {.node_gap = std::numeric_limits<double>::quiet_NaN()}),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace stetig::trace
