#include "client/connection.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "base/text.h"
#include "client/contexts.h"
#include "http/client.h"
#include "io/loop.h"
#include "io/tls.h"

namespace stetig::client {
namespace {

constexpr size_t kMaxAnswer = size_t{256} << 20;
constexpr auto kPatience = std::chrono::minutes(2);
constexpr auto kTransferPatience = std::chrono::minutes(60 * 24);
constexpr auto kStreamPatience = std::chrono::hours(24 * 365);
constexpr const char* kDefaultServer = "http://127.0.0.1:5000";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// The login that the environment names.
std::string LoginOfEnvironment() {
  if (std::string token = Environment("MLFLOW_TRACKING_TOKEN"); !token.empty())
    return "Bearer " + token;
  const std::string user = Environment("MLFLOW_TRACKING_USERNAME");
  if (user.empty()) return {};
  return "Basic " + Base64Encode(user + ":" + Environment("MLFLOW_TRACKING_PASSWORD"));
}

Result<http::Client::Options> OptionsOf(const Server& server) {
  http::Client::Options options{.host = server.host, .port = server.port};
  if (server.tls) {
    ASSIGN_OR_RETURN(options.tls, io::TlsContext::Client(Environment("STETIG_CA_FILE")));
  }
  return options;
}

http::ClientRequest RequestOf(const Server& server, http::Method method, std::string target,
                              decltype(http::ClientRequest::body) body, http::Headers headers) {
  http::ClientRequest request{
      .method = method, .target = server.base + target, .headers = std::move(headers)};
  if (!server.authorization.empty()) request.headers.Set("Authorization", server.authorization);
  request.body = std::move(body);
  return request;
}

Task<Exchange> SendOn(http::Client::Options options, http::ClientRequest request,
                      std::chrono::minutes patience) {
  http::Client client(std::move(options));
  auto fetched = co_await http::Fetch(client, std::move(request), After(patience), kMaxAnswer);
  ASSIGN_OR_CO_RETURN(http::SmallResponse response, std::move(fetched));
  co_return Exchange{response.status, std::move(response.headers), std::move(response.body)};
}

Task<Exchange> StreamOn(http::Client::Options options, http::ClientRequest request,
                        std::function<bool(std::string_view)> on_bytes) {
  http::Client client(std::move(options));
  auto sent = co_await client.Send(std::move(request), After(kStreamPatience));
  ASSIGN_OR_CO_RETURN(http::ClientResponse response, std::move(sent));
  Exchange exchange{response.status, response.headers, {}};
  const bool good = response.status / 100 == 2;
  std::array<std::byte, 16384> buffer;
  for (bool more = true; more;) {
    auto read = co_await response.body->Read(buffer);
    ASSIGN_OR_CO_RETURN(const size_t count, std::move(read));
    const std::string_view bytes(reinterpret_cast<const char*>(buffer.data()), count);
    if (!good) exchange.body += bytes;
    more = count > 0 && exchange.body.size() < kMaxAnswer && (!good || on_bytes(bytes));
  }
  co_return exchange;
}

/// Where no server answers, the address helps more than the system's word.
template <class T>
Result<T> Named(const Server& server, Result<T> result) {
  if (result || result.error().code() != Code::kUnavailable) return result;
  return Err(Code::kUnavailable,
             fmt::format("no server answers at {}: {}", server.url, result.error().message()),
             "no_server");
}

}  // namespace

Result<Server> ParseServer(const std::string& url) {
  Server server{.url = url};
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    server.tls = true;
    server.port = 443;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return Err(Code::kInvalidArgument,
               fmt::format("'{}' is no server, expected http://HOST:PORT or https://HOST", url));
  }
  const size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) server.base = rest.substr(slash);
  while (server.base.ends_with('/')) server.base.pop_back();
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const auto login = PercentDecode(authority.substr(0, at));
    if (login) server.authorization = "Basic " + Base64Encode(*login);
    authority.remove_prefix(at + 1);
  }
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const auto port = ParseInt64(authority.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) {
      return Err(Code::kInvalidArgument, fmt::format("'{}' has no port from 1 to 65535", url));
    }
    server.port = static_cast<uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  if (authority.empty()) return Err(Code::kInvalidArgument, fmt::format("'{}' has no host", url));
  server.host = authority;
  return server;
}

Result<Server> ChooseServer(const std::string& flag) {
  ASSIGN_OR_RETURN(const Contexts contexts, LoadContexts());
  std::string url = flag.empty() ? Environment("STETIG_SERVER") : flag;
  const ServerContext* context = nullptr;
  if (url.empty()) {
    context = contexts.Find(contexts.current);
  } else if (const ServerContext* named = contexts.Find(url)) {
    context = named;
  } else {
    for (const ServerContext& one : contexts.all) context = one.url == url ? &one : context;
  }
  if (context != nullptr) url = context->url;
  if (url.empty()) {
    const std::string tracking = Environment("MLFLOW_TRACKING_URI");
    url = tracking.starts_with("http") ? tracking : kDefaultServer;
  }
  ASSIGN_OR_RETURN(Server server, ParseServer(url));
  if (const std::string token = Environment("STETIG_TOKEN"); !token.empty()) {
    server.authorization = "Bearer " + token;
  } else if (context != nullptr && !context->token.empty()) {
    server.authorization = "Bearer " + context->token;
  } else if (server.authorization.empty()) {
    server.authorization = LoginOfEnvironment();
  }
  return server;
}

Result<Exchange> Send(const Server& server, http::Method method, std::string target,
                      std::string body, http::Headers headers) {
  ASSIGN_OR_RETURN(http::Client::Options options, OptionsOf(server));
  http::ClientRequest request =
      RequestOf(server, method, std::move(target), std::move(body), std::move(headers));
  return Named(server, io::RunSync(SendOn(std::move(options), std::move(request), kPatience)));
}

Result<Exchange> SendStream(const Server& server, http::Method method, std::string target,
                            std::unique_ptr<http::ByteStream> body, http::Headers headers) {
  ASSIGN_OR_RETURN(http::Client::Options options, OptionsOf(server));
  http::ClientRequest request =
      RequestOf(server, method, std::move(target), std::move(body), std::move(headers));
  return Named(server,
               io::RunSync(SendOn(std::move(options), std::move(request), kTransferPatience)));
}

Result<Exchange> Stream(const Server& server, std::string target,
                        std::function<bool(std::string_view)> on_bytes) {
  ASSIGN_OR_RETURN(http::Client::Options options, OptionsOf(server));
  http::ClientRequest request = RequestOf(server, http::Method::kGet, std::move(target), {}, {});
  return Named(server,
               io::RunSync(StreamOn(std::move(options), std::move(request), std::move(on_bytes))));
}

}  // namespace stetig::client
