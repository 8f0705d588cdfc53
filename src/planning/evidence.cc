#include "planning/evidence.h"

#include <algorithm>
#include <tuple>

#include "base/json_value.h"
#include "base/text.h"
#include "planning/phases.h"

namespace stetig::planning {
namespace {

bool OneOf(std::string_view words, std::string_view word) {
  if (words.empty()) return true;
  return std::ranges::any_of(Split(words, '|'), [word](std::string_view w) { return w == word; });
}

bool HasAttribute(const trace::Node& node, std::string_view wanted) {
  if (wanted.empty()) return true;
  const size_t equals = wanted.find('=');
  const auto attributes = json::Parse(node.attributes);
  const json::Value* value = attributes ? attributes->Find(wanted.substr(0, equals)) : nullptr;
  return value != nullptr && value->AsString() != nullptr &&
         *value->AsString() == wanted.substr(equals + 1);
}

class Matcher {
 public:
  explicit Matcher(const trace::Scope& scope) : scope_(scope), joins_(scope.nodes.size()) {
    for (size_t i = 0; i < scope.joins.size(); ++i) {
      joins_[scope.joins[i].from].push_back(i);
      if (scope.joins[i].to != scope.joins[i].from) joins_[scope.joins[i].to].push_back(i);
    }
  }

  /// The evidence that the node at `place` is, if it fits.
  std::optional<EvidenceItem> Fit(size_t place, const EvidenceRule& rule) const {
    const trace::Node& node = scope_.nodes[place];
    if (node.deleted || (!rule.node_type.empty() && node.ref.type != rule.node_type)) {
      return std::nullopt;
    }
    if (!OneOf(rule.status, node.status) || !HasAttribute(node, rule.attribute)) {
      return std::nullopt;
    }
    EvidenceItem item{.ref = {.type = node.ref.type, .id = node.ref.id},
                      .title = node.title,
                      .status = node.status,
                      .since = node.first_seen};
    if (!rule.came_from.empty() && !Join(place, rule.came_from, /*into=*/true, item)) {
      return std::nullopt;
    }
    if (!rule.led_to.empty() && !Join(place, rule.led_to, /*into=*/false, item)) {
      return std::nullopt;
    }
    if (!rule.phase.empty() && !Supports(place, rule.phase, item)) return std::nullopt;
    return item;
  }

 private:
  /// Whether an edge joins the node with one of `type`; the earliest says since when.
  bool Join(size_t place, std::string_view type, bool into, EvidenceItem& item) const {
    const trace::Scope::Join* first = nullptr;
    for (const size_t i : joins_[place]) {
      const trace::Scope::Join& join = scope_.joins[i];
      const size_t other = into ? join.from : join.to;
      if ((into ? join.to : join.from) != place || scope_.nodes[other].ref.type != type) continue;
      if (first == nullptr || join.valid_from.ms < first->valid_from.ms) first = &join;
    }
    if (first == nullptr) return false;
    item.since = first->valid_from;
    item.basis = trace::BasisName(first->basis);
    item.joined = scope_.nodes[into ? first->from : first->to].ref.id;
    return true;
  }

  bool Supports(size_t place, std::string_view phase, EvidenceItem& item) const {
    for (const size_t i : joins_[place]) {
      const trace::Scope::Join& join = scope_.joins[i];
      const trace::NodeRef& to = scope_.nodes[join.to].ref;
      if (join.from != place || join.type != "evidence" || to.type != kPhaseType) continue;
      if (to.id.substr(to.id.rfind('/') + 1) != phase) continue;
      item.since = join.valid_from;
      item.basis = trace::BasisName(join.basis);
      return true;
    }
    return false;
  }

  const trace::Scope& scope_;
  std::vector<std::vector<size_t>> joins_;  ///< by node
};

}  // namespace

Evidence FindEvidence(const trace::Scope& scope, std::span<const EvidenceRule> rules, size_t most) {
  const Matcher matcher(scope);
  Evidence found;
  for (size_t place = 0; place < scope.nodes.size(); ++place) {
    for (const EvidenceRule& rule : rules) {
      auto item = matcher.Fit(place, rule);
      if (!item) continue;
      found.items.push_back(std::move(*item));
      break;
    }
  }
  found.count = static_cast<int64_t>(found.items.size());
  std::ranges::sort(found.items, [](const EvidenceItem& a, const EvidenceItem& b) {
    return std::tie(b.since.ms, a.ref.type, a.ref.id) < std::tie(a.since.ms, b.ref.type, b.ref.id);
  });
  if (found.items.size() > most) found.items.resize(most);
  return found;
}

}  // namespace stetig::planning
