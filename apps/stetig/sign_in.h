// Settings of signing in through an OpenID provider; docs/sign-in.md explains them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "access/oidc/sign_in.h"
#include "access/sessions.h"
#include "base/config.h"
#include "base/secret.h"
#include "base/status.h"

namespace stetig::app {

struct SignInSettings {
  std::string issuer;  ///< empty: nobody signs in through a provider
  std::string client_id;
  Secret<std::string> client_secret;
  std::vector<std::string> scopes = {"openid", "profile", "email"};
  std::string name_claim = "preferred_username";
  std::string groups_claim = "groups";
  std::vector<std::string> roles;  ///< "GROUP=ROLE"
  std::string default_role = "viewer";
  std::string new_people = "create";
  std::vector<std::string> redirect_hosts;
  std::string ca_file;
  std::chrono::milliseconds call_limit{5'000};
  std::chrono::milliseconds session_idle{std::chrono::hours(12)};
  std::chrono::milliseconds session_life{std::chrono::hours(24 * 7)};
  std::chrono::milliseconds token_life{std::chrono::hours(24 * 30)};
};

/// Adds them to the settings of the server; `settings` is outlived by `options`.
void DeclareSignIn(config::Settings& settings, SignInSettings& options);
/// What no single setting shows. kInvalidArgument names the setting.
Status CheckSignIn(const SignInSettings& options);
/// What a value is called in helps; empty: none of these settings.
std::string_view PlaceholderOfSignIn(std::string_view setting);

access::SessionOptions SessionOptionsOf(const SignInSettings& options);
access::oidc::ProviderOptions ProviderOptionsOf(const SignInSettings& options);
/// kInvalidArgument: a role that is none.
Result<access::oidc::SignInOptions> SignInOptionsOf(const SignInSettings& options);

}  // namespace stetig::app
