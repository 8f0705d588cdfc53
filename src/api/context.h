// What the dialects work with: the services, all borrowed from apps, and settings. Owned by apps,
// outlives the HTTP server.
#pragma once

#include <string>
#include <vector>

#include "access/service.h"
#include "base/metrics.h"
#include "blob/store.h"
#include "connect/forge/service.h"
#include "journal/service.h"
#include "planning/service.h"
#include "registry/service.h"
#include "trace/service.h"
#include "tracking/service.h"

namespace stetig::api {

struct Options {
  std::vector<std::string> allowed_hosts;  ///< beyond local names (access/origin.h)
  std::vector<std::string> allowed_origins;
  std::string mlflow_version = "3.17.2";  ///< what /version says: clients steer by it
  size_t json_body_limit = size_t{64} << 20;
};

struct Context {
  tracking::Service& tracking;
  registry::Service& registry;
  access::Service& access;
  blob::Store& blobs;
  journal::Journal& journal;
  planning::Service& planning;
  trace::Service& trace;
  connect::forge::Service& forge;
  Options options;
  metrics::Registry* metrics = nullptr;  ///< null: no /metrics
};

}  // namespace stetig::api
