// Routes for whoever operates the server: /health/live, /health/ready, /metrics.
#pragma once

#include "api/context.h"
#include "http/router.h"

namespace stetig::api {

/// /metrics only where the context has a registry.
void AddOperationRoutes(http::Router& router, Context& context);

}  // namespace stetig::api
