// What the dialects work with: the services, all borrowed from apps, and settings. Owned by apps,
// outlives the HTTP server.
#pragma once

#include <string>
#include <vector>

#include "access/oidc/sign_in.h"
#include "access/service.h"
#include "access/sessions.h"
#include "base/metrics.h"
#include "blob/store.h"
#include "journal/service.h"
#include "planning/service.h"
#include "registry/service.h"
#include "trace/service.h"
#include "tracking/service.h"

namespace stetig::api {

struct Options {
  std::vector<std::string> allowed_hosts;  ///< beyond local names (access/origin.h)
  std::vector<std::string> allowed_origins;
  /// Where a provider may send browsers back to: "ml.example.org", "https://ml.example.org:8443".
  std::vector<std::string> redirect_hosts = {};
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
  Options options;
  metrics::Registry* metrics = nullptr;     ///< null: no /metrics
  access::Sessions* sessions = nullptr;     ///< null: no sessions of browsers
  access::oidc::SignIn* sign_in = nullptr;  ///< null: no OpenID provider; else there are sessions
};

}  // namespace stetig::api
