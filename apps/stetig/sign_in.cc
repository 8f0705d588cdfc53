#include "sign_in.h"

#include <fmt/format.h>

#include "base/text.h"

namespace stetig::app {
namespace {

constexpr std::chrono::milliseconds kShortestSession{60'000};
constexpr std::chrono::milliseconds kLongestCall{30'000};

/// "ml.example.org:8443", with http:// or https:// in front or not.
bool IsRedirectHost(std::string_view entry) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (entry.starts_with(scheme)) entry.remove_prefix(scheme.size());
  }
  return !entry.empty() && entry.find_first_of("/?#@ *\\") == std::string_view::npos;
}

}  // namespace

void DeclareSignIn(config::Settings& settings, SignInSettings& options) {
  settings.Add("oidc-issuer", &options.issuer,
               "OpenID provider that people sign in through, exactly as it writes its issuer; "
               "empty: none");
  settings.Add("oidc-client-id", &options.client_id, "As which client the provider knows us");
  settings.Add("oidc-client-secret", &options.client_secret,
               "Secret of the client; empty: PKCE alone. Better in the file than in a flag");
  settings.Add("oidc-scopes", &options.scopes, "Scopes that are asked for");
  settings.Add("oidc-name-claim", &options.name_claim, "Claim that holds the user name");
  settings.Add("oidc-groups-claim", &options.groups_claim,
               "Claim that holds the groups; empty: the provider's groups are not taken over");
  settings.Add("oidc-roles", &options.roles,
               "Roles by group of the provider: GROUP=ROLE; when there is any, the provider "
               "decides the role");
  settings.Add("oidc-default-role", &options.default_role,
               "Role of people with none of these groups");
  settings.Add("oidc-new-people", &options.new_people,
               "What becomes of people who were never here: create, link (to the user of the same "
               "name), create-or-link, refuse",
               config::OneOf({"create", "link", "create-or-link", "refuse"}));
  settings.Add("oidc-redirect-hosts", &options.redirect_hosts,
               "Addresses that the provider may send people back to; empty: any that may be "
               "served. With https:// where a proxy speaks TLS");
  settings.Add("oidc-ca", &options.ca_file,
               "Authorities that the provider's certificate comes from, PEM; empty: the system's");
  settings.Add("oidc-timeout", &options.call_limit, "Longest wait for an answer of the provider");
  settings.Add("session-idle", &options.session_idle,
               "A session ends when it is not used for so long");
  settings.Add("session-life", &options.session_life, "A session ends at the latest after so long");
  settings.Add("login-token-life", &options.token_life,
               "How long a token lasts that 'stetig login' gets by a sign-in");
}

Status CheckSignIn(const SignInSettings& options) {
  if (options.session_idle < kShortestSession || options.session_life < kShortestSession ||
      options.token_life < kShortestSession) {
    return Err(Code::kInvalidArgument,
               "session-idle, session-life or login-token-life is below 1m, expected more");
  }
  if (options.issuer.empty()) return OkStatus();
  if (options.client_id.empty()) {
    return Err(Code::kInvalidArgument,
               "oidc-issuer is given without oidc-client-id, expected both or none");
  }
  if (options.name_claim.empty()) {
    return Err(Code::kInvalidArgument, "oidc-name-claim is empty, expected the name of a claim");
  }
  if (options.call_limit.count() < 100 || options.call_limit > kLongestCall) {
    return Err(Code::kInvalidArgument, fmt::format("oidc-timeout is {} ms, expected 100ms to 30s",
                                                   options.call_limit.count()));
  }
  for (const std::string& entry : options.redirect_hosts) {
    if (!IsRedirectHost(entry)) {
      return Err(
          Code::kInvalidArgument,
          fmt::format("oidc-redirect-hosts has '{}', expected HOST or https://HOST:PORT", entry));
    }
  }
  if (auto endpoint = access::oidc::ParseEndpoint(options.issuer); !endpoint) {
    return Err(Code::kInvalidArgument, fmt::format("oidc-issuer: {}", endpoint.error().message()));
  }
  auto made = SignInOptionsOf(options);
  return made ? OkStatus() : made.error();
}

std::string_view PlaceholderOfSignIn(std::string_view setting) {
  if (setting == "oidc-scopes" || setting == "oidc-roles" || setting == "oidc-redirect-hosts") {
    return "LIST";
  }
  if (setting == "oidc-issuer") return "URL";
  if (setting == "oidc-ca") return "FILE";
  if (setting.starts_with("session-") || setting == "login-token-life" ||
      setting == "oidc-timeout") {
    return "TIME";
  }
  return setting.starts_with("oidc-") && setting != "oidc-new-people" ? "TEXT" : "";
}

access::SessionOptions SessionOptionsOf(const SignInSettings& options) {
  return {.idle = options.session_idle, .life = options.session_life};
}

access::oidc::ProviderOptions ProviderOptionsOf(const SignInSettings& options) {
  access::oidc::ProviderOptions made;
  made.issuer = options.issuer;
  made.client_id = options.client_id;
  made.client_secret = options.client_secret;
  made.scopes = options.scopes;
  made.ca_file = options.ca_file;
  made.claims = {.name = options.name_claim, .groups = options.groups_claim};
  made.call_limit = options.call_limit;
  return made;
}

Result<access::oidc::SignInOptions> SignInOptionsOf(const SignInSettings& options) {
  access::oidc::SignInOptions made;
  const auto role_of = [](std::string_view setting,
                          const std::string& name) -> Result<access::Role> {
    const auto role = access::ParseRole(name);
    if (role) return *role;
    return Err(Code::kInvalidArgument,
               fmt::format("{} has '{}', expected one of {}", setting, name, access::RoleNames()));
  };
  for (const std::string& pair : options.roles) {
    const size_t equals = pair.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      return Err(Code::kInvalidArgument,
                 fmt::format("oidc-roles has '{}', expected GROUP=ROLE", pair));
    }
    ASSIGN_OR_RETURN(const access::Role role, role_of("oidc-roles", pair.substr(equals + 1)));
    made.roles[std::string(Trim(pair.substr(0, equals)))] = role;
  }
  ASSIGN_OR_RETURN(made.default_role, role_of("oidc-default-role", options.default_role));
  made.new_people =
      access::oidc::ParseNewPeople(options.new_people).value_or(access::oidc::NewPeople::kRefuse);
  made.token_life = options.token_life;
  return made;
}

}  // namespace stetig::app
