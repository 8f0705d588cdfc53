// The whole route table of `stetig up`, made of what each dialect adds.
#pragma once

#include <memory>

#include "api/context.h"
#include "http/router.h"
#include "http/server.h"

namespace stetig::api {

/// `context` outlives the router.
std::shared_ptr<const http::Router> MakeRouter(Context& context);

/// Access check in front of the handlers and MLflow's words for the server's own refusals.
http::Hooks MakeHooks(Context& context);

}  // namespace stetig::api
