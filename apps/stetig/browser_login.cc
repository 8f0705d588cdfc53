#include "browser_login.h"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>

#include "access/oidc/attempt.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/json_value.h"
#include "base/mutex.h"
#include "base/text.h"
#include "client/connection.h"
#include "http/server.h"
#include "io/loop.h"
#include "io/process.h"

namespace stetig::app {
namespace {

constexpr auto kPatience = std::chrono::minutes(5);
constexpr auto kOpening = std::chrono::seconds(5);
constexpr auto kLastAnswer = std::chrono::seconds(2);
constexpr std::string_view kPage =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>stetig</title>"
    "<p>{}</p><p>You may close this page.</p></html>\n";

/// What the listener took; one thread writes, one waits.
class Answer {
 public:
  explicit Answer(std::string state) : state_(std::move(state)) {}

  /// Only the first answer with our state counts.
  bool Take(const http::Request& request) {
    const std::string state = request.Query("state").value_or("");
    if (!ConstantTimeEquals(state, state_)) return false;
    const MutexLock lock(mutex_);
    if (!taken_) {
      taken_ = true;
      code_ = request.Query("code").value_or("");
      error_ = request.Query("error").value_or("");
      came_.NotifyAll();
    }
    return error_.empty();
  }

  Result<std::string> Wait(Deadline deadline) {
    const MutexLock lock(mutex_);
    while (!taken_ && std::chrono::steady_clock::now() < deadline) {
      came_.WaitUntil(mutex_, deadline);
    }
    if (!taken_) {
      return Err(Code::kDeadlineExceeded,
                 fmt::format("nobody signed in within {} minutes", kPatience.count()));
    }
    if (!error_.empty() || code_.empty()) {
      return Err(Code::kPermissionDenied,
                 fmt::format("the sign-in was refused: {}",
                             error_.empty() ? "no code came" : FirstCodePoints(error_, 80)));
    }
    return code_;
  }

 private:
  const std::string state_;
  Mutex mutex_;
  CondVar came_;
  bool taken_ GUARDED_BY(mutex_) = false;
  std::string code_ GUARDED_BY(mutex_);
  std::string error_ GUARDED_BY(mutex_);
};

io::Awaitable<http::Response> Serve(std::shared_ptr<Answer> answer,
                                    std::shared_ptr<http::Request> request) {
  const bool good = answer->Take(*request);
  http::Response page = http::Response::Text(
      good ? 200 : 403,
      fmt::format(fmt::runtime(kPage), good ? "Signed in. The command line goes on."
                                            : "Not signed in. The command line says why."),
      "text/html; charset=utf-8");
  page.headers.Add("Cache-Control", "no-store");
  page.headers.Add("Content-Security-Policy", "default-src 'none'");
  page.close = true;
  co_return page;
}

std::shared_ptr<const http::Router> RouterFor(std::shared_ptr<Answer> answer) {
  auto router = std::make_shared<http::Router>();
  router->Add({.method = http::Method::kGet,
               .pattern = "/",
               .name = "login",
               .summary = "Takes the answer.",
               .permission = "public",
               .handler = [answer](std::shared_ptr<http::Request> request) {
                 return Serve(answer, std::move(request));
               }});
  return router;
}

io::Awaitable<void> RunOpener(io::ProcessOptions options) {
  const io::Executor executor = co_await asio::this_coro::executor;
  auto started = io::Process::Start(executor, options);
  if (!started) co_return;
  [[maybe_unused]] const auto ended = co_await (*started)->Wait(After(kOpening));
}

/// Where there is a desktop; whether that works is no matter, the address was printed.
void OpenBrowser(const std::string& address) {
  if (std::getenv("DISPLAY") == nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr) return;
  io::ProcessOptions options{.command = {"xdg-open", address}, .folder = {}, .environment = {}};
  for (const char* name : {"PATH", "HOME", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR",
                           "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "LANG", "BROWSER"}) {
    if (const char* value = std::getenv(name)) {
      options.environment.push_back(fmt::format("{}={}", name, value));
    }
  }
  io::RunSync(RunOpener(std::move(options)));
}

Result<std::string> TakeToken(const std::string& url, const std::string& code,
                              const std::string& verifier) {
  ASSIGN_OR_RETURN(client::Server server, client::ParseServer(url));
  server.authorization.clear();
  http::Headers headers;
  headers.Add("Content-Type", "application/json");
  ASSIGN_OR_RETURN(const client::Exchange exchange,
                   client::Send(server, http::Method::kPost, "/api/v1/sign-in/token",
                                json::Dump(json::Object{{"code", code}, {"verifier", verifier}}),
                                std::move(headers)));
  auto answer = json::Parse(exchange.body);
  const json::Value* token = answer ? answer->Find("token") : nullptr;
  if (exchange.status != 200 || token == nullptr || token->AsString() == nullptr) {
    const json::Value* detail = answer ? answer->Find("detail") : nullptr;
    return Err(Code::kPermissionDenied,
               fmt::format("{} gives no token: {}", url,
                           detail != nullptr && detail->AsString() != nullptr
                               ? FirstCodePoints(*detail->AsString(), 300)
                               : fmt::format("it answers {}", exchange.status)));
  }
  return *token->AsString();
}

}  // namespace

std::optional<std::string> ProviderOf(const std::string& url) {
  const auto server = client::ParseServer(url);
  if (!server) return std::nullopt;
  const auto exchange =
      client::Send(*server, http::Method::kGet, "/api/v1/sign-in/options", {}, {});
  if (!exchange || exchange->status != 200) return std::nullopt;
  const auto answer = json::Parse(exchange->body);
  const json::Value* issuer = answer ? answer->Find("issuer") : nullptr;
  if (issuer == nullptr || issuer->AsString() == nullptr) return std::nullopt;
  return *issuer->AsString();
}

Result<std::string> LogInWithBrowser(const std::string& url) {
  const std::string verifier = NewTokenSecret();
  const std::string state = NewTokenSecret();
  auto answer = std::make_shared<Answer>(state);
  io::LoopGroup loops("login", 1);
  ASSIGN_OR_RETURN(auto listener,
                   http::Server::Start(loops, RouterFor(answer), {.host = "127.0.0.1", .port = 0}));
  loops.Start();
  std::string base = url;
  while (base.ends_with('/')) base.pop_back();
  const std::string address =
      fmt::format("{}/api/v1/sign-in?port={}&challenge={}&state={}", base, listener->port(),
                  access::oidc::ChallengeOf(verifier), state);
  fmt::print(stderr, "Sign in with a browser on this machine:\n  {}\n", address);
  OpenBrowser(address);
  auto code = answer->Wait(After(kPatience));
  // The page of the answer is still on its way.
  [[maybe_unused]] const Status drained = listener->Drain(kLastAnswer);
  listener.reset();
  loops.Stop();
  if (!code) return Err(std::move(code).error());
  return TakeToken(url, *code, verifier);
}

}  // namespace stetig::app
