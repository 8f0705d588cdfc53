// What the trace graph knows of a project.
#pragma once

#include <fmt/format.h>

#include <string>

#include "planning/phases.h"
#include "trace/service.h"

namespace stetig::planning::internal {

/// With all that people named as evidence for its phases.
inline Task<trace::Scope> FindScope(store::Database* db, std::string project, Deadline deadline) {
  trace::ScopeQuery query{.project = project, .as_of = {}, .also = {}};
  for (const PhaseDef& phase : PhaseDefs()) {
    query.also.push_back({std::string(kPhaseType), fmt::format("{}/{}", project, phase.name)});
  }
  const trace::Service trace(*db);
  auto found = co_await trace.FindScope(std::move(query), deadline);
  co_return found;
}

}  // namespace stetig::planning::internal
