// Questions to the trace graph. Who may ask what is the caller's matter: a query names its tenant,
// and no answer shows anything of another one.
//
//   trace::Service trace(db);
//   auto answer = co_await trace.Trace({.start = {"model_version", "iris/3"}, .direction =
//       Direction::kBackward, .as_of = AsOf::At(day)}, deadline);
//
// The graph follows the journal a moment behind (projector.h); every answer says up to which event.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"
#include "store/database.h"
#include "trace/types.h"

namespace stetig::trace {

/// Thread-safe, without state of its own; coroutines resume on the caller's loop. Borrows the
/// database, which must have the migrations of trace. Every method is one read of one snapshot; its
/// errors besides those named: the codes of Database::Read.
class Service {
 public:
  explicit Service(store::Database& db) : db_(db) {}

  /// kNotFound: no such node, or not yet known at as_of.known.
  Task<Node> GetNode(std::string tenant, NodeRef ref, AsOf as_of, Deadline deadline) const;

  /// What the start came from and what came of it. kNotFound: no such node; kInvalidArgument: a
  /// limit of TraceQuery, or a page token that is not of this query. The edges of later events do
  /// not show on later pages; ends of edges do.
  Task<TraceAnswer> Trace(TraceQuery query, Deadline deadline) const;

  /// All that came of a thing, counted by type: what does this data set touch? Errors as Trace.
  Task<Impact> FindImpact(ImpactQuery query, Deadline deadline) const;

  /// kNotFound: one of the nodes does not exist.
  Task<Path> FindPath(PathQuery query, Deadline deadline) const;

  /// What is missing (gap_rules.h), in order of type, project and first mention. A page ends with a
  /// whole node, so it may be longer than the limit by the gaps of one node; it may be empty and
  /// not the last. kNotFound: one of the named nodes does not exist; kInvalidArgument: a limit of
  /// GapQuery, a type without rules, or a page token that is not of this query.
  Task<GapPage> FindGaps(GapQuery query, Deadline deadline) const;

  /// What belongs to a project. Nothing where the graph does not know it.
  Task<Scope> FindScope(ScopeQuery query, Deadline deadline) const;

  Task<Progress> GetProgress(Deadline deadline) const;

 private:
  store::Database& db_;
};

}  // namespace stetig::trace
