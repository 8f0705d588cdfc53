#include "trace/internal/projection.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/digest.h"
#include "base/json_value.h"
#include "trace/internal/edge_ledger.h"
#include "trace/internal/repository.h"

namespace stetig::trace::internal {
namespace {

struct IdHash {
  size_t operator()(const IdKey& key) const {
    return Xxh3(key.id, Xxh3(key.tenant, static_cast<uint64_t>(key.type)));
  }
};

struct HeldNode {
  NodeRow row;
  bool fresh = false;
  bool changed = false;
};

class Projection {
 public:
  explicit Projection(store::Transaction& tx) : tx_(tx) {}

  Result<int64_t> Run(std::span<const EventFacts> events) {
    ASSIGN_OR_RETURN(progress_, LoadProgress(tx_));
    while (!events.empty() && events.front().seq <= progress_.applied_seq) {
      events = events.subspan(1);
    }
    if (events.empty()) {
      return progress_.applied_seq;
    }
    if (events.front().seq != progress_.applied_seq + 1) {
      return Err(Code::kFailedPrecondition,
                 fmt::format("the trace graph is at event {}, expected event {} next, found {}",
                             progress_.applied_seq, progress_.applied_seq + 1, events.front().seq));
    }
    ASSIGN_OR_RETURN(words_, LoadWords(tx_));
    const int64_t known_words = words_.size();
    // A rename moves ids that the facts around it name: it is applied alone.
    while (!events.empty()) {
      const auto rename = std::ranges::find_if(events, IsRename);
      const auto before = static_cast<size_t>(rename - events.begin());
      TRY(ApplyPlain(events.first(before)));
      events = events.subspan(before);
      if (!events.empty()) {
        TRY(ApplyRename(events.front()));
        events = events.subspan(1);
      }
    }
    TRY(InsertWords(tx_, words_, known_words + 1));
    TRY(SaveProgress(tx_, progress_));
    return progress_.applied_seq;
  }

 private:
  static bool IsRename(const EventFacts& event) {
    return std::ranges::any_of(event.facts.facts, [](const Fact& fact) {
      return std::holds_alternative<RenameFact>(fact);
    });
  }

  Status ApplyPlain(std::span<const EventFacts> events) {
    if (events.empty()) {
      return OkStatus();
    }
    nodes_.clear();
    numbers_.clear();
    states_.clear();
    ids_.clear();
    TRY(FetchNodes(events));
    for (const EventFacts& event : events) {
      ResolveEvent(event);
    }
    TRY(WriteNodes());
    return edges_.Settle(tx_);
  }

  void Reject(const EventFacts& event, std::string why) {
    ++progress_.rejected;
    progress_.rejected_seq = event.seq;
    progress_.rejected_why = std::move(why);
  }

  // --- nodes ------------------------------------------------------------------------------------

  /// Reads the nodes that exist of those that `events` name.
  Status FetchNodes(std::span<const EventFacts> events) {
    std::vector<IdKey> keys;
    std::unordered_set<IdKey, IdHash> seen;
    const auto want = [&](const EventFacts& event, const NodeRef& ref) {
      IdKey key{event.tenant, words_.Number(ref.type), ref.id};
      if (key.type != 0 && seen.insert(key).second) {
        keys.push_back(std::move(key));
      }
    };
    for (const EventFacts& event : events) {
      for (const Fact& fact : event.facts.facts) {
        if (const auto* node = std::get_if<NodeFact>(&fact)) {
          want(event, node->ref);
          if (!node->key.empty()) {
            want(event, {node->ref.type, node->key});
          }
        } else if (const auto* link = std::get_if<LinkFact>(&fact)) {
          want(event, link->from);
          want(event, link->to);
        } else if (const auto* end = std::get_if<EndFact>(&fact)) {
          want(event, end->from);
          want(event, end->to);
        }
      }
    }
    ASSIGN_OR_RETURN(const std::vector<int64_t> found, FindIds(tx_, keys));
    std::vector<int64_t> known;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (found[i] != 0) {
        numbers_.emplace(keys[i], found[i]);
        known.push_back(found[i]);
      }
    }
    std::ranges::sort(known);
    known.erase(std::ranges::unique(known).begin(), known.end());
    ASSIGN_OR_RETURN(std::vector<NodeRow> rows, ReadNodes(tx_, known));
    for (NodeRow& row : rows) {
      const int64_t no = row.no;
      nodes_.emplace(no, HeldNode{.row = std::move(row)});
    }
    return OkStatus();
  }

  void ResolveEvent(const EventFacts& event) {
    progress_.applied_seq = event.seq;
    for (const std::string& why : event.facts.rejected) {
      Reject(event, why);
    }
    for (const Fact& fact : event.facts.facts) {
      if (const auto* node = std::get_if<NodeFact>(&fact)) {
        Describe(event, *node);
      } else if (const auto* link = std::get_if<LinkFact>(&fact)) {
        AddStep(event, link, nullptr, link->type, link->from, link->to, link->rule);
      } else if (const auto* end = std::get_if<EndFact>(&fact)) {
        AddStep(event, nullptr, end, end->type, end->from, end->to, end->rule);
      }
    }
  }

  void AddStep(const EventFacts& event, const LinkFact* link, const EndFact* end,
               const std::string& type, const NodeRef& from, const NodeRef& to,
               const std::string& rule) {
    if (end != nullptr) {  // makes neither words nor nodes
      const EdgeKey key{Find(event, from), words_.Number(type), Find(event, to)};
      const int64_t rule_no = words_.Number(rule);
      if (key.from != 0 && key.type != 0 && key.to != 0 && (rule.empty() || rule_no != 0)) {
        edges_.Add(StepOf(event, link, end, key, rule_no));
      }
      return;
    }
    const std::optional<int64_t> type_no = words_.Add(type);
    const std::optional<int64_t> rule_no = words_.Add(rule);
    HeldNode* first = Mention(event, from);
    HeldNode* second = Mention(event, to);
    if (!type_no || !rule_no || first == nullptr || second == nullptr) {
      Reject(event, fmt::format("more than {} different types and rules", kMaxWords));
      return;
    }
    const EdgeKey key{first->row.no, *type_no, second->row.no};
    edges_.Add(StepOf(event, link, end, key, *rule_no));
  }

  EdgeStep StepOf(const EventFacts& event, const LinkFact* link, const EndFact* end,
                  const EdgeKey& key, int64_t rule) const {
    return {.link = link,
            .end = end,
            .key = key,
            .rule = rule,
            .seq = event.seq,
            .time_ms = event.time.ms,
            .old_from = !nodes_.at(key.from).fresh,
            .old_to = !nodes_.at(key.to).fresh};
  }

  int64_t Find(const EventFacts& event, const NodeRef& ref) const {
    const auto found = numbers_.find({event.tenant, words_.Number(ref.type), ref.id});
    return found == numbers_.end() ? 0 : found->second;
  }

  /// The node, made if there is none. Null: no word is left for its type.
  HeldNode* Mention(const EventFacts& event, const NodeRef& ref) {
    const std::optional<int64_t> type = words_.Add(ref.type);
    if (!type) {
      return nullptr;
    }
    const auto found = numbers_.find({event.tenant, *type, ref.id});
    if (found != numbers_.end()) {
      return &nodes_.at(found->second);
    }
    return Make(event, {event.tenant, *type, ref.id});
  }

  HeldNode* Make(const EventFacts& event, IdKey key) {
    const int64_t no = progress_.next_node++;
    NodeRow row{.no = no,
                .tenant = key.tenant,
                .type = key.type,
                .id = key.id,
                .project = event.project,
                .first_seen = event.time.ms,
                .seq = event.seq};
    ids_.push_back({key, no});
    numbers_.insert_or_assign(std::move(key), no);
    return &nodes_.emplace(no, HeldNode{.row = std::move(row), .fresh = true}).first->second;
  }

  void Describe(const EventFacts& event, const NodeFact& fact) {
    HeldNode* node = Mention(event, fact.ref);
    if (node == nullptr) {
      Reject(event, fmt::format("more than {} different types and rules", kMaxWords));
      return;
    }
    if (fact.created && (node->row.deleted || node->row.id != fact.ref.id)) {
      node = Make(event, {event.tenant, node->row.type, fact.ref.id});
    }
    if (!fact.key.empty()) {
      IdKey key{event.tenant, node->row.type, fact.key};
      if (const auto at = numbers_.find(key); at == numbers_.end() || at->second != node->row.no) {
        ids_.push_back({key, node->row.no});
        numbers_.insert_or_assign(std::move(key), node->row.no);
      }
    }
    NodeRow after = node->row;
    after.title = fact.title.value_or(after.title);
    after.status = fact.status.value_or(after.status);
    after.deleted = fact.deleted.value_or(after.deleted);
    if (!event.project.empty()) {
      after.project = event.project;
    }
    MergeAttributes(after.attributes, fact.attributes);
    Change(event, *node, std::move(after));
  }

  static void MergeAttributes(std::string& attributes, const json::Object& added) {
    if (added.empty()) {
      return;
    }
    json::Value value{json::Object()};
    if (attributes != "{}") {
      if (auto parsed = json::Parse(attributes); parsed && parsed->AsObject() != nullptr) {
        value = *std::move(parsed);
      }
    }
    for (const auto& [name, member] : added) {
      if (value.Find(name) != nullptr || value.AsObject()->size() < 32) {
        value.Set(name, member);
      }
    }
    attributes = json::Dump(value);
  }

  void Change(const EventFacts& event, HeldNode& node, NodeRow after) {
    const NodeRow& was = node.row;
    if (was.id == after.id && was.title == after.title && was.status == after.status &&
        was.deleted == after.deleted && was.project == after.project &&
        was.attributes == after.attributes) {
      return;
    }
    if (was.seq != event.seq) {  // else the state was never seen
      states_.push_back({event.seq, event.time.ms, was});
    }
    after.seq = event.seq;
    node.row = std::move(after);
    node.changed = true;
  }

  // --- writing ----------------------------------------------------------------------------------

  Status WriteNodes() {
    std::vector<const NodeRow*> fresh;
    std::vector<const NodeRow*> changed;
    for (const auto& [no, node] : nodes_) {
      if (node.fresh) {
        fresh.push_back(&node.row);
      } else if (node.changed) {
        changed.push_back(&node.row);
      }
    }
    std::ranges::sort(fresh, {}, &NodeRow::no);
    TRY(InsertNodes(tx_, fresh));
    TRY(UpdateNodes(tx_, changed));
    TRY(PutIds(tx_, ids_));
    return InsertStates(tx_, states_);
  }

  /// The event's rename alone: the node and its parts get new ids, the old ones stay theirs too.
  Status ApplyRename(const EventFacts& event) {
    progress_.applied_seq = event.seq;
    nodes_.clear();
    numbers_.clear();
    states_.clear();
    ids_.clear();
    for (const Fact& fact : event.facts.facts) {
      const auto* rename = std::get_if<RenameFact>(&fact);
      if (rename == nullptr) {
        continue;
      }
      TRY(Move(event, rename->type, rename->old_id, rename->new_id));
      for (const PartRule& rule : PartsOf(rename->type)) {
        TRY(MoveParts(event, *rename, rule));
      }
    }
    return WriteNodes();
  }

  Status MoveParts(const EventFacts& event, const RenameFact& rename, const PartRule& rule) {
    const std::string start = rename.old_id + rule.separator;
    std::string end = rename.old_id + static_cast<char>(rule.separator + 1);
    const std::string part(rule.part);
    const IdKey first{event.tenant, words_.Number(part), start};
    ASSIGN_OR_RETURN(const std::vector<IdRow> rows, ReadIds(tx_, first, end));
    for (const IdRow& row : rows) {
      const std::string rest = row.key.id.substr(start.size());
      if (!rest.contains(rule.separator)) {  // else a part of "old/other"
        TRY(Move(event, part, row.key.id,
                 fmt::format("{}{}{}", rename.new_id, rule.separator, rest)));
      }
    }
    return OkStatus();
  }

  Status Move(const EventFacts& event, const std::string& type, const std::string& old_id,
              const std::string& new_id) {
    const IdKey old_key{event.tenant, words_.Number(type), old_id};
    ASSIGN_OR_RETURN(const std::vector<int64_t> found, FindIds(tx_, std::span(&old_key, 1)));
    if (found.front() == 0) {
      return OkStatus();
    }
    ASSIGN_OR_RETURN(std::vector<NodeRow> rows, ReadNodes(tx_, found));
    HeldNode& node = nodes_.emplace(found.front(), HeldNode{.row = rows.front()}).first->second;
    if (node.row.id != old_id) {  // an old id of a node that has moved on
      return OkStatus();
    }
    NodeRow after = node.row;
    after.id = new_id;
    ids_.push_back({{event.tenant, old_key.type, new_id}, node.row.no});
    Change(event, node, std::move(after));
    return OkStatus();
  }

  store::Transaction& tx_;
  ProgressRow progress_;
  Words words_;
  std::unordered_map<int64_t, HeldNode> nodes_;
  std::unordered_map<IdKey, int64_t, IdHash> numbers_;
  EdgeLedger edges_;
  std::vector<StateRow> states_;
  std::vector<IdRow> ids_;
};

}  // namespace

std::vector<EventFacts> Read(std::span<const journal::Event> events) {
  std::vector<EventFacts> read;
  read.reserve(events.size());
  for (const journal::Event& event : events) {
    read.push_back({.seq = event.seq,
                    .time = event.time,
                    .tenant = event.tenant,
                    .project = event.project,
                    .facts = Interpret(event)});
  }
  return read;
}

Result<int64_t> Apply(store::Transaction& tx, std::span<const EventFacts> events) {
  return Projection(tx).Run(events);
}

}  // namespace stetig::trace::internal
