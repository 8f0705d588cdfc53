#include <fmt/format.h>

#include "base/digest.h"
#include "trace/internal/repository.h"
#include "trace/internal/rows.h"

namespace stetig::trace::internal {
namespace {

using store::Row;
using store::Statement;

constexpr Statement kWords{"SELECT word_no, word FROM trace_words ORDER BY word_no LIMIT 4096"};
constexpr Statement kProgress{
    "SELECT applied_seq, next_node, rejected, rejected_seq, rejected_why FROM trace_progress"};
constexpr Statement kFindId{
    "SELECT node_no FROM trace_ids WHERE tenant = $1 AND type_no = $2 AND id = $3"};
constexpr Statement kNode{
    "SELECT node_no, tenant, type_no, id, project, title, status, deleted, attributes, first_seen, "
    "seq FROM trace_nodes WHERE node_no = $1"};
constexpr Statement kListNodes{
    "SELECT node_no, tenant, type_no, id, project, title, status, deleted, attributes, first_seen, "
    "seq FROM trace_nodes WHERE tenant = $1 AND type_no = $2 AND (project, node_no) > ($3, $4) "
    "ORDER BY project, node_no LIMIT $5"};
constexpr Statement kListNodesOf{
    "SELECT node_no, tenant, type_no, id, project, title, status, deleted, attributes, first_seen, "
    "seq FROM trace_nodes WHERE tenant = $1 AND type_no = $2 AND project = $3 AND node_no > $4 "
    "ORDER BY node_no LIMIT $5"};
constexpr Statement kStateAt{
    "SELECT id, project, title, status, deleted, attributes FROM trace_states WHERE node_no = $1 "
    "AND until_at > $2 ORDER BY until_seq LIMIT 1"};
// An edge counts at (valid $7, known $8) when it was recorded by then and, as it was known then,
// held: one whose end became known only later counts as open.
constexpr Statement kForward{
    "SELECT from_no, type_no, to_no, seq, rule_no, basis, has_evidence, valid_from, valid_to, "
    "recorded_at, ended_at FROM trace_edges WHERE from_no = $1 "
    "AND (type_no, to_no, seq, rule_no) > ($2, $3, $4, $5) AND type_no <= $6 "
    "AND valid_from <= $7 AND recorded_at <= $8 "
    "AND (valid_to IS NULL OR valid_to > $7 OR ended_at > $8) AND seq <= $9 "
    "ORDER BY type_no, to_no, seq, rule_no LIMIT $10"};
constexpr Statement kBackward{
    "SELECT from_no, type_no, to_no, seq, rule_no, basis, has_evidence, valid_from, valid_to, "
    "recorded_at, ended_at FROM trace_edges WHERE to_no = $1 "
    "AND (type_no, from_no, seq, rule_no) > ($2, $3, $4, $5) AND type_no <= $6 "
    "AND valid_from <= $7 AND recorded_at <= $8 "
    "AND (valid_to IS NULL OR valid_to > $7 OR ended_at > $8) AND seq <= $9 "
    "ORDER BY type_no, from_no, seq, rule_no LIMIT $10"};
constexpr Statement kHasSuccessor{
    "SELECT 1 FROM trace_edges e JOIN trace_nodes n ON n.node_no = e.to_no WHERE e.from_no = $1 "
    "AND n.type_no = $2 AND e.valid_from <= $3 AND e.recorded_at <= $4 "
    "AND (e.valid_to IS NULL OR e.valid_to > $3 OR e.ended_at > $4) LIMIT 1"};
constexpr Statement kHasPredecessor{
    "SELECT 1 FROM trace_edges e JOIN trace_nodes n ON n.node_no = e.from_no WHERE e.to_no = $1 "
    "AND n.type_no = $2 AND e.valid_from <= $3 AND e.recorded_at <= $4 "
    "AND (e.valid_to IS NULL OR e.valid_to > $3 OR e.ended_at > $4) LIMIT 1"};
constexpr Statement kEvidence{"SELECT evidence FROM trace_evidence WHERE seq = $1"};

constexpr Statement kAllWords{"SELECT word_no, word FROM trace_words ORDER BY word_no"};
constexpr Statement kAllNodes{
    "SELECT node_no, type_no, deleted, first_seen, seq, tenant, id, project, title, status, "
    "attributes FROM trace_nodes ORDER BY node_no"};
constexpr Statement kAllIds{
    "SELECT type_no, node_no, tenant, id FROM trace_ids ORDER BY tenant, type_no, id"};
constexpr Statement kAllStates{
    "SELECT node_no, until_seq, until_at, deleted, id, project, title, status, attributes "
    "FROM trace_states ORDER BY node_no, until_seq"};
constexpr Statement kAllEdges{
    "SELECT from_no, type_no, to_no, seq, rule_no, basis, has_evidence, valid_from, "
    "coalesce(valid_to, -1), recorded_at, coalesce(ended_at, -1) FROM trace_edges "
    "ORDER BY from_no, type_no, to_no, seq, rule_no"};
constexpr Statement kAllEvidence{"SELECT seq, evidence FROM trace_evidence ORDER BY seq"};

NodeRow NodeOf(const Row& row) {
  return {.no = row.Int(0),
          .tenant = std::string(row.Text(1)),
          .type = row.Int(2),
          .id = std::string(row.Text(3)),
          .project = std::string(row.Text(4)),
          .title = std::string(row.Text(5)),
          .status = std::string(row.Text(6)),
          .deleted = row.Int(7) != 0,
          .attributes = std::string(row.Text(8)),
          .first_seen = row.Int(9),
          .seq = row.Int(10)};
}

EdgeRow EdgeOf(const Row& row) {
  return {.from = row.Int(0),
          .type = row.Int(1),
          .to = row.Int(2),
          .seq = row.Int(3),
          .rule = row.Int(4),
          .basis = static_cast<Basis>(row.Int(5)),
          .has_evidence = row.Int(6) != 0,
          .valid_from = row.Int(7),
          .valid_to = OptionalInt(row, 8),
          .recorded_at = row.Int(9),
          .ended_at = OptionalInt(row, 10)};
}

/// Adds every row to `hash`: whole numbers first, then texts.
Status HashTable(store::Session& session, const Statement& statement, int ints, int texts,
                 Sha256Stream& hash) {
  return session.Query(statement, {}, [&](const Row& row) {
    for (int i = 0; i < ints; ++i) {
      hash.Update(fmt::format("{},", row.Int(i)));
    }
    for (int i = 0; i < texts; ++i) {
      hash.Update(fmt::format("{}:{}", row.Text(ints + i).size(), row.Text(ints + i)));
    }
    hash.Update("\n");
    return OkStatus();
  });
}

}  // namespace

int64_t Words::Number(const std::string& word) const {
  const auto found = numbers_.find(word);
  return found == numbers_.end() ? 0 : found->second;
}

const std::string& Words::Word(int64_t number) const {
  static const std::string kNone;
  return number < 1 || number > size() ? kNone : words_[static_cast<size_t>(number) - 1];
}

std::optional<int64_t> Words::Add(const std::string& word) {
  if (const int64_t number = Number(word); number != 0) {
    return number;
  }
  if (size() >= kMaxWords) {
    return std::nullopt;
  }
  Load(size() + 1, word);
  return size();
}

void Words::Load(int64_t number, std::string word) {
  numbers_.emplace(word, number);
  words_.push_back(std::move(word));
}

Result<Words> LoadWords(store::Session& session) {
  Words words;
  TRY(session.Query(kWords, {}, [&](const Row& row) -> Status {
    if (row.Int(0) != words.size() + 1) {
      return Err(Code::kDataLoss, "the words of the trace graph have a gap: rebuild it");
    }
    words.Load(row.Int(0), std::string(row.Text(1)));
    return OkStatus();
  }));
  return words;
}

Result<ProgressRow> LoadProgress(store::Session& session) {
  ProgressRow progress;
  TRY(session.Query(kProgress, {}, [&](const Row& row) {
    progress = {row.Int(0), row.Int(1), row.Int(2), row.Int(3), std::string(row.Text(4))};
    return OkStatus();
  }));
  return progress;
}

Result<std::vector<int64_t>> FindIds(store::Session& session, std::span<const IdKey> keys) {
  std::vector<int64_t> numbers(keys.size());
  ParamRows<3> params(keys.size());
  for (const IdKey& key : keys) {
    params.Add({key.tenant, key.type, key.id});
  }
  TRY(session.QueryMany(kFindId, params.spans(), [&](size_t i, const Row& row) {
    numbers[i] = row.Int(0);
    return OkStatus();
  }));
  return numbers;
}

Result<std::vector<NodeRow>> ReadNodes(store::Session& session, std::span<const int64_t> numbers) {
  std::vector<NodeRow> nodes(numbers.size());
  ParamRows<1> params(numbers.size());
  for (const int64_t number : numbers) {
    params.Add({number});
  }
  TRY(session.QueryMany(kNode, params.spans(), [&](size_t i, const Row& row) {
    nodes[i] = NodeOf(row);
    return OkStatus();
  }));
  return nodes;
}

Status RewindNodes(store::Session& session, int64_t known, std::span<NodeRow> nodes) {
  if (known == kForever) {
    return OkStatus();
  }
  ParamRows<2> params(nodes.size());
  for (NodeRow& node : nodes) {
    node.no = node.first_seen > known ? 0 : node.no;
    params.Add({node.no, known});
  }
  return session.QueryMany(kStateAt, params.spans(), [&](size_t i, const Row& row) {
    NodeRow& node = nodes[i];
    node.id = row.Text(0);
    node.project = row.Text(1);
    node.title = row.Text(2);
    node.status = row.Text(3);
    node.deleted = row.Int(4) != 0;
    node.attributes = row.Text(5);
    return OkStatus();
  });
}

Status ReadEdges(store::Session& session, bool forward, std::span<const EdgeRange> ranges,
                 const Bounds& bounds, int64_t limit,
                 std::move_only_function<void(size_t, const EdgeRow&)> on_edge) {
  ParamRows<10> params(ranges.size());
  for (const EdgeRange& range : ranges) {
    params.Add({range.node, range.type, range.other, range.seq, range.rule, range.last_type,
                bounds.valid, bounds.known, bounds.max_seq, limit});
  }
  return session.QueryMany(forward ? kForward : kBackward, params.spans(),
                           [&](size_t i, const Row& row) {
                             on_edge(i, EdgeOf(row));
                             return OkStatus();
                           });
}

Status HasNeighbour(store::Session& session, bool forward, std::span<const int64_t> nodes,
                    int64_t other_type, const Bounds& bounds, std::vector<bool>& found) {
  ParamRows<4> params(nodes.size());
  for (const int64_t node : nodes) {
    params.Add({node, other_type, bounds.valid, bounds.known});
  }
  return session.QueryMany(forward ? kHasSuccessor : kHasPredecessor, params.spans(),
                           [&](size_t i, const Row&) {
                             found[i] = true;
                             return OkStatus();
                           });
}

Result<std::unordered_map<int64_t, std::string>> ReadEvidence(store::Session& session,
                                                              std::span<const int64_t> seqs) {
  std::unordered_map<int64_t, std::string> evidence;
  ParamRows<1> params(seqs.size());
  for (const int64_t seq : seqs) {
    params.Add({seq});
  }
  TRY(session.QueryMany(kEvidence, params.spans(), [&](size_t i, const Row& row) {
    evidence[seqs[i]] = row.Text(0);
    return OkStatus();
  }));
  return evidence;
}

Result<std::vector<NodeRow>> ListNodes(store::Session& session, const NodeList& list,
                                       int64_t limit) {
  std::vector<NodeRow> nodes;
  const auto add = [&nodes](const Row& row) {
    nodes.push_back(NodeOf(row));
    return OkStatus();
  };
  if (list.project) {
    TRY(session.Query(kListNodesOf, {list.tenant, list.type, *list.project, list.after_no, limit},
                      add));
  } else {
    TRY(session.Query(kListNodes,
                      {list.tenant, list.type, list.after_project, list.after_no, limit}, add));
  }
  return nodes;
}

Result<std::string> Digest(store::Session& session) {
  Sha256Stream hash;
  ASSIGN_OR_RETURN(const ProgressRow progress, LoadProgress(session));
  hash.Update(fmt::format("{},{},{},{},{}\n", progress.applied_seq, progress.next_node,
                          progress.rejected, progress.rejected_seq, progress.rejected_why));
  TRY(HashTable(session, kAllWords, 1, 1, hash));
  TRY(HashTable(session, kAllNodes, 5, 6, hash));
  TRY(HashTable(session, kAllIds, 2, 2, hash));
  TRY(HashTable(session, kAllStates, 4, 5, hash));
  TRY(HashTable(session, kAllEdges, 11, 0, hash));
  TRY(HashTable(session, kAllEvidence, 1, 1, hash));
  return ToHex(hash.Finish());
}

}  // namespace stetig::trace::internal
