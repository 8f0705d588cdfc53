// An OpenID provider as we talk to it: discovery, keys, the exchange of a code, userinfo. Every
// call has a deadline and a bound on its answer; redirects are not followed.
//
// Metadata and keys are kept for an hour. A token with a key that is not among them has the keys
// fetched anew, at most once a minute however many such tokens come. A fetch that failed is not
// tried again within a second. At most 16 calls run at a time (kResourceExhausted beyond).
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "access/oidc/attempt.h"
#include "access/oidc/id_token.h"
#include "access/oidc/jose.h"
#include "access/oidc/metadata.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/secret.h"
#include "base/status.h"
#include "http/client.h"
#include "io/task.h"

namespace stetig::access::oidc {

// Details of failures.
inline constexpr char kProviderUnavailable[] = "provider_unavailable";
inline constexpr char kProviderSlow[] = "provider_slow";
inline constexpr char kProviderInvalid[] = "provider_answer_invalid";
inline constexpr char kCodeRefused[] = "code_refused";
inline constexpr char kOtherPerson[] = "userinfo_of_another_person";

struct ProviderOptions {
  std::string issuer;                 ///< exactly as the provider writes it
  std::string client_id;              ///< as which we are known there
  Secret<std::string> client_secret;  ///< empty: a public client, PKCE alone
  std::vector<std::string> scopes = {"openid", "profile", "email"};  ///< "openid" is always asked
  std::string ca_file;  ///< PEM; empty: the system's authorities
  ClaimNames claims;
  std::chrono::milliseconds call_limit{5'000};  ///< of each call
  std::chrono::milliseconds memory{3'600'000};
  std::chrono::milliseconds key_refresh{60'000};
  std::chrono::milliseconds failure_memory{1'000};
  const Clock* clock = &Clock::System();
};

/// Thread-safe; coroutines resume on the caller's loop.
class Provider {
 public:
  /// kInvalidArgument: the issuer is no URL that we may call, or the client has no id; codes of
  /// io::TlsContext::Client for the file with authorities. Calls nobody.
  static Result<std::unique_ptr<Provider>> Make(ProviderOptions options);

  /// Where the browser goes. kUnavailable (kProviderUnavailable, kProviderInvalid),
  /// kDeadlineExceeded (kProviderSlow), kResourceExhausted.
  Task<std::string> AuthorizationUrl(Attempt attempt, Deadline deadline);

  /// Who signed in. `issuer`: the callback's "iss" (RFC 9207), empty where it has none. Besides the
  /// codes above kUnauthenticated, with the detail of what is wrong: kCodeRefused (used, expired,
  /// of another client), kOtherPerson, those of jose.h and id_token.h.
  Task<Person> Redeem(Attempt attempt, std::string code, std::string issuer, Deadline deadline);

  const ProviderOptions& options() const { return options_; }

 private:
  using Steady = std::chrono::steady_clock;
  using Keys = std::shared_ptr<const std::vector<Key>>;
  using Known = std::shared_ptr<const Metadata>;

  Provider(ProviderOptions options, Endpoint discovery, std::shared_ptr<io::TlsContext> tls);
  Task<std::string> Call(Endpoint endpoint, http::ClientRequest request, size_t limit,
                         Deadline deadline);
  Task<Known> GetMetadata(Deadline deadline);
  /// `anew`: even if there are some, unless they were fetched within `key_refresh`.
  Task<Keys> GetKeys(Known metadata, bool anew, Deadline deadline);
  Task<json::Value> Exchange(Known metadata, Attempt attempt, std::string code, Deadline deadline);
  Task<json::Value> Verify(Known metadata, std::string id_token, Deadline deadline);
  Task<json::Value> AddUserinfo(Known metadata, json::Value claims, std::string access_token,
                                Deadline deadline);

  const ProviderOptions options_;
  const Endpoint discovery_;
  const std::shared_ptr<io::TlsContext> tls_;
  std::atomic<int> calls_{0};

  Mutex mutex_;
  Known metadata_ GUARDED_BY(mutex_);
  Steady::time_point metadata_until_ GUARDED_BY(mutex_);
  Status failure_ GUARDED_BY(mutex_);
  Steady::time_point failure_until_ GUARDED_BY(mutex_);
  Keys keys_ GUARDED_BY(mutex_);
  Steady::time_point keys_until_ GUARDED_BY(mutex_);
  Steady::time_point next_refresh_ GUARDED_BY(mutex_);
};

}  // namespace stetig::access::oidc
