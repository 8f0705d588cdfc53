// The trace graph's tables; with read_repository.cc and write_repository.cc the only place with
// their SQL.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "store/database.h"
#include "trace/types.h"

namespace stetig::trace::internal {

inline constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

struct NodeRow {
  int64_t no = 0;
  std::string tenant;
  int64_t type = 0;
  std::string id;
  std::string project;
  std::string title;
  std::string status;
  bool deleted = false;
  std::string attributes = "{}";
  int64_t first_seen = 0;
  int64_t seq = 0;
};
/// The state of `before` until the event `until_seq`.
struct StateRow {
  int64_t until_seq = 0;
  int64_t until_at = 0;
  NodeRow before;
};
struct EdgeRow {
  int64_t from = 0;
  int64_t type = 0;
  int64_t to = 0;
  int64_t seq = 0;
  int64_t rule = 0;
  Basis basis = Basis::kAsserted;
  bool has_evidence = false;
  int64_t valid_from = 0;
  std::optional<int64_t> valid_to;
  int64_t recorded_at = 0;
  std::optional<int64_t> ended_at;
};

/// Words by number and numbers by word.
class Words {
 public:
  /// 0: unknown.
  int64_t Number(const std::string& word) const;
  /// Empty: unknown.
  const std::string& Word(int64_t number) const;
  /// Its number, given now if it is new; nothing when there are kMaxWords already.
  std::optional<int64_t> Add(const std::string& word);
  void Load(int64_t number, std::string word);
  int64_t size() const { return static_cast<int64_t>(words_.size()); }

 private:
  std::vector<std::string> words_;  ///< [number - 1]
  std::unordered_map<std::string, int64_t> numbers_;
};

struct ProgressRow {
  int64_t applied_seq = 0;
  int64_t next_node = 1;
  int64_t rejected = 0;
  int64_t rejected_seq = 0;
  std::string rejected_why;
};

struct IdKey {
  std::string tenant;
  int64_t type = 0;
  std::string id;
  friend bool operator==(const IdKey&, const IdKey&) = default;
};
struct IdRow {
  IdKey key;
  int64_t no = 0;
};
struct EdgeKey {
  int64_t from = 0;
  int64_t type = 0;
  int64_t to = 0;
  friend bool operator==(const EdgeKey&, const EdgeKey&) = default;
};

/// Which edges count (AsOf), and that later events do not.
struct Bounds {
  int64_t valid = kForever;
  int64_t known = kForever;
  int64_t max_seq = kForever;
};

// --- both sides ---------------------------------------------------------------------------------

Result<Words> LoadWords(store::Session& session);
Result<ProgressRow> LoadProgress(store::Session& session);
/// The node's number for each key; 0: none.
Result<std::vector<int64_t>> FindIds(store::Session& session, std::span<const IdKey> keys);
/// One row for each number, in order; `no` 0 where there is none.
Result<std::vector<NodeRow>> ReadNodes(store::Session& session, std::span<const int64_t> numbers);

// --- reading ------------------------------------------------------------------------------------

/// Replaces what `nodes` hold by what was known at `known`; `no` becomes 0 where the node was not
/// known yet.
Status RewindNodes(store::Session& session, int64_t known, std::span<NodeRow> nodes);

/// The edges of `node` behind a place in (type, other end, seq, rule), of types up to `last_type`.
struct EdgeRange {
  int64_t node = 0;
  int64_t type = -1;
  int64_t other = 0;
  int64_t seq = 0;
  int64_t rule = 0;
  int64_t last_type = kForever;
};
/// In that order, at most `limit` for each range. `forward`: edges that lead from the node.
Status ReadEdges(store::Session& session, bool forward, std::span<const EdgeRange> ranges,
                 const Bounds& bounds, int64_t limit,
                 std::move_only_function<void(size_t, const EdgeRow&)> on_edge);
/// For each node whether an edge joins it with a node of `other_type` (forward: at its end).
Status HasNeighbour(store::Session& session, bool forward, std::span<const int64_t> nodes,
                    int64_t other_type, const Bounds& bounds, std::vector<bool>& found);
/// The evidence of each event; empty: none.
Result<std::unordered_map<int64_t, std::string>> ReadEvidence(store::Session& session,
                                                              std::span<const int64_t> seqs);
/// Nodes of a type by (project, number) behind a place, at most `limit`.
struct NodeList {
  std::string tenant;
  int64_t type = 0;
  std::optional<std::string> project;
  std::string after_project;
  int64_t after_no = 0;
};
Result<std::vector<NodeRow>> ListNodes(store::Session& session, const NodeList& list,
                                       int64_t limit);
/// SHA-256 in hex over every row of every table. Reads everything: for tests and doctors.
Result<std::string> Digest(store::Session& session);

// --- writing ------------------------------------------------------------------------------------

/// Words from number `first` on.
Status InsertWords(store::Transaction& tx, const Words& words, int64_t first);
Status SaveProgress(store::Transaction& tx, const ProgressRow& row);
Status InsertNodes(store::Transaction& tx, std::span<const NodeRow* const> rows);
Status UpdateNodes(store::Transaction& tx, std::span<const NodeRow* const> rows);
Status PutIds(store::Transaction& tx, std::span<const IdRow> rows);
Status InsertStates(store::Transaction& tx, std::span<const StateRow> rows);
Status InsertEdges(store::Transaction& tx, std::span<const EdgeRow* const> rows);
/// Writes valid_to and ended_at.
Status EndEdges(store::Transaction& tx, std::span<const EdgeRow* const> rows);
Status InsertEvidence(store::Transaction& tx, int64_t seq, const std::string& evidence);
/// The edges between two nodes that hold (no valid_to).
Status OpenEdges(store::Session& session, std::span<const EdgeKey> keys,
                 std::move_only_function<void(const EdgeRow&)> on_edge);
/// All of `type` that lead to `to` (`from` is not looked at).
Status OpenEdgesInto(store::Session& session, std::span<const EdgeKey> keys,
                     std::move_only_function<void(const EdgeRow&)> on_edge);
/// Ids of a type from `first` on, up to but without `end`.
Result<std::vector<IdRow>> ReadIds(store::Session& session, const IdKey& first,
                                   const std::string& end);
/// Empties every table.
Status Clear(store::Transaction& tx);

}  // namespace stetig::trace::internal
