// Signing in through an OpenID provider: from the first redirect to a session of the browser, or to
// a token for a command line that waits on the person's machine.
//
// Events: "user.signed_in" (of Sessions, or here for a command line), "sign_in.refused" with the
// reason, "user.created" and "user.joined" where the person was not known before. Anybody can cause
// refusals, so at most 30 of them a minute are written, and none of callbacks without a sign-in;
// the log has the others.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "access/oidc/attempt.h"
#include "access/oidc/provider.h"
#include "access/sessions.h"
#include "base/mutex.h"
#include "base/status.h"
#include "io/task.h"
#include "store/database.h"

namespace stetig::access::oidc {

// Details of refusals.
inline constexpr char kProviderRefused[] = "provider_refused";  ///< it sent an error instead
inline constexpr char kCodeUsed[] = "code_used";
inline constexpr char kUnknownPerson[] = "unknown_person";
inline constexpr char kNameTaken[] = "name_taken";
inline constexpr char kNameRefused[] = "name_refused";

/// What happens to somebody who signs in and was never here before.
enum class NewPeople : unsigned char {
  kCreate,        ///< becomes a user; refused when the name is taken
  kLink,          ///< becomes the user of the same name; refused when there is none
  kCreateOrLink,  ///< the one or the other
  kRefuse,
};
std::optional<NewPeople> ParseNewPeople(std::string_view word);

struct SignInOptions {
  /// Roles by group of the provider; of several the one with the most rights. When there is any,
  /// the provider decides the role at every sign-in.
  std::map<std::string, Role> roles;
  Role default_role = Role::kViewer;
  NewPeople new_people = NewPeople::kCreate;
  std::chrono::milliseconds token_life{std::chrono::hours(24 * 30)};  ///< of a command line's
  const Clock* clock = &Clock::System();
};

/// What came back to the callback, as it stood in the request.
struct Callback {
  std::string cookie;
  std::string state;
  std::string code;
  std::string issuer;
  std::string error;  ///< of the provider; empty: none
  std::string error_description;
  std::string address;  ///< of the peer
  std::string agent;    ///< its User-Agent
  std::string request_id;
};

struct Begun {
  std::string location;  ///< where the browser goes
  std::string cookie;    ///< value of the cookie that it brings back
};

struct Finished {
  std::string location;  ///< a path of ours, or the command line's address
  std::string session;   ///< secret of the new session; empty: a command line takes over
};

/// Thread-safe; coroutines resume on the caller's loop. Borrows database, service and sessions.
class SignIn {
 public:
  SignIn(store::Database& db, Service& access, Sessions& sessions,
         std::unique_ptr<Provider> provider, SignInOptions options);

  const Provider& provider() const { return *provider_; }

  /// Codes of BeginAttempt and Provider::AuthorizationUrl.
  Task<Begun> Begin(std::string redirect_uri, std::string return_to, std::optional<Waiting> waiting,
                    Deadline deadline);

  /// The way back. Codes of ResumeAttempt and Provider::Redeem; kUnauthenticated: kCodeUsed;
  /// kPermissionDenied: kProviderRefused, kUnknownPerson, kNameTaken, kNameRefused. When a command
  /// line waits, it is told of a failure, too: then the answer is its address.
  Task<Finished> Finish(Callback callback, Deadline deadline);

  /// A token for the command line that knows the verifier of its challenge. The code works once,
  /// and for a minute. kUnauthenticated (kCodeRefused).
  Task<NewToken> TakeToken(std::string code, std::string verifier, std::string request_id,
                           Deadline deadline);

 private:
  using Steady = std::chrono::steady_clock;

  Task<Finished> Enter(Attempt attempt, Callback callback, Deadline deadline);
  /// Whose user name the person has; makes or joins the user.
  Task<User> UserOf(Person person, std::string request_id, Deadline deadline);
  /// Role and groups as the provider says them.
  Task<> Follow(User user, Person person, std::string request_id, Deadline deadline);
  Task<std::string> NewCode(std::string user, Callback callback, std::string challenge,
                            Deadline deadline);
  Task<> NoteRefusal(Status why, Callback callback, Deadline deadline);
  /// False: this state came back before.
  bool FirstUse(const std::string& state);
  bool MayNoteRefusal();
  Role RoleOf(const Person& person) const;

  store::Database& db_;
  Service& access_;
  Sessions& sessions_;
  const std::unique_ptr<Provider> provider_;
  const SignInOptions options_;

  Mutex mutex_;
  std::unordered_map<std::string, Steady::time_point> used_ GUARDED_BY(mutex_);
  Steady::time_point refusals_since_ GUARDED_BY(mutex_);
  int refusals_ GUARDED_BY(mutex_) = 0;
};

}  // namespace stetig::access::oidc
