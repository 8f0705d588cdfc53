#include "access/oidc/provider.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"

namespace stetig::access::oidc {
namespace {

constexpr int kMostCalls = 16;
constexpr size_t kMaxAnswer = size_t{64} << 10;
constexpr int kMaxDepth = 16;
constexpr size_t kMaxCode = 2'048;
constexpr std::string_view kWellKnown = "/.well-known/openid-configuration";

std::string FormOf(const std::vector<std::pair<std::string_view, std::string>>& fields) {
  std::string form;
  for (const auto& [name, value] : fields) {
    form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, PercentEncode(value));
  }
  return form;
}

http::ClientRequest GetRequest() {
  http::ClientRequest request;
  request.headers.Add("Accept", "application/json");
  return request;
}

Failure Invalid(std::string_view what) {
  return Err(Code::kUnavailable, fmt::format("the OpenID provider {}", what), kProviderInvalid);
}

/// What the HTTP client says, in the words of a sign-in.
Failure CallFailed(const Status& status) {
  switch (status.code()) {
    case Code::kDeadlineExceeded:
      return Err(Code::kDeadlineExceeded,
                 fmt::format("the OpenID provider does not answer in time: {}", status.message()),
                 kProviderSlow);
    case Code::kUnavailable:
      return Err(Code::kUnavailable,
                 fmt::format("the OpenID provider is not reachable: {}", status.message()),
                 kProviderUnavailable);
    default:
      return Invalid(fmt::format("gives an answer that cannot be taken: {}", status.message()));
  }
}

/// A word of the provider's errors (RFC 6749 section 5.2), without anything odd.
std::string WordOf(const json::Value& answer, std::string_view name) {
  const json::Value* member = answer.Find(name);
  if (member == nullptr || member->AsString() == nullptr) return {};
  std::string word(FirstCodePoints(*member->AsString(), 80));
  std::ranges::replace_if(
      word, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return word;
}

}  // namespace

Result<std::unique_ptr<Provider>> Provider::Make(ProviderOptions options) {
  if (options.client_id.empty()) {
    return Err(Code::kInvalidArgument, "oidc-client-id is empty, expected the id of this client");
  }
  auto discovery = ParseEndpoint(options.issuer);
  if (!discovery || discovery->target.contains('?')) {
    return Err(Code::kInvalidArgument,
               fmt::format("oidc-issuer: {}", discovery ? "a URL without a query is expected"
                                                        : discovery.error().message()));
  }
  while (discovery->target.ends_with('/')) discovery->target.pop_back();
  discovery->target += kWellKnown;
  ASSIGN_OR_RETURN(auto tls, io::TlsContext::Client(options.ca_file));
  if (std::ranges::find(options.scopes, "openid") == options.scopes.end()) {
    options.scopes.insert(options.scopes.begin(), "openid");
  }
  return std::unique_ptr<Provider>(
      new Provider(std::move(options), *std::move(discovery), std::move(tls)));
}

Provider::Provider(ProviderOptions options, Endpoint discovery, std::shared_ptr<io::TlsContext> tls)
    : options_(std::move(options)), discovery_(std::move(discovery)), tls_(std::move(tls)) {}

Task<std::string> Provider::Call(Endpoint endpoint, http::ClientRequest request, size_t limit,
                                 Deadline deadline) {
  struct Counted {
    explicit Counted(std::atomic<int>& count) : calls(count), now(++count) {}
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --calls; }
    std::atomic<int>& calls;
    const int now;
  };
  const Counted counted(calls_);
  if (counted.now > kMostCalls) {
    co_return Err(Code::kResourceExhausted,
                  fmt::format("{} calls to the OpenID provider are under way", kMostCalls));
  }
  request.target = endpoint.target;
  http::Client client({.host = endpoint.host,
                       .port = endpoint.port,
                       .tls = endpoint.tls ? tls_ : nullptr,
                       .limits = {}});
  const Deadline until = std::min(deadline, After(options_.call_limit));
  auto fetched = co_await http::Fetch(client, std::move(request), until, limit);
  if (!fetched) co_return CallFailed(fetched.error());
  if (fetched->status == 200) co_return std::move(fetched->body);
  const auto answer = json::Parse(fetched->body, {.bytes = kMaxAnswer, .depth = kMaxDepth});
  const std::string word = answer ? WordOf(*answer, "error") : std::string();
  if (word == "invalid_grant") {
    co_return Err(Code::kUnauthenticated,
                  "the OpenID provider refuses the code: it was used, has ended or is of another "
                  "client",
                  kCodeRefused);
  }
  co_return Invalid(fmt::format("answers {} {} to {}", fetched->status, word,
                                endpoint.target.substr(0, endpoint.target.find('?'))));
}

Task<Provider::Known> Provider::GetMetadata(Deadline deadline) {
  const auto now = Steady::now();
  {
    const MutexLock lock(mutex_);
    if (metadata_ && now < metadata_until_) co_return metadata_;
    if (now < failure_until_) co_return Err(failure_);
  }
  auto request = GetRequest();
  auto called = co_await Call(discovery_, std::move(request), kMaxMetadataBytes, deadline);
  Result<Metadata> parsed = called ? ParseMetadata(*called, options_.issuer)
                                   : Result<Metadata>(Err(std::move(called).error()));
  if (!parsed && parsed.error().code() == Code::kInvalidArgument) {
    parsed = Invalid(fmt::format("describes itself wrongly: {}", parsed.error().message()));
  }
  const MutexLock lock(mutex_);
  if (!parsed) {
    failure_ = parsed.error();
    failure_until_ = Steady::now() + options_.failure_memory;
    co_return Err(std::move(parsed).error());
  }
  metadata_ = std::make_shared<const Metadata>(*std::move(parsed));
  metadata_until_ = Steady::now() + options_.memory;
  co_return metadata_;
}

Task<Provider::Keys> Provider::GetKeys(Known metadata, bool anew, Deadline deadline) {
  const auto now = Steady::now();
  {
    const MutexLock lock(mutex_);
    const bool fresh = keys_ && now < keys_until_;
    if (fresh && (!anew || now < next_refresh_)) co_return keys_;
    if (fresh) next_refresh_ = now + options_.key_refresh;
  }
  auto request = GetRequest();
  auto called = co_await Call(metadata->keys, std::move(request), kMaxKeySetBytes, deadline);
  ASSIGN_OR_CO_RETURN(const std::string text, std::move(called));
  auto parsed = ParseKeySet(text);
  if (!parsed) co_return Invalid(fmt::format("has unusable keys: {}", parsed.error().message()));
  const MutexLock lock(mutex_);
  keys_ = std::make_shared<const std::vector<Key>>(*std::move(parsed));
  keys_until_ = Steady::now() + options_.memory;
  co_return keys_;
}

Task<std::string> Provider::AuthorizationUrl(Attempt attempt, Deadline deadline) {
  auto got = co_await GetMetadata(deadline);
  ASSIGN_OR_CO_RETURN(const Known metadata, std::move(got));
  const std::string& base = metadata->authorization_endpoint;
  const std::string query = FormOf({{"response_type", "code"},
                                    {"client_id", options_.client_id},
                                    {"redirect_uri", attempt.redirect_uri},
                                    {"scope", fmt::format("{}", fmt::join(options_.scopes, " "))},
                                    {"state", attempt.State()},
                                    {"nonce", attempt.Nonce()},
                                    {"code_challenge", ChallengeOf(attempt.Verifier())},
                                    {"code_challenge_method", "S256"}});
  co_return fmt::format("{}{}{}", base, base.contains('?') ? '&' : '?', query);
}

Task<json::Value> Provider::Exchange(Known metadata, Attempt attempt, std::string code,
                                     Deadline deadline) {
  http::ClientRequest request = GetRequest();
  request.method = http::Method::kPost;
  request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
  std::vector<std::pair<std::string_view, std::string>> form = {
      {"grant_type", "authorization_code"},
      {"code", std::move(code)},
      {"redirect_uri", attempt.redirect_uri},
      {"code_verifier", attempt.Verifier()}};
  const std::string& secret = options_.client_secret.Reveal();
  if (secret.empty() || metadata->secret_in_body) {
    form.emplace_back("client_id", options_.client_id);
    if (!secret.empty()) form.emplace_back("client_secret", secret);
  } else {
    // RFC 6749 section 2.3.1: both are encoded as a form first.
    const std::string pair =
        fmt::format("{}:{}", PercentEncode(options_.client_id), PercentEncode(secret));
    request.headers.Add("Authorization", "Basic " + Base64Encode(pair));
  }
  request.body = FormOf(form);
  auto called = co_await Call(metadata->token, std::move(request), kMaxAnswer, deadline);
  ASSIGN_OR_CO_RETURN(const std::string text, std::move(called));
  auto answer = json::Parse(text, {.bytes = kMaxAnswer, .depth = kMaxDepth});
  if (!answer) co_return Invalid("answers to a code with something that is no JSON");
  co_return *std::move(answer);
}

Task<json::Value> Provider::Verify(Known metadata, std::string id_token, Deadline deadline) {
  ASSIGN_OR_CO_RETURN(const SignedToken token, ParseToken(id_token));
  auto got = co_await GetKeys(metadata, /*anew=*/false, deadline);
  ASSIGN_OR_CO_RETURN(Keys keys, std::move(got));
  auto claims = VerifyToken(token, *keys);
  if (!claims && claims.error().detail() == kUnknownKey) {
    auto renewed = co_await GetKeys(metadata, /*anew=*/true, deadline);
    ASSIGN_OR_CO_RETURN(keys, std::move(renewed));
    claims = VerifyToken(token, *keys);
  }
  if (!claims) co_return Err(std::move(claims).error());
  co_return json::Value(*std::move(claims));
}

Task<json::Value> Provider::AddUserinfo(Known metadata, json::Value claims,
                                        std::string access_token, Deadline deadline) {
  const bool complete =
      claims.Find(options_.claims.name) != nullptr &&
      (options_.claims.groups.empty() || claims.Find(options_.claims.groups) != nullptr);
  if (complete || !metadata->has_userinfo || access_token.empty()) co_return claims;
  http::ClientRequest request = GetRequest();
  request.headers.Add("Authorization", "Bearer " + access_token);
  auto called = co_await Call(metadata->userinfo, std::move(request), kMaxAnswer, deadline);
  ASSIGN_OR_CO_RETURN(const std::string text, std::move(called));
  auto info = json::Parse(text, {.bytes = kMaxAnswer, .depth = kMaxDepth});
  if (!info || info->AsObject() == nullptr) {
    co_return Invalid("tells about the person something that is no JSON object");
  }
  // Core section 5.3.2: without this check somebody else's claims could be put in.
  const json::Value* subject = info->Find("sub");
  if (subject == nullptr || *subject != *claims.Find("sub")) {
    co_return Err(Code::kUnauthenticated,
                  "the provider's userinfo is about another person than its ID token",
                  kOtherPerson);
  }
  for (auto& [name, value] : *info->AsObject()) {
    if (claims.Find(name) == nullptr) claims.Set(name, std::move(value));
  }
  co_return claims;
}

Task<Person> Provider::Redeem(Attempt attempt, std::string code, std::string issuer,
                              Deadline deadline) {
  if (code.empty() || code.size() > kMaxCode) {
    co_return Err(Code::kUnauthenticated,
                  fmt::format("the code has {} bytes, expected 1 to {}", code.size(), kMaxCode),
                  kCodeRefused);
  }
  auto got = co_await GetMetadata(deadline);
  ASSIGN_OR_CO_RETURN(const Known metadata, std::move(got));
  if ((metadata->names_issuer || !issuer.empty()) && issuer != metadata->issuer) {
    co_return Err(Code::kUnauthenticated,
                  fmt::format("the answer comes from '{}', expected '{}'",
                              FirstCodePoints(issuer, 200), metadata->issuer),
                  kWrongIssuer);
  }
  auto exchanged = co_await Exchange(metadata, attempt, std::move(code), deadline);
  ASSIGN_OR_CO_RETURN(const json::Value answer, std::move(exchanged));
  const json::Value* token = answer.Find("id_token");
  const json::Value* access = answer.Find("access_token");
  if (token == nullptr || token->AsString() == nullptr) co_return Invalid("gives no ID token");
  std::string id_token = *token->AsString();
  auto verified = co_await Verify(metadata, std::move(id_token), deadline);
  ASSIGN_OR_CO_RETURN(json::Value claims, std::move(verified));
  CO_TRY(CheckIdToken(claims, {.issuer = metadata->issuer,
                               .client_id = options_.client_id,
                               .nonce = attempt.Nonce(),
                               .now = options_.clock->Now()}));
  std::string access_token =
      access != nullptr && access->AsString() != nullptr ? *access->AsString() : std::string();
  auto completed =
      co_await AddUserinfo(metadata, std::move(claims), std::move(access_token), deadline);
  ASSIGN_OR_CO_RETURN(const json::Value all, std::move(completed));
  co_return ReadPerson(all, options_.claims);
}

}  // namespace stetig::access::oidc
