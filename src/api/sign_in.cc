#include "api/sign_in.h"

#include <fmt/format.h>

#include "access/origin.h"
#include "api/browser.h"
#include "api/errors.h"
#include "base/json_value.h"
#include "base/text.h"

namespace stetig::api {
namespace {

using access::oidc::SignIn;

constexpr std::string_view kCallback = "/api/v1/sign-in/callback";
constexpr size_t kMaxTokenRequest = 4'096;
constexpr std::chrono::seconds kTimeLimit{30};

using Shared = std::shared_ptr<http::Request>;

Failure NotOffered() {
  return Err(Code::kNotFound, "this server has no OpenID provider, expected oidc-issuer to be set",
             "sign_in_not_offered");
}

/// Nothing of a sign-in belongs into a cache or into the Referer of another site.
http::Response Guarded(http::Response response) {
  response.headers.Set("Cache-Control", "no-store");
  response.headers.Set("Referrer-Policy", "no-referrer");
  return response;
}

http::Response Redirect(const std::string& location) {
  http::Response response = http::Response::Text(302, "");
  response.headers.Add("Location", location);
  return Guarded(std::move(response));
}

std::string HtmlEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// A problem, and for a browser a page that says the same. Never 401: browsers answer that with a
/// box for a password, and no password would help.
http::Response Refusal(Status status, const http::Request& request) {
  if (status.code() == Code::kUnauthenticated) {
    status = Status(Code::kPermissionDenied, std::string(status.message()),
                    std::string(status.detail()));
  }
  http::Response response = ErrorAnswer(status, request);
  if (!request.headers.Get("Accept").value_or("").contains("text/html")) {
    return Guarded(std::move(response));
  }
  const std::string page = fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sign-in refused</title>"
      "<h1>Sign-in refused</h1><p>{}</p><p>Reason: <code>{}</code>, request <code>{}</code></p>"
      "<p><a href=\"/api/v1/sign-in\">Try again</a></p></html>\n",
      HtmlEscaped(status.message()),
      HtmlEscaped(status.detail().empty() ? CodeName(status.code()) : status.detail()),
      HtmlEscaped(request.request_id));
  http::Response shown = http::Response::Text(response.status, page, "text/html; charset=utf-8");
  shown.failure = std::move(response.failure);
  shown.headers.Add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  return Guarded(std::move(shown));
}

/// The one value of a query parameter; empty: absent.
Result<std::string> One(const http::Request& request, std::string_view name) {
  const std::vector<std::string> values = request.QueryAll(name);
  if (values.size() > 1) {
    return Err(Code::kInvalidArgument,
               fmt::format("parameter '{}' is given {} times, expected once", name, values.size()),
               "invalid_parameter");
  }
  std::string value = values.empty() ? std::string() : values.front();
  if (!IsValidUtf8(value) || value.contains('\0')) {
    return Err(Code::kInvalidArgument, fmt::format("parameter '{}' is no text", name),
               "invalid_parameter");
  }
  return value;
}

Result<std::optional<access::oidc::Waiting>> WaitingOf(const http::Request& request) {
  ASSIGN_OR_RETURN(const std::string port, One(request, "port"));
  ASSIGN_OR_RETURN(std::string challenge, One(request, "challenge"));
  ASSIGN_OR_RETURN(std::string state, One(request, "state"));
  if (port.empty() && challenge.empty() && state.empty()) return std::nullopt;
  const auto number = ParseInt64(port);
  if (!number || *number < 1024 || *number > 65535) {
    return Err(
        Code::kInvalidArgument,
        fmt::format("parameter 'port' is '{}', expected 1024 to 65535", FirstCodePoints(port, 20)),
        "invalid_parameter");
  }
  return access::oidc::Waiting{.port = static_cast<uint16_t>(*number),
                               .challenge = std::move(challenge),
                               .state = std::move(state)};
}

Task<http::Response> Begin(Context* context, Shared request) {
  if (context->sign_in == nullptr) co_return NotOffered();
  ASSIGN_OR_CO_RETURN(const std::string origin, PublicOrigin(context->options, *request));
  ASSIGN_OR_CO_RETURN(std::string return_to, One(*request, "return_to"));
  ASSIGN_OR_CO_RETURN(auto waiting, WaitingOf(*request));
  if (return_to.empty()) return_to = "/";
  std::string redirect_uri = origin + std::string(kCallback);
  auto begun = co_await context->sign_in->Begin(std::move(redirect_uri), std::move(return_to),
                                                std::move(waiting), request->FreshDeadline());
  ASSIGN_OR_CO_RETURN(const access::oidc::Begun made, std::move(begun));
  http::Response response = Redirect(made.location);
  response.headers.Add("Set-Cookie", SetCookie(context->options, *request, Cookie::kAttempt,
                                               made.cookie, access::oidc::kAttemptLife));
  co_return response;
}

Task<http::Response> TakeBack(Context* context, Shared request) {
  if (context->sign_in == nullptr) co_return NotOffered();
  ASSIGN_OR_CO_RETURN([[maybe_unused]] const std::string origin,
                      PublicOrigin(context->options, *request));
  access::oidc::Callback callback;
  callback.cookie =
      FindCookie(context->options, *request, Cookie::kAttempt).value_or(std::string());
  ASSIGN_OR_CO_RETURN(callback.state, One(*request, "state"));
  ASSIGN_OR_CO_RETURN(callback.code, One(*request, "code"));
  ASSIGN_OR_CO_RETURN(callback.issuer, One(*request, "iss"));
  ASSIGN_OR_CO_RETURN(callback.error, One(*request, "error"));
  ASSIGN_OR_CO_RETURN(callback.error_description, One(*request, "error_description"));
  callback.address = request->peer.address;
  callback.agent = request->headers.Get("User-Agent").value_or("");
  callback.request_id = request->request_id;
  auto finished = co_await context->sign_in->Finish(std::move(callback), request->FreshDeadline());
  ASSIGN_OR_CO_RETURN(const access::oidc::Finished done, std::move(finished));
  http::Response response = Redirect(done.location);
  if (!done.session.empty()) {
    const auto life =
        std::chrono::duration_cast<std::chrono::seconds>(context->sessions->options().life);
    response.headers.Add(
        "Set-Cookie", SetCookie(context->options, *request, Cookie::kSession, done.session, life));
  }
  co_return response;
}

Task<http::Response> TakeToken(Context* context, Shared request) {
  if (context->sign_in == nullptr) co_return NotOffered();
  ASSIGN_OR_CO_RETURN([[maybe_unused]] const std::string origin,
                      PublicOrigin(context->options, *request));
  auto read = co_await http::ReadAll(*request->body, kMaxTokenRequest);
  ASSIGN_OR_CO_RETURN(const std::string text, std::move(read));
  ASSIGN_OR_CO_RETURN(const json::Value body, json::Parse(text));
  const json::Value* code = body.Find("code");
  const json::Value* verifier = body.Find("verifier");
  if (code == nullptr || code->AsString() == nullptr || verifier == nullptr ||
      verifier->AsString() == nullptr) {
    co_return Err(Code::kInvalidArgument,
                  "fields 'code' and 'verifier' are missing or no texts, expected both",
                  "missing_field");
  }
  auto taken = co_await context->sign_in->TakeToken(*code->AsString(), *verifier->AsString(),
                                                    request->request_id, request->FreshDeadline());
  ASSIGN_OR_CO_RETURN(const access::NewToken made, std::move(taken));
  json::Object answer = {{"token", made.secret},
                         {"id", made.token.id},
                         {"user", made.token.user},
                         {"role", access::RoleName(made.token.role)}};
  if (made.token.expires) answer.emplace_back("expires", FormatIso8601(*made.token.expires));
  co_return Guarded(http::Response::Json(200, json::Dump(answer)));
}

Task<http::Response> SignOut(Context* context, Shared request) {
  const auto secret = FindCookie(context->options, *request, Cookie::kSession);
  if (secret && context->sessions != nullptr) {
    const auto* who = std::any_cast<access::Principal>(&request->caller);
    access::Principal caller = who == nullptr ? access::Principal{} : *who;
    CO_TRY(
        co_await context->sessions->SignOut(std::move(caller), *secret, request->FreshDeadline()));
  }
  http::Response response;
  response.status = 204;
  response.headers.Add("Set-Cookie", ClearCookie(context->options, *request, Cookie::kSession));
  co_return Guarded(std::move(response));
}

using Act = Task<http::Response> (*)(Context*, Shared);

io::Awaitable<http::Response> Serve(Context* context, Act act, bool ends_attempt, Shared request) {
  auto answer = co_await act(context, request);
  http::Response response = answer ? *std::move(answer) : Refusal(answer.error(), *request);
  if (ends_attempt) {
    response.headers.Add("Set-Cookie", ClearCookie(context->options, *request, Cookie::kAttempt));
  }
  co_return response;
}

struct Entry {
  http::Method method;
  std::string_view pattern;
  std::string_view name;
  std::string_view summary;
  std::string_view permission;
  size_t body_limit;
  bool ends_attempt;
  Act act;
};
constexpr Entry kEntries[] = {
    {http::Method::kGet, "/api/v1/sign-in", "sign_in.begin", "Sends a browser to the provider.",
     "public", 0, false, Begin},
    {http::Method::kGet, kCallback, "sign_in.callback", "Takes a browser back from the provider.",
     "public", 0, true, TakeBack},
    {http::Method::kPost, "/api/v1/sign-in/token", "sign_in.token",
     "Gives a token to a command line.", "public", kMaxTokenRequest, false, TakeToken},
    {http::Method::kPost, "/api/v1/sign-out", "sign_in.end", "Ends the browser's session.", "read",
     0, false, SignOut},
};

}  // namespace

void AddSignInRoutes(http::Router& router, Context& context) {
  for (const Entry& entry : kEntries) {
    router.Add({.method = entry.method,
                .pattern = std::string(entry.pattern),
                .name = std::string(entry.name),
                .summary = std::string(entry.summary),
                .permission = std::string(entry.permission),
                .body_limit = entry.body_limit,
                .time_limit = kTimeLimit,
                .handler = [context = &context, act = entry.act,
                            ends = entry.ends_attempt](std::shared_ptr<http::Request> request) {
                  return Serve(context, act, ends, std::move(request));
                }});
  }
}

}  // namespace stetig::api
