// The trace graph's values: nodes and edges that lead from a requirement to a deployment and from
// an incident back.
//
// An edge points the way of the work, from what was first to what came of it: requirement → task →
// commit → run → model version → release → deployment → window → alert → change request. "Forward"
// asks what came of a thing, "backward" what it came from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace stetig::trace {

/// Most nodes of one page of an answer, and most that Layout takes.
inline constexpr int kMaxPageNodes = 2'000;
/// Most edges of one page; those by which its nodes were found are among them.
inline constexpr int kMaxPageEdges = 20'000;
/// Most nodes that one walk reaches, over all its pages.
inline constexpr int kMaxReach = 200'000;
/// Most edges that one walk reads.
inline constexpr int kMaxScan = 4'000'000;
/// Most different types of nodes and edges and names of rules together.
inline constexpr int kMaxWords = 4'096;

/// Names a node: {"run", "4f1c…"}. Types: README.md. Neither part is empty.
struct NodeRef {
  std::string type;
  std::string id;
  friend bool operator==(const NodeRef&, const NodeRef&) = default;
  friend auto operator<=>(const NodeRef&, const NodeRef&) = default;
};

/// A thing of the project as the journal describes it. One that was only mentioned yet has neither
/// title nor status.
struct Node {
  NodeRef ref;
  std::string title;
  std::string status;  ///< the writer's own word in lower case: "approved", "finished"
  std::string project;
  bool deleted = false;
  WallTime first_seen;            ///< of the first event that mentions it
  std::string attributes = "{}";  ///< a JSON object of small scalars from its events
  friend bool operator==(const Node&, const Node&) = default;
};

/// How an edge came to be known.
enum class Basis : unsigned char {
  kAsserted,  ///< a person or an outside system said so
  kDerived,   ///< a rule found it
  kVerified,  ///< a digest or a signature proves it
};
/// "asserted", "derived", "verified".
std::string_view BasisName(Basis basis);
/// Nothing for any other text.
std::optional<Basis> ParseBasis(std::string_view name);

/// Two times: when it was true (valid_from ≤ t < valid_to) and since when that was known
/// (recorded_at). Never changed but for its end, never deleted.
struct Edge {
  std::string type;  ///< "implemented_by"
  NodeRef from;
  NodeRef to;
  Basis basis = Basis::kAsserted;
  std::string rule;      ///< by what it was found
  std::string evidence;  ///< a text span or an address; empty: the event `seq` is the evidence
  WallTime valid_from;
  std::optional<WallTime> valid_to;  ///< nothing while it holds
  WallTime recorded_at;
  int64_t seq = 0;  ///< of the journal's event
  friend bool operator==(const Edge&, const Edge&) = default;
};

/// Which state of the graph is asked for; empty: as it is known now. `valid` alone: what we now
/// know to have been true then. `known` alone: what was held to be true then, by what was recorded
/// up to then.
struct AsOf {
  std::optional<WallTime> valid;
  std::optional<WallTime> known;
  /// What was known at `time` about `time`: no later edit changes the answer.
  static AsOf At(WallTime time) { return {time, time}; }
};

enum class Direction : unsigned char { kForward, kBackward, kBoth };

struct TraceQuery {
  std::string tenant = "default";
  NodeRef start;
  Direction direction = Direction::kBoth;
  int max_depth = 64;                   ///< edges from the start at most; 0 … 1'000
  std::vector<std::string> edge_types;  ///< empty: all; at most 16
  AsOf as_of;
  int limit = kMaxPageNodes;  ///< 1 … kMaxPageNodes nodes of this page
  std::string page_token;     ///< empty: the first page; else `next` of the page before
};

/// One page. Nodes come by their distance from the start, in an order that does not change between
/// pages. The pages' edges together are all edges between the pages' nodes that lead in the asked
/// direction; an edge comes with the page of its later node.
struct TraceAnswer {
  struct Reached {
    Node node;
    int depth = 0;
  };
  std::vector<Reached> nodes;
  std::vector<Edge> edges;
  std::string next;            ///< page token; empty on the last page
  bool edges_complete = true;  ///< false: more than kMaxPageEdges, or kMaxScan reached
  bool cut = false;            ///< kMaxReach or kMaxScan reached: there is more than the pages show
  int64_t applied_seq = 0;     ///< the journal's events up to here are in the answer
};

/// How many nodes of a type come of a thing, and the first of them.
struct ImpactGroup {
  std::string type;
  int64_t count = 0;
  std::vector<Node> first;  ///< by distance, at most ImpactQuery::per_type
};
struct ImpactQuery {
  std::string tenant = "default";
  NodeRef start;
  AsOf as_of;
  int per_type = 20;  ///< 0 … 100
};
struct Impact {
  std::vector<ImpactGroup> groups;  ///< by name of type
  bool complete = true;             ///< false: kMaxReach or kMaxScan reached
  int64_t applied_seq = 0;
};

struct PathQuery {
  std::string tenant = "default";
  NodeRef from;
  NodeRef to;
  Direction direction = Direction::kForward;
  AsOf as_of;
};
/// A shortest way, both ends included; edges[i] joins nodes[i] and nodes[i + 1]. Empty: there is
/// none.
struct Path {
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  bool complete = true;  ///< false: none was found, but not everything was looked at
};

struct GapQuery {
  std::string tenant = "default";
  std::optional<std::string> project;  ///< nothing: all
  std::string node_type;               ///< empty: all that have rules
  std::vector<NodeRef> nodes;          ///< not empty: only these, at most 100 (a gate asks so)
  AsOf as_of;
  bool consequences = true;  ///< also gaps that another gap explains
  int limit = 200;           ///< 1 … 1'000
  std::string page_token;
};
/// Something that should be there and is not.
struct Gap {
  NodeRef node;
  std::string missing;   ///< id of the rule, e.g. "run_without_commit"
  std::string sentence;  ///< "run 4f1c… has no commit"
  /// Where the chain is broken, when another gap on the way explains this one.
  struct Cause {
    NodeRef node;
    std::string missing;
    friend bool operator==(const Cause&, const Cause&) = default;
  };
  std::optional<Cause> because;
  friend bool operator==(const Gap&, const Gap&) = default;
};
struct GapPage {
  std::vector<Gap> gaps;
  std::string next;  ///< page token; empty on the last page
  int64_t applied_seq = 0;
};

/// What belongs to a project: the nodes whose events name it, the experiments and registered models
/// that are joined with it, all that came of these, and all that any of it came from.
struct ScopeQuery {
  std::string tenant = "default";
  std::string project;  ///< id
  AsOf as_of;
  /// Further nodes, those that exist, with what leads to them: what people said is the project's.
  std::vector<NodeRef> also;
};
struct Scope {
  struct Join {
    size_t from = 0;  ///< place in `nodes`
    size_t to = 0;
    std::string type;
    Basis basis = Basis::kAsserted;
    WallTime valid_from;
  };
  std::vector<Node> nodes;  ///< each once
  std::vector<Join> joins;  ///< the edges between them, in no order
  bool complete = true;     ///< false: there is more than kMaxScope nodes or edges
  int64_t applied_seq = 0;
};
/// Most nodes of a Scope; four times as many edges.
inline constexpr int kMaxScope = 20'000;

/// How far the graph is.
struct Progress {
  int64_t applied_seq = 0;  ///< events up to here are in the graph
  int64_t nodes = 0;
  int64_t rejected = 0;  ///< facts in events that could not be read, since the beginning
  int64_t rejected_seq = 0;
  std::string rejected_why;  ///< of the last of them
  friend bool operator==(const Progress&, const Progress&) = default;
};

}  // namespace stetig::trace
