// What a query's Sight hides is not there: no node, no edge, no way through, no count.
#include <fmt/format.h>

#include <deque>
#include <random>

#include "trace/testing/fixture.h"

namespace stetig::trace {
namespace {

using testing::EdgeName;

/// Hides nodes by id; knows every type but commits.
class Hide final : public Sight {
 public:
  explicit Hide(std::set<NodeRef> hidden) : hidden_(std::move(hidden)) {}
  Result<std::vector<bool>> Hidden(store::Session&, std::span<const Node> nodes) const override {
    std::vector<bool> flags;
    for (const Node& node : nodes) flags.push_back(hidden_.contains(node.ref));
    return flags;
  }
  bool Knows(std::string_view type) const override { return type != "commit"; }

 private:
  std::set<NodeRef> hidden_;
};

class SightTest : public testing::TraceTest {};

NodeRef Task(int i) { return {"task", fmt::format("t{:02}", i)}; }

TEST_P(SightTest, WalksAreThoseOfTheGraphWithoutTheHidden) {
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same graph each time
  constexpr int kNodes = 24;
  std::set<std::pair<int, int>> links;
  while (links.size() < 60) {
    const int from = static_cast<int>(random() % kNodes);
    const int to = static_cast<int>(random() % kNodes);
    if (from != to && links.emplace(from, to).second) AddLink("relates", Task(from), Task(to));
  }
  Project();
  for (int round = 0; round < 8; ++round) {
    std::set<NodeRef> hidden;
    std::set<int> visible;
    for (int i = 0; i < kNodes; ++i) {
      if (i != 0 && random() % 3 == 0) {
        hidden.insert(Task(i));
      } else {
        visible.insert(i);
      }
    }
    std::set<NodeRef> reached = {Task(0)};
    std::deque<int> queue = {0};
    while (!queue.empty()) {
      const int at = queue.front();
      queue.pop_front();
      for (const auto& [from, to] : links) {
        const int other = from == at ? to : to == at ? from : -1;
        if (visible.contains(other) && reached.insert(Task(other)).second) queue.push_back(other);
      }
    }
    std::set<EdgeName> edges;
    for (const auto& [from, to] : links) {
      if (reached.contains(Task(from)) && reached.contains(Task(to))) {
        edges.emplace("relates", Task(from), Task(to));
      }
    }
    TraceQuery query{.start = Task(0), .limit = 5};
    query.sight = std::make_shared<const Hide>(hidden);
    const TraceAnswer answer = AskAll(query);
    EXPECT_EQ(NodesOf(answer), reached);
    EXPECT_EQ(EdgesOf(answer), edges);
  }
}

TEST_P(SightTest, AHiddenStartIsAnsweredAsNone) {
  AddLink("relates", Task(1), Task(2));
  Project();
  const auto sight = std::make_shared<const Hide>(std::set<NodeRef>{Task(1)});
  const auto ask = [&](const NodeRef& start) {
    return Run(service().Trace({.start = start, .sight = sight}, Soon()));
  };
  EXPECT_EQ(ask(Task(1)).error().ToString(), "not_found: task t01 is not in the trace graph");
  EXPECT_EQ(ask(Task(9)).error().ToString(), "not_found: task t09 is not in the trace graph");
  EXPECT_TRUE(ask(Task(2)).has_value());
  EXPECT_FALSE(Run(service().FindPath({.from = Task(2), .to = Task(1), .sight = sight}, Soon())));
}

TEST_P(SightTest, WhatNobodyOwnsIsHiddenWithAllItsNeighbours) {
  const NodeRef alone{"commit", "aa"};
  const NodeRef shared{"commit", "bb"};
  AddLink("relates", Task(1), alone);
  AddLink("relates", Task(1), shared);
  AddLink("relates", Task(2), shared);
  Project();
  const auto sight = std::make_shared<const Hide>(std::set<NodeRef>{Task(1)});
  const auto seen = [&](const NodeRef& start) {
    return Run(service().Trace({.start = start, .sight = sight}, Soon())).has_value();
  };
  EXPECT_FALSE(seen(alone));
  EXPECT_TRUE(seen(shared));
}

TEST_P(SightTest, ImpactAndGapsCountOnlyWhatIsSeen) {
  for (int i = 1; i <= 4; ++i) AddLink("relates", Task(0), Task(i));
  project_ = "p";
  for (int i = 0; i < 6; ++i) {
    Add("requirement.created", {"requirement", fmt::format("r{}", i)}, {},
        R"({"title":"a","status":"draft"})");
  }
  Project();
  const auto sight = std::make_shared<const Hide>(std::set<NodeRef>{
      Task(2), Task(3), {"requirement", "r1"}, {"requirement", "r4"}, {"requirement", "r5"}});
  const auto impact = Run(service().FindImpact({.start = Task(0), .sight = sight}, Soon()));
  ASSERT_TRUE(impact.has_value());
  ASSERT_EQ(impact->groups.size(), 1U);
  EXPECT_EQ(impact->groups[0].count, 2);
  std::set<std::string> lacking;
  GapQuery query{.node_type = "requirement", .limit = 1};
  query.sight = sight;
  for (int pages = 0; pages < 20; ++pages) {
    const auto page = Run(service().FindGaps(query, Soon()));
    ASSERT_TRUE(page.has_value());
    for (const Gap& gap : page->gaps) lacking.insert(gap.node.id);
    if (page->next.empty()) break;
    query.page_token = page->next;
  }
  EXPECT_EQ(lacking, (std::set<std::string>{"r0", "r2", "r3"}));
}

STETIG_ON_BOTH_STORES(SightTest);

}  // namespace
}  // namespace stetig::trace
