#include "trace/service.h"

#include <fmt/format.h>

#include <deque>
#include <limits>
#include <random>

#include "trace/testing/fixture.h"

namespace stetig::trace {
namespace {

using testing::EdgeName;

/// The same questions answered by loops over a list.
class Oracle {
 public:
  struct Kept {
    std::string type;
    NodeRef from;
    NodeRef to;
    int64_t valid_from;
    int64_t recorded_at;
    int64_t valid_to = std::numeric_limits<int64_t>::max();
    int64_t ended_at = std::numeric_limits<int64_t>::max();
  };

  void Link(const std::string& type, const NodeRef& from, const NodeRef& to, int64_t valid_from,
            int64_t at) {
    for (const Kept& kept : edges_) {
      if (Same(kept, type, from, to) && Open(kept)) {
        return;
      }
    }
    edges_.push_back({type, from, to, valid_from, at});
  }
  void End(const std::string& type, const NodeRef& from, const NodeRef& to, int64_t valid_to,
           int64_t at) {
    for (Kept& kept : edges_) {
      if (Same(kept, type, from, to) && Open(kept)) {
        kept.valid_to = std::max(valid_to, kept.valid_from);
        kept.ended_at = at;
      }
    }
  }

  std::map<NodeRef, int> Depths(const TraceQuery& query) const {
    std::map<NodeRef, int> depths = {{query.start, 0}};
    std::deque<NodeRef> queue = {query.start};
    while (!queue.empty()) {
      const NodeRef node = queue.front();
      queue.pop_front();
      if (depths[node] == query.max_depth) {
        continue;
      }
      for (const Kept& kept : edges_) {
        if (!Counts(kept, query)) {
          continue;
        }
        for (const auto& [here, there, wanted] :
             {std::tuple(kept.from, kept.to, query.direction != Direction::kBackward),
              std::tuple(kept.to, kept.from, query.direction != Direction::kForward)}) {
          if (wanted && here == node && depths.emplace(there, depths[node] + 1).second) {
            queue.push_back(there);
          }
        }
      }
    }
    return depths;
  }
  /// Every edge between the nodes.
  std::multiset<EdgeName> Edges(const TraceQuery& query,
                                const std::map<NodeRef, int>& nodes) const {
    std::multiset<EdgeName> edges;
    for (const Kept& kept : edges_) {
      if (Counts(kept, query) && nodes.contains(kept.from) && nodes.contains(kept.to)) {
        edges.emplace(kept.type, kept.from, kept.to);
      }
    }
    return edges;
  }

 private:
  static bool Same(const Kept& kept, const std::string& type, const NodeRef& from,
                   const NodeRef& to) {
    return kept.type == type && kept.from == from && kept.to == to;
  }
  static bool Open(const Kept& kept) {
    return kept.valid_to == std::numeric_limits<int64_t>::max();
  }
  static bool Counts(const Kept& kept, const TraceQuery& query) {
    const int64_t forever = std::numeric_limits<int64_t>::max();
    const int64_t valid = query.as_of.valid ? query.as_of.valid->ms : forever;
    const int64_t known = query.as_of.known ? query.as_of.known->ms : forever;
    if (!query.edge_types.empty() &&
        std::ranges::find(query.edge_types, kept.type) == query.edge_types.end()) {
      return false;
    }
    // Until its end was known it was believed to go on.
    const int64_t to = kept.ended_at <= known ? kept.valid_to : forever;
    const bool holds = kept.valid_from <= valid && (valid < to || to == forever);
    return kept.recorded_at <= known && holds;
  }

  std::vector<Kept> edges_;
};

class ServiceTest : public testing::TraceTest {};

std::multiset<EdgeName> AllEdges(const TraceAnswer& answer) {
  std::multiset<EdgeName> edges;
  for (const Edge& edge : answer.edges) {
    edges.emplace(edge.type, edge.from, edge.to);
  }
  return edges;
}

TEST_P(ServiceTest, RandomGraphsAreTracedAsAListIs) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    tenant_ = fmt::format("t{}", seed);
    std::mt19937 random(seed);
    const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    const auto node = [&] { return NodeRef{"task", fmt::format("n{}", pick(25))}; };
    const std::vector<std::string> types = {"one", "two", "three"};
    Oracle oracle;
    for (int i = 0; i < 150; ++i) {
      const NodeRef from = node();
      const NodeRef to = node();
      const std::string& type = types[static_cast<size_t>(pick(3))];
      const int64_t at = 10'000 + i * 10;
      const int64_t when = 10'000 + pick(2'000);
      if (i > 30 && pick(4) == 0) {
        AddEnd(type, from, to, fmt::format(R"(,"valid_to":{})", when), at);
        oracle.End(type, from, to, when, at);
      } else {
        AddLink(type, from, to, fmt::format(R"(,"valid_from":{})", when), at);
        oracle.Link(type, from, to, when, at);
      }
    }
    Project(16);
    for (int i = 0; i < 60; ++i) {
      TraceQuery query{.tenant = tenant_,
                       .start = node(),
                       .direction = static_cast<Direction>(pick(3)),
                       .max_depth = pick(2) == 0 ? 64 : pick(5)};
      if (pick(2) == 0) {
        query.edge_types = {types[static_cast<size_t>(pick(3))],
                            types[static_cast<size_t>(pick(3))]};
      }
      if (pick(2) == 0) {
        query.as_of.valid = WallTime{10'000 + pick(2'000)};
      }
      if (pick(2) == 0) {
        query.as_of.known = WallTime{10'400 + pick(1'200)};
      }
      const auto exists = Run(service().GetNode(tenant_, query.start, query.as_of, Soon()));
      if (!exists) {
        continue;
      }
      const auto depths = oracle.Depths(query);
      query.limit = pick(2) == 0 ? kMaxPageNodes : 1 + pick(6);
      const TraceAnswer answer = AskAll(query);
      std::map<NodeRef, int> got;
      for (const auto& reached : answer.nodes) {
        EXPECT_TRUE(got.emplace(reached.node.ref, reached.depth).second);
      }
      EXPECT_EQ(got, depths) << "seed " << seed << " query " << i;
      EXPECT_EQ(AllEdges(answer), oracle.Edges(query, depths)) << "seed " << seed << " query " << i;
      EXPECT_TRUE(answer.edges_complete);
      EXPECT_FALSE(answer.cut);
    }
  }
}

TEST_P(ServiceTest, ACycleIsWalkedOnce) {
  const NodeRef a{"task", "a"};
  const NodeRef b{"task", "b"};
  AddLink("next", a, b);
  AddLink("next", b, a);
  AddLink("next", a, a);
  Project();
  for (const Direction direction : {Direction::kForward, Direction::kBackward, Direction::kBoth}) {
    const TraceAnswer answer = Ask({.start = a, .direction = direction});
    EXPECT_EQ(answer.nodes.size(), 2);
    EXPECT_EQ(answer.edges.size(), 3);
  }
}

TEST_P(ServiceTest, AHugeFanOutComesInPages) {
  const NodeRef hub{"commit", "hub"};
  constexpr int kLeaves = 5'000;
  const auto write = [&](store::Transaction& tx) -> Status {
    for (int i = 0; i < kLeaves; ++i) {
      const NodeRef leaf{"run", fmt::format("r{:05}", i)};
      TRY(journal::Append(tx, {.time = {testing::kStart},
                               .kind = "link.asserted",
                               .subject = {"commit", "hub"},
                               .payload = LinkPayload("trained", hub, leaf, "")}));
    }
    return OkStatus();
  };
  ASSERT_TRUE(Write(write).ok());
  Project();
  const TraceAnswer first = Ask({.start = hub, .direction = Direction::kForward, .limit = 1'500});
  EXPECT_EQ(first.nodes.size(), 1'500);
  EXPECT_EQ(first.edges.size(), 1'499);
  EXPECT_FALSE(first.next.empty());
  const TraceAnswer all = AskAll({.start = hub, .direction = Direction::kForward, .limit = 1'500});
  EXPECT_EQ(NodesOf(all).size(), kLeaves + 1);
  EXPECT_EQ(EdgesOf(all).size(), kLeaves);
  const auto impact = Run(service().FindImpact({.start = hub, .per_type = 2}, Soon()));
  ASSERT_EQ(impact->groups.size(), 1);
  EXPECT_EQ(impact->groups[0].type, "run");
  EXPECT_EQ(impact->groups[0].count, kLeaves);
  EXPECT_EQ(impact->groups[0].first.size(), 2);
  EXPECT_TRUE(impact->complete);
}

TEST_P(ServiceTest, LaterEventsDoNotShowOnLaterPages) {
  const NodeRef hub{"commit", "hub"};
  for (int i = 0; i < 6; ++i) {
    AddLink("trained", hub, {"run", fmt::format("r{}", i)});
  }
  Project();
  TraceQuery query{.start = hub, .direction = Direction::kForward, .limit = 4};
  const TraceAnswer first = Ask(query);
  AddLink("a_first", hub, {"run", "new"});
  Project();
  query.page_token = first.next;
  const TraceAnswer second = Ask(query);
  EXPECT_EQ(second.nodes.size(), 3);
  EXPECT_EQ(second.applied_seq, 6);
  EXPECT_FALSE(NodesOf(second).contains({"run", "new"}));
}

TEST_P(ServiceTest, APageTokenOfAnotherQueryIsRefused) {
  for (int i = 0; i < 6; ++i) {
    AddLink("trained", {"commit", "hub"}, {"run", fmt::format("r{}", i)});
  }
  Project();
  TraceQuery query{.start = {"commit", "hub"}, .limit = 2};
  query.page_token = Ask(query).next;
  query.max_depth = 3;
  for (const std::string& token :
       {query.page_token, std::string("t1"), std::string("t1.0.0.0"), std::string("\xff")}) {
    query.page_token = token;
    EXPECT_EQ(Run(service().Trace(query, Soon())).error().code(), Code::kInvalidArgument);
  }
}

TEST_P(ServiceTest, WrongQueriesAreRefused) {
  AddLink("trained", {"commit", "c"}, {"run", "r"});
  Project();
  const NodeRef c{"commit", "c"};
  const auto code = [&](TraceQuery query) {
    const auto answer = Run(service().Trace(std::move(query), Soon()));
    return answer ? Code::kOk : answer.error().code();
  };
  EXPECT_EQ(code({.start = c}), Code::kOk);
  EXPECT_EQ(code({.start = {"commit", "other"}}), Code::kNotFound);
  EXPECT_EQ(code({.start = {"unheard_of", "c"}}), Code::kNotFound);
  EXPECT_EQ(code({.start = {"commit", ""}}), Code::kInvalidArgument);
  EXPECT_EQ(code({.start = {"Commit", "c"}}), Code::kInvalidArgument);
  EXPECT_EQ(code({.start = c, .limit = 0}), Code::kInvalidArgument);
  EXPECT_EQ(code({.start = c, .limit = kMaxPageNodes + 1}), Code::kInvalidArgument);
  EXPECT_EQ(code({.start = c, .max_depth = -1}), Code::kInvalidArgument);
  EXPECT_EQ(code({.start = c, .edge_types = {"a b"}}), Code::kInvalidArgument);
  EXPECT_EQ(code({.start = c, .as_of = AsOf::At({testing::kStart - 1})}), Code::kNotFound);
  EXPECT_EQ(Ask({.start = c, .edge_types = {"unheard_of"}}).nodes.size(), 1);
}

TEST_P(ServiceTest, TenantsDoNotSeeEachOther) {
  tenant_ = "a";
  AddLink("trained", {"commit", "c"}, {"run", "of-a"});
  tenant_ = "b";
  AddLink("trained", {"commit", "c"}, {"run", "of-b"});
  Project();
  EXPECT_EQ(NodesOf(Ask({.tenant = "a", .start = {"commit", "c"}})),
            (std::set<NodeRef>{{"commit", "c"}, {"run", "of-a"}}));
  EXPECT_EQ(Run(service().Trace({.tenant = "a", .start = {"run", "of-b"}}, Soon())).error().code(),
            Code::kNotFound);
}

TEST_P(ServiceTest, APathIsAShortestOne) {
  const auto at = [](const char* id) { return NodeRef{"task", id}; };
  AddLink("next", at("a"), at("b"));
  AddLink("next", at("b"), at("c"));
  AddLink("next", at("c"), at("d"));
  AddLink("other", at("a"), at("x"));
  AddLink("next", at("x"), at("d"));
  Project();
  const auto path = Run(service().FindPath({.from = at("a"), .to = at("d")}, Soon()));
  ASSERT_EQ(path->nodes.size(), 3);
  EXPECT_EQ(path->nodes[1].ref, at("x"));
  ASSERT_EQ(path->edges.size(), 2);
  EXPECT_EQ(path->edges[0].type, "other");
  EXPECT_EQ(path->edges[1].to, at("d"));
  EXPECT_TRUE(path->complete);
  const auto none = Run(service().FindPath({.from = at("d"), .to = at("a")}, Soon()));
  EXPECT_TRUE(none->nodes.empty());
  EXPECT_TRUE(none->complete);
  const auto back = Run(service().FindPath(
      {.from = at("d"), .to = at("a"), .direction = Direction::kBackward}, Soon()));
  EXPECT_EQ(back->nodes.size(), 3);
  const auto self = Run(service().FindPath({.from = at("a"), .to = at("a")}, Soon()));
  EXPECT_EQ(self->nodes.size(), 1);
}

TEST_P(ServiceTest, AsOfADateIsNotTouchedByLaterEdits) {
  const NodeRef requirement{"requirement", "R"};
  const NodeRef task{"task", "T"};
  Add("requirement.created", {"requirement", "R"}, {},
      R"({"version":1,"title":"Quick","status":"draft"})", 1'000);
  Add("task.created", {"task", "T"}, {{"requirement", "R"}}, R"({"title":"Do it"})", 2'000);
  Project();
  const AsOf day = AsOf::At({2'500});
  const TraceAnswer before = Ask({.start = requirement, .as_of = day});
  const Node node_before = Get(requirement, day);
  // Later it is approved under another title, the task's link is withdrawn back to the beginning,
  // and a link is dated back.
  Add("requirement.updated", {"requirement", "R"}, {},
      R"({"version":2,"title":"Quicker","status":"approved"})", 3'000);
  AddEnd("implemented_by", requirement, task, R"(,"valid_to":0)", 4'000);
  AddLink("implemented_by", requirement, {"task", "T2"}, R"(,"valid_from":0)", 5'000);
  Add("task.deleted", {"task", "T"}, {}, "{}", 6'000);
  Project();
  const TraceAnswer after = Ask({.start = requirement, .as_of = day});
  EXPECT_EQ(before.edges, after.edges);
  ASSERT_EQ(before.nodes.size(), after.nodes.size());
  for (size_t i = 0; i < before.nodes.size(); ++i) {
    EXPECT_EQ(before.nodes[i].node, after.nodes[i].node);
  }
  EXPECT_EQ(Get(requirement, day), node_before);
  EXPECT_EQ(node_before.title, "Quick");
  EXPECT_EQ(Get(requirement).status, "approved");
  // What we now know of that day: T2 had been there, T had not.
  EXPECT_EQ(EdgesOf(Ask({.start = requirement, .as_of = {.valid = WallTime{2'500}, .known = {}}})),
            (std::set<EdgeName>{
                {"states", {"requirement_version", "R/1"}, requirement},
                {"implemented_by", requirement, {"task", "T2"}},
            }));
  EXPECT_EQ(EdgesOf(Ask({.start = requirement})),
            (std::set<EdgeName>{
                {"states", {"requirement_version", "R/2"}, requirement},
                {"implemented_by", requirement, {"task", "T2"}},
            }));
}

STETIG_ON_BOTH_STORES(ServiceTest);

}  // namespace
}  // namespace stetig::trace
