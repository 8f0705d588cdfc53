// What of tracking a principal sees and may change: experiments as the project says that they are
// assigned to (access/principal.h), runs and all else as their experiment.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "base/status.h"

namespace stetig::tracking {

inline bool Sees(const access::Principal& who, int64_t experiment_no) {
  return !who.scope || who.SeesExperiment(std::to_string(experiment_no));
}

/// kPermissionDenied, for an experiment that is seen.
inline Status CheckMay(const access::Principal& who, int64_t experiment_no) {
  if (!who.scope || who.MayInExperiment(std::to_string(experiment_no))) return OkStatus();
  return Status(Code::kPermissionDenied, access::DenialOf(who));
}

/// Takes away the experiments that are not seen: for searches they are not there.
inline void KeepSeen(const access::Principal& who, std::vector<int64_t>& experiment_nos) {
  if (!who.scope) return;
  std::erase_if(experiment_nos, [&who](int64_t no) { return !Sees(who, no); });
}

/// An artifact's path begins with its experiment's id, unless the experiment has another location.
inline std::string_view ExperimentOfPath(std::string_view path) {
  return path.substr(0, path.find('/'));
}
inline bool SeesPath(const access::Principal& who, std::string_view path) {
  return !who.scope || path.empty() || who.SeesExperiment(ExperimentOfPath(path));
}

}  // namespace stetig::tracking
