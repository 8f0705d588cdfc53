#include "tracking/service.h"

#include "tracking/internal/impl.h"

namespace stetig::tracking {

Service::Service(store::Database& db, ServiceOptions options)
    : impl_(std::make_unique<Impl>(db, std::move(options))) {}
Service::~Service() = default;

}  // namespace stetig::tracking
