// Metrics of what the server is made of; those of requests are api/telemetry.h's.
#pragma once

#include "base/metrics.h"
#include "blob/store.h"
#include "http/server.h"
#include "store/database.h"

namespace stetig::app {

/// Each borrows what it asks; the registry is not exposed after that is gone.
void AddProcessGauges(metrics::Registry& registry);
void AddStoreGauges(metrics::Registry& registry, const store::Database& db);
void AddBlobGauges(metrics::Registry& registry, const blob::Store& blobs);
void AddServerGauges(metrics::Registry& registry, const http::Server& server);

}  // namespace stetig::app
