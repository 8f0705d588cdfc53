#include "trace/internal/gap_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "trace/gap_rules.h"

namespace stetig::trace::internal {
namespace {

/// A chain is followed over so many nodes; what is not found by then is missing.
constexpr size_t kMaxChain = 20'000;
constexpr int64_t kMaxFanOut = 1'000;
constexpr size_t kAtOnce = 256;

class Checker {
 public:
  Checker(store::Session& session, const Snapshot& snapshot, const Bounds& bounds)
      : session_(session), snapshot_(snapshot), bounds_(bounds) {}

  /// For each node whether it has what `rule` wants.
  Result<std::vector<bool>> Holds(const GapRule& rule, std::span<const NodeRow> nodes) {
    std::vector<int64_t> numbers;
    for (const NodeRow& node : nodes) {
      numbers.push_back(node.no);
    }
    std::vector<bool> found(nodes.size());
    if (rule.depth == 1) {
      for (const std::string_view wanted : rule.wanted) {
        const int64_t type = wanted.empty() ? 0 : snapshot_.words().Number(std::string(wanted));
        if (type != 0) {
          TRY(HasNeighbour(session_, rule.direction == Direction::kForward, numbers, type, bounds_,
                           found));
        }
      }
      return found;
    }
    for (size_t i = 0; i < nodes.size(); ++i) {
      std::vector<NodeRow> passed;
      ASSIGN_OR_RETURN(const bool holds, Follow(rule, nodes[i], passed));
      found[i] = holds;
    }
    return found;
  }

  /// The first gap of a node that stands on the way where `rule` was followed in vain.
  Result<std::optional<Gap::Cause>> CauseOf(const GapRule& rule, const NodeRow& node) {
    std::vector<NodeRow> passed;
    ASSIGN_OR_RETURN([[maybe_unused]] const bool holds, Follow(rule, node, passed));
    for (const NodeRow& one : passed) {
      for (const GapRule& other : GapRules()) {
        if (other.depth >= kWholeChain || other.direction != rule.direction ||
            !Concerns(other, one) || !OnTheWay(other)) {
          continue;
        }
        ASSIGN_OR_RETURN(const std::vector<bool> held, Holds(other, std::span(&one, 1)));
        if (!held.front()) {
          return Gap::Cause{snapshot_.RefOf(one), std::string(other.id)};
        }
      }
    }
    return std::nullopt;
  }

  bool Concerns(const GapRule& rule, const NodeRow& node) const {
    return !node.deleted && rule.node_type == snapshot_.words().Word(node.type) &&
           StatusIs(rule.only_status, node.status);
  }

 private:
  /// Whether what `rule` misses could lead on: an approval and a data set are no part of the chain
  /// between requirement and model.
  static bool OnTheWay(const GapRule& rule) {
    return rule.wanted.front() != "approval" && rule.wanted.front() != "dataset_version";
  }

  bool Wanted(const GapRule& rule, const NodeRow& node) const {
    return std::ranges::find(rule.wanted, snapshot_.words().Word(node.type)) != rule.wanted.end() &&
           StatusIs(rule.wanted_status, node.status);
  }

  /// Breadth first until a wanted node is found; `passed`: every node on the way, the start first.
  Result<bool> Follow(const GapRule& rule, const NodeRow& start, std::vector<NodeRow>& passed) {
    std::unordered_set<int64_t> seen = {start.no};
    passed.push_back(start);
    size_t level = 0;
    for (int depth = 0; depth < rule.depth && level < passed.size(); ++depth) {
      std::vector<int64_t> next;
      for (; level < passed.size(); level += std::min(kAtOnce, passed.size() - level)) {
        const size_t count = std::min(kAtOnce, passed.size() - level);
        TRY(Next(rule, std::span(passed).subspan(level, count), depth == 0, seen, next));
      }
      for (size_t i = 0; i < next.size(); i += kAtOnce) {
        const std::span<const int64_t> some =
            std::span(next).subspan(i, std::min(kAtOnce, next.size() - i));
        ASSIGN_OR_RETURN(std::vector<NodeRow> rows, snapshot_.Rows(some, bounds_.known));
        for (NodeRow& row : rows) {
          if (Wanted(rule, row)) {
            return true;
          }
          passed.push_back(std::move(row));
        }
      }
      if (passed.size() > kMaxChain) {
        return false;
      }
    }
    return false;
  }

  /// Adds the unseen neighbours of `nodes`.
  Status Next(const GapRule& rule, std::span<const NodeRow> nodes, bool at_start,
              std::unordered_set<int64_t>& seen, std::vector<int64_t>& next) {
    std::vector<EdgeRange> ranges;
    for (const NodeRow& node : nodes) {
      if (at_start || !EndsChain(snapshot_.words().Word(node.type))) {
        ranges.push_back({.node = node.no});
      }
    }
    const bool forward = rule.direction == Direction::kForward;
    return ReadEdges(session_, forward, ranges, bounds_, kMaxFanOut,
                     [&](size_t, const EdgeRow& edge) {
                       const int64_t other = forward ? edge.to : edge.from;
                       if (seen.insert(other).second) {
                         next.push_back(other);
                       }
                     });
  }

  store::Session& session_;
  const Snapshot& snapshot_;
  Bounds bounds_;
};

}  // namespace

Result<std::vector<std::vector<Gap>>> CheckGaps(store::Session& session, const Snapshot& snapshot,
                                                std::span<const NodeRow> nodes,
                                                const Bounds& bounds, bool consequences) {
  Checker checker(session, snapshot, bounds);
  std::vector<std::vector<Gap>> gaps(nodes.size());
  for (const GapRule& rule : GapRules()) {
    std::vector<NodeRow> concerned;
    std::vector<size_t> places;
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (checker.Concerns(rule, nodes[i])) {
        concerned.push_back(nodes[i]);
        places.push_back(i);
      }
    }
    if (concerned.empty()) {
      continue;
    }
    ASSIGN_OR_RETURN(const std::vector<bool> holds, checker.Holds(rule, concerned));
    for (size_t i = 0; i < concerned.size(); ++i) {
      if (holds[i]) {
        continue;
      }
      Gap gap{.node = snapshot.RefOf(concerned[i]), .missing = std::string(rule.id)};
      gap.sentence = fmt::format("{} {}", Said(gap.node), rule.sentence);
      if (rule.depth >= kWholeChain) {
        ASSIGN_OR_RETURN(gap.because, checker.CauseOf(rule, concerned[i]));
      }
      if (consequences || !gap.because) {
        gaps[places[i]].push_back(std::move(gap));
      }
    }
  }
  return gaps;
}

}  // namespace stetig::trace::internal
