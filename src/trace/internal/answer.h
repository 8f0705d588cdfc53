// From rows to the values of answers, within one read closure.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "store/database.h"
#include "trace/internal/repository.h"
#include "trace/types.h"

namespace stetig::trace::internal {

Bounds BoundsOf(const AsOf& as_of);
/// "run 4f1c…", for messages and sentences: the type in words and the id.
std::string Said(const NodeRef& ref);
Status CheckRef(const NodeRef& ref);
/// kNotFound.
Status NotInGraph(const NodeRef& ref);

/// One snapshot's words and progress, and what answers are made of.
class Snapshot {
 public:
  static Result<Snapshot> Load(store::Session& session);

  const Words& words() const { return words_; }
  const ProgressRow& progress() const { return progress_; }

  /// The number of the node that `ref` means. kNotFound: none, or not known at `known`.
  Result<int64_t> Find(const std::string& tenant, const NodeRef& ref, int64_t known) const;
  NodeRef RefOf(const NodeRow& row) const { return {words_.Word(row.type), row.id}; }
  Node NodeOf(const NodeRow& row) const;
  /// The nodes as known at `known`, in order.
  Result<std::vector<NodeRow>> Rows(std::span<const int64_t> numbers, int64_t known) const;
  /// `refs` must name both ends of every row.
  Result<std::vector<Edge>> EdgesOf(std::span<const EdgeRow> rows, int64_t known,
                                    const std::unordered_map<int64_t, NodeRef>& refs) const;

 private:
  explicit Snapshot(store::Session& session) : session_(&session) {}
  store::Session* session_;
  Words words_;
  ProgressRow progress_;
};

}  // namespace stetig::trace::internal
