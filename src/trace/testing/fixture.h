// What tests of the trace graph stand on: events written into a journal, projected, and asked.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "journal/migrations.h"
#include "journal/service.h"
#include "store/testing/fixture.h"
#include "trace/migrations.h"
#include "trace/projector.h"
#include "trace/service.h"

namespace stetig::trace::testing {

inline constexpr int64_t kStart = 1'700'000'000'000;

/// Type, from, to: what tests compare edges by.
using EdgeName = std::tuple<std::string, NodeRef, NodeRef>;

class TraceTest : public store::testing::DatabaseTest {
 protected:
  TraceTest() : DatabaseTest(journal::Migrations(), Migrations()) {}

  Service service() { return Service(db()); }

  /// Appends one event; each is a second later than the one before unless `at` says when.
  void Add(std::string kind, journal::Ref subject, std::vector<journal::Ref> refs = {},
           std::string payload = "{}", int64_t at = 0) {
    journal::Event event{.time = {at != 0 ? at : kStart + 1'000 * ++ticks_},
                         .tenant = tenant_,
                         .project = project_,
                         .actor = "ada",
                         .kind = std::move(kind),
                         .subject = std::move(subject),
                         .refs = std::move(refs),
                         .payload = std::move(payload)};
    const Status added =
        Write([event](store::Transaction& tx) -> Status { return journal::Append(tx, event); });
    ASSERT_TRUE(added.ok()) << added.ToString();
  }
  void AddLink(const std::string& type, const NodeRef& from, const NodeRef& to,
               const std::string& more = "", int64_t at = 0) {
    Add("link.asserted", {from.type, from.id}, {}, LinkPayload(type, from, to, more), at);
  }
  void AddEnd(const std::string& type, const NodeRef& from, const NodeRef& to,
              const std::string& more = "", int64_t at = 0) {
    Add("link.ended", {from.type, from.id}, {}, LinkPayload(type, from, to, more), at);
  }
  static std::string LinkPayload(const std::string& type, const NodeRef& from, const NodeRef& to,
                                 const std::string& more) {
    return R"({"type":")" + type + R"(","from":[")" + from.type + R"(",")" + from.id +
           R"("],"to":[")" + to.type + R"(",")" + to.id + R"("])" + more + "}";
  }

  void Project(int batch = 2'000) {
    const auto applied = Run(Projector(db(), {.batch = batch}).CatchUp(Soon()));
    ASSERT_TRUE(applied) << applied.error().ToString();
  }
  std::string Digest() {
    const auto digest = Run(DigestOf(db(), Soon()));
    EXPECT_TRUE(digest) << digest.error().ToString();
    return digest.value_or("");
  }

  Node Get(const NodeRef& ref, const AsOf& as_of = {}) {
    auto node = Run(service().GetNode(tenant_, ref, as_of, Soon()));
    EXPECT_TRUE(node) << node.error().ToString();
    return node.value_or(Node());
  }
  TraceAnswer Ask(TraceQuery query) {
    auto answer = Run(service().Trace(std::move(query), Soon()));
    EXPECT_TRUE(answer) << answer.error().ToString();
    return answer.value_or(TraceAnswer());
  }
  /// All pages as one.
  TraceAnswer AskAll(TraceQuery query) {
    TraceAnswer all = Ask(query);
    while (!all.next.empty()) {
      query.page_token = all.next;
      TraceAnswer page = Ask(query);
      EXPECT_FALSE(page.nodes.empty());
      all.nodes.insert(all.nodes.end(), page.nodes.begin(), page.nodes.end());
      all.edges.insert(all.edges.end(), page.edges.begin(), page.edges.end());
      all.next = page.next;
    }
    return all;
  }
  std::vector<Gap> Gaps(GapQuery query = {}) {
    auto page = Run(service().FindGaps(std::move(query), Soon()));
    EXPECT_TRUE(page) << page.error().ToString();
    return page ? page->gaps : std::vector<Gap>();
  }

  static std::set<NodeRef> NodesOf(const TraceAnswer& answer) {
    std::set<NodeRef> nodes;
    for (const auto& reached : answer.nodes) {
      EXPECT_TRUE(nodes.insert(reached.node.ref).second) << reached.node.ref.id << " comes twice";
    }
    return nodes;
  }
  static std::set<EdgeName> EdgesOf(const TraceAnswer& answer) {
    std::set<EdgeName> edges;
    for (const Edge& edge : answer.edges) {
      edges.emplace(edge.type, edge.from, edge.to);
    }
    return edges;
  }

  std::string tenant_ = "default";
  std::string project_;

 private:
  int64_t ticks_ = 0;
};

}  // namespace stetig::trace::testing

namespace stetig::trace {
inline void PrintTo(const NodeRef& ref, std::ostream* out) { *out << ref.type << " " << ref.id; }
inline void PrintTo(const Gap& gap, std::ostream* out) {
  *out << gap.sentence << (gap.because ? " because of " + gap.because->node.id : "");
}
}  // namespace stetig::trace
