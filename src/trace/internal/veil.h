// What a query's Sight hides, asked for many nodes at a time and remembered, within one read
// closure.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>

#include "base/status.h"
#include "store/database.h"
#include "trace/internal/answer.h"
#include "trace/internal/repository.h"
#include "trace/types.h"

namespace stetig::trace::internal {

/// Borrows all it is given.
class Veil {
 public:
  /// `sight` null: nothing is hidden, and nothing is asked.
  Veil(store::Session& session, const Snapshot& snapshot, const Sight* sight)
      : session_(session), snapshot_(snapshot), sight_(sight) {}

  bool lifted() const { return sight_ == nullptr; }
  /// Asks for those of the nodes that are not known yet.
  Status Learn(std::span<const int64_t> numbers);
  /// Of a node that was learnt.
  bool Hides(int64_t number) const;
  /// For a node that no seen neighbour led to: also hidden when the sight cannot tell and all its
  /// neighbours (the first 1,000 each way) are hidden.
  Result<bool> HidesAlone(const NodeRow& node, const Bounds& bounds);
  /// The number of the start of a query; kNotFound: none, not known yet, or hidden.
  Result<int64_t> Find(const std::string& tenant, const NodeRef& ref, const Bounds& bounds);

 private:
  store::Session& session_;
  const Snapshot& snapshot_;
  const Sight* sight_;
  std::unordered_map<int64_t, bool> hidden_;
};

}  // namespace stetig::trace::internal
