#include "access/oidc/sign_in.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/repository.h"
#include "access/session_repository.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "journal/service.h"

namespace stetig::access::oidc {
namespace {

constexpr std::chrono::seconds kCodeLife{60};
constexpr size_t kMaxUsed = 10'000;
constexpr int kRefusalsPerMinute = 30;
constexpr size_t kMaxName = 128;
constexpr size_t kMaxText = 300;  // code points of foreign texts

std::span<const std::byte> BytesOf(const Sha256Digest& digest) {
  return std::as_bytes(std::span(digest));
}

/// Who changes users when nobody of us does.
Principal System(std::string request_id) {
  return {.user = "system", .role = Role::kAdmin, .request_id = std::move(request_id)};
}

/// Whether a text can be the name of a user or group here.
bool IsName(std::string_view name) {
  const bool odd = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == ':'; });
  return !name.empty() && CodePoints(name) <= kMaxName && !odd;
}

/// A hash in argon2id's form that belongs to no password: checking one against it fails after the
/// usual work, so that nobody can tell who signs in elsewhere.
std::string HashOfNoPassword() {
  std::string bytes(48, '\0');
  Random::System().Fill(std::as_writable_bytes(std::span(bytes)));
  const auto encode = [](std::string_view part) {
    std::string text = Base64Encode(part);
    while (text.ends_with('=')) text.pop_back();
    return text;
  };
  return fmt::format("$argon2id$v=19$m=19456,t=2,p=1${}${}", encode(bytes.substr(0, 16)),
                     encode(bytes.substr(16)));
}

int CountOf(Capabilities set) {
  return static_cast<int>(
      std::ranges::count_if(kCapabilities, [&](Capability one) { return set.Has(one); }));
}

std::string LocationOf(const Waiting& waiting, std::string_view name, std::string_view value) {
  return fmt::format("http://127.0.0.1:{}/?{}={}&state={}", waiting.port, name,
                     PercentEncode(value), PercentEncode(waiting.state));
}

std::string_view Shown(std::string_view text) {
  return IsValidUtf8(text) ? FirstCodePoints(text, kMaxText) : std::string_view("(no text)");
}

}  // namespace

std::optional<NewPeople> ParseNewPeople(std::string_view word) {
  if (word == "create") return NewPeople::kCreate;
  if (word == "link") return NewPeople::kLink;
  if (word == "create-or-link") return NewPeople::kCreateOrLink;
  if (word == "refuse") return NewPeople::kRefuse;
  return std::nullopt;
}

SignIn::SignIn(store::Database& db, Service& access, Sessions& sessions,
               std::unique_ptr<Provider> provider, SignInOptions options)
    : db_(db),
      access_(access),
      sessions_(sessions),
      provider_(std::move(provider)),
      options_(std::move(options)) {}

Task<Begun> SignIn::Begin(std::string redirect_uri, std::string return_to,
                          std::optional<Waiting> waiting, Deadline deadline) {
  ASSIGN_OR_CO_RETURN(Attempt attempt,
                      BeginAttempt(std::move(redirect_uri), std::move(return_to),
                                   std::move(waiting), options_.clock->Now(), Random::System()));
  std::string cookie = attempt.ToCookie();
  auto located = co_await provider_->AuthorizationUrl(std::move(attempt), deadline);
  ASSIGN_OR_CO_RETURN(std::string location, std::move(located));
  co_return Begun{.location = std::move(location), .cookie = std::move(cookie)};
}

bool SignIn::FirstUse(const std::string& state) {
  const auto now = Steady::now();
  const MutexLock lock(mutex_);
  if (used_.size() >= kMaxUsed) {
    std::erase_if(used_, [&](const auto& one) { return one.second < now; });
    // Whoever gets here has had that many answers of the provider within minutes: forget them all;
    // the provider takes no code twice either.
    if (used_.size() >= kMaxUsed) used_.clear();
  }
  return used_.emplace(state, now + kAttemptLife + kClockSkew).second;
}

bool SignIn::MayNoteRefusal() {
  const auto now = Steady::now();
  const MutexLock lock(mutex_);
  if (now - refusals_since_ >= std::chrono::minutes(1)) {
    refusals_since_ = now;
    refusals_ = 0;
  }
  return ++refusals_ <= kRefusalsPerMinute;
}

Task<> SignIn::NoteRefusal(Status why, Callback callback, Deadline deadline) {
  const std::string reason(why.detail().empty() ? CodeName(why.code()) : why.detail());
  LOG(kWarning, "sign-in refused", {"reason", reason}, {"why", why},
      {"request_id", callback.request_id}, {"peer", callback.address});
  // Whoever comes without a cookie was never sent anywhere: that says nothing about anybody.
  if (why.detail() == kNoAttempt || !MayNoteRefusal()) co_return OkStatus();
  const journal::Event event{.time = options_.clock->Now(),
                             .actor = "system",
                             .kind = "sign_in.refused",
                             .subject = {"issuer", provider_->options().issuer},
                             .payload = json::Dump(json::Object{{"reason", reason}}),
                             .request_id = callback.request_id,
                             .texts = {std::string(why.message()), callback.address}};
  co_return co_await db_.Write(
      [event](store::Transaction& tx) { return journal::Append(tx, event); }, deadline);
}

Task<Finished> SignIn::Finish(Callback callback, Deadline deadline) {
  auto resumed = ResumeAttempt(callback.cookie, callback.state, options_.clock->Now());
  Result<Finished> entered = Finished{};
  if (!resumed) {
    entered = Err(resumed.error());
  } else {
    Attempt attempt = *resumed;
    Callback copy = callback;
    entered = co_await Enter(std::move(attempt), std::move(copy), deadline);
  }
  if (entered) co_return entered;
  const Status why = entered.error();
  Callback copy = callback;
  const Status noted = co_await NoteRefusal(why, std::move(copy), deadline);
  if (!noted.ok()) LOG(kWarning, "a refused sign-in is not in the journal", {"reason", noted});
  if (!resumed || !resumed->waiting) co_return Err(why);
  const std::string word(why.detail().empty() ? CodeName(why.code()) : why.detail());
  co_return Finished{.location = LocationOf(*resumed->waiting, "error", word), .session = {}};
}

Task<Finished> SignIn::Enter(Attempt attempt, Callback callback, Deadline deadline) {
  if (!FirstUse(attempt.State())) {
    co_return Err(Code::kUnauthenticated, "this answer of the provider has been used already",
                  kCodeUsed);
  }
  if (!callback.error.empty()) {
    co_return Err(Code::kPermissionDenied,
                  fmt::format("the OpenID provider refuses: {} {}", Shown(callback.error),
                              Shown(callback.error_description)),
                  kProviderRefused);
  }
  auto redeemed = co_await provider_->Redeem(attempt, callback.code, callback.issuer, deadline);
  ASSIGN_OR_CO_RETURN(Person person, std::move(redeemed));
  auto known = co_await UserOf(person, callback.request_id, deadline);
  ASSIGN_OR_CO_RETURN(User user, std::move(known));
  CO_TRY(co_await Follow(user, std::move(person), callback.request_id, deadline));
  if (attempt.waiting) {
    std::string challenge = attempt.waiting->challenge;
    auto coded = co_await NewCode(user.name, std::move(callback), std::move(challenge), deadline);
    ASSIGN_OR_CO_RETURN(const std::string code, std::move(coded));
    co_return Finished{.location = LocationOf(*attempt.waiting, "code", code), .session = {}};
  }
  Session wanted{
      .user = user.name, .way = "oidc", .address = callback.address, .agent = callback.agent};
  auto started =
      co_await sessions_.Start(std::move(wanted), std::move(callback.request_id), deadline);
  ASSIGN_OR_CO_RETURN(NewSession session, std::move(started));
  co_return Finished{.location = std::move(attempt.return_to),
                     .session = std::move(session.secret)};
}

Role SignIn::RoleOf(const Person& person) const {
  std::optional<Role> best;
  for (const std::string& group : person.groups.value_or(std::vector<std::string>())) {
    const auto found = options_.roles.find(group);
    if (found == options_.roles.end()) continue;
    const bool better =
        !best || CountOf(CapabilitiesOf(found->second)) > CountOf(CapabilitiesOf(*best));
    if (better) best = found->second;
  }
  return best.value_or(options_.default_role);
}

Task<User> SignIn::UserOf(Person person, std::string request_id, Deadline deadline) {
  const bool may_create =
      options_.new_people == NewPeople::kCreate || options_.new_people == NewPeople::kCreateOrLink;
  const bool may_link =
      options_.new_people == NewPeople::kLink || options_.new_people == NewPeople::kCreateOrLink;
  const WallTime now = options_.clock->Now();
  auto write = [person, request_id, may_create, may_link, now, role = RoleOf(person),
                hash = HashOfNoPassword(),
                issuer = provider_->options().issuer](store::Transaction& tx) -> Result<User> {
    ASSIGN_OR_RETURN(const auto known, repository::FindIdentity(tx, issuer, person.subject));
    if (known) return *known;
    if (!IsName(person.name)) {
      return Err(Code::kPermissionDenied,
                 fmt::format("'{}' cannot be the name of a user, expected 1 to {} characters "
                             "without ':' and control characters",
                             Shown(person.name), kMaxName),
                 kNameRefused);
    }
    ASSIGN_OR_RETURN(const auto there, repository::FindUser(tx, person.name));
    if (there && !may_link) {
      return Err(
          Code::kPermissionDenied,
          fmt::format("there is a user '{}' who is not known to be this person", person.name),
          kNameTaken);
    }
    if (!there && !may_create) {
      return Err(Code::kPermissionDenied,
                 fmt::format("'{}' is not known here, expected a user of that name", person.name),
                 kUnknownPerson);
    }
    User user = there ? there->user : User{.name = person.name, .role = role, .created = now};
    if (!there) {
      ASSIGN_OR_RETURN(user, repository::InsertUser(tx, user, hash));
    }
    const Status joined = repository::InsertIdentity(tx, issuer, person.subject, user.id, now);
    if (joined.code() == Code::kAlreadyExists) {
      return Err(Code::kPermissionDenied,
                 fmt::format("user '{}' is another person of the provider", user.name), kNameTaken);
    }
    TRY(joined);
    TRY(journal::Append(tx, {.time = now,
                             .actor = "system",
                             .kind = there ? "user.joined" : "user.created",
                             .subject = {"user", user.name},
                             .refs = {{"issuer", issuer}},
                             .request_id = request_id,
                             .texts = {person.subject}}));
    return user;
  };
  co_return co_await db_.Write(std::move(write), deadline);
}

Task<> SignIn::Follow(User user, Person person, std::string request_id, Deadline deadline) {
  const Principal system = System(std::move(request_id));
  if (const Role role = RoleOf(person); !options_.roles.empty() && role != user.role) {
    const Status set = co_await access_.SetRole(system, user.name, role, deadline);
    if (set.code() == Code::kFailedPrecondition) {
      LOG(kWarning, "a role stays although the provider says another", {"user", user.name},
          {"reason", set});
    } else if (!set.ok()) {
      co_return Err(set);
    }
  }
  if (!person.groups) co_return OkStatus();
  std::vector<std::string> groups = *std::move(person.groups);
  const size_t left_out = std::erase_if(groups, [](const auto& name) { return !IsName(name); });
  if (left_out > 0) {
    LOG(kWarning, "groups of a person have names that cannot be used", {"user", user.name},
        {"groups", left_out});
  }
  co_return co_await access_.SetUserGroups(system, user.name, std::move(groups), deadline);
}

Task<std::string> SignIn::NewCode(std::string user, Callback callback, std::string challenge,
                                  Deadline deadline) {
  std::string code = NewTokenSecret();
  const Sha256Digest digest = Sha256(code);
  const WallTime now = options_.clock->Now();
  const WallTime expires{now.ms +
                         std::chrono::duration_cast<std::chrono::milliseconds>(kCodeLife).count()};
  auto write = [user, challenge, digest, now, expires, callback](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const auto row, repository::FindUser(tx, user));
    if (!row) return Err(Code::kNotFound, fmt::format("user '{}' does not exist", user));
    TRY(repository::DeleteEndedSignInCodes(tx, now));
    TRY(repository::InsertSignInCode(tx, BytesOf(digest), row->user.id, challenge, expires));
    return journal::Append(tx, {.time = now,
                                .actor = user,
                                .kind = "user.signed_in",
                                .subject = {"user", user},
                                .payload = json::Dump(json::Object{{"way", "command line"}}),
                                .request_id = callback.request_id,
                                .texts = {callback.address, std::string(Shown(callback.agent))}});
  };
  CO_TRY(co_await db_.Write(std::move(write), deadline));
  co_return code;
}

Task<NewToken> SignIn::TakeToken(std::string code, std::string verifier, std::string request_id,
                                 Deadline deadline) {
  const Sha256Digest digest = Sha256(code);
  auto taken = co_await db_.Write(
      [digest](store::Transaction& tx) { return repository::TakeSignInCode(tx, BytesOf(digest)); },
      deadline);
  ASSIGN_OR_CO_RETURN(const std::optional<repository::SignInCode> found, std::move(taken));
  const WallTime now = options_.clock->Now();
  if (!found || now >= found->expires ||
      !ConstantTimeEquals(ChallengeOf(verifier), found->challenge)) {
    co_return Err(Code::kUnauthenticated,
                  "the code was used, has ended or is of another command line", kCodeRefused);
  }
  auto asked = co_await access_.PrincipalOf(found->user, std::move(request_id), deadline);
  ASSIGN_OR_CO_RETURN(const Principal who, std::move(asked));
  Token wanted{.user = who.user,
               .label = "stetig login",
               .role = who.role,
               .expires = WallTime{now.ms + options_.token_life.count()}};
  co_return co_await access_.CreateToken(who, std::move(wanted), deadline);
}

}  // namespace stetig::access::oidc
