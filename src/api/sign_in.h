// Routes that browsers and a waiting command line walk through to sign in: redirects and cookies,
// so they are not in API v1's table.
//
//   GET  /api/v1/sign-in            302 to the provider
//   GET  /api/v1/sign-in/callback   302 back to where it began, with a session
//   POST /api/v1/sign-in/token      {"code", "verifier"} → a token for the command line
//   POST /api/v1/sign-out           204
#pragma once

#include "api/context.h"
#include "http/router.h"

namespace stetig::api {

/// Where there is no provider, the first three answer 404 "sign_in_not_offered".
void AddSignInRoutes(http::Router& router, Context& context);

}  // namespace stetig::api
