// The edges that one batch of facts touches: fetched together, changed in memory in order, written
// together.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/status.h"
#include "store/database.h"
#include "trace/internal/repository.h"
#include "trace/rules.h"

namespace stetig::trace::internal {

struct EdgeHash {
  size_t operator()(const EdgeKey& key) const {
    const int64_t parts[] = {key.from, key.type, key.to};
    return Xxh3(std::as_bytes(std::span(parts)));
  }
};

/// A link or an end whose words and nodes have numbers. Facts are borrowed.
struct EdgeStep {
  const LinkFact* link = nullptr;  ///< one of the two
  const EndFact* end = nullptr;
  EdgeKey key;
  int64_t rule = 0;
  int64_t seq = 0;        ///< of the event
  int64_t time_ms = 0;    ///< of the event
  bool old_from = false;  ///< the node was there before this batch
  bool old_to = false;
};

class EdgeLedger {
 public:
  void Add(EdgeStep step) { steps_.push_back(step); }
  /// Reads what the steps meet, applies them in order and writes what has changed. The ledger is
  /// empty afterwards.
  Status Settle(store::Transaction& tx);

 private:
  struct Held {
    EdgeRow row;
    bool fresh = false;
    bool ended = false;
  };

  Status Fetch(store::Session& session);
  void Hold(Held edge);
  void Link(const EdgeStep& step);
  void End(const EdgeStep& step);
  Status Write(store::Transaction& tx);

  std::vector<EdgeStep> steps_;
  std::deque<Held> edges_;  ///< stable addresses
  std::unordered_map<EdgeKey, std::vector<Held*>, EdgeHash> by_key_;
  std::unordered_map<EdgeKey, std::vector<Held*>, EdgeHash> into_;  ///< `from` is 0
  std::vector<std::pair<int64_t, const std::string*>> evidence_;
};

}  // namespace stetig::trace::internal
