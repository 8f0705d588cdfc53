// Where a model version's bytes come from: checks and resolves the `source` of
// model-versions/create, as MLflow does.
#pragma once

#include <string>

#include "io/task.h"
#include "registry/service.h"

namespace stetig::registry {

/// What a request's source means.
struct ResolvedSource {
  std::string source;            ///< as kept; models:/name@alias becomes models:/name/version
  std::string storage_location;  ///< the URI without models:/ references
  std::string run_id;  ///< given, or inherited from the referenced version or logged model
  std::string model_id;
};

/// Checks `request.source`: schemes that would make the server call another host, relative or
/// escaping paths, local paths outside the given run's artifacts, artifacts of another run or model
/// (kInvalidArgument). Follows models:/ references (kNotFound).
Task<ResolvedSource> ResolveSource(Service& registry, tracking::Service& tracking, Principal who,
                                   CreateModelVersion request, Deadline deadline);

}  // namespace stetig::registry
