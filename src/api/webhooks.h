// Where other systems report what happened: signed by a secret instead of a user's credentials, in
// their own form. So these routes are no operations of API v1's table, though they lie below its
// path.
#pragma once

#include "api/context.h"
#include "http/router.h"

namespace stetig::api {

/// POST /api/v1/webhooks/{repository}: a forge's (connect/forge/service.h, Receive). 200 with what
/// became of it; 401 without or with a wrong signature; 400 for a payload that is not what it says;
/// 413 beyond 4 MiB.
void AddWebhookRoutes(http::Router& router, Context& context);

}  // namespace stetig::api
