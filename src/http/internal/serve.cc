#include <fmt/format.h>

#include <exception>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "http/internal/body.h"
#include "http/internal/connection.h"
#include "http/internal/encode.h"

namespace stetig::http::internal {
namespace {

// An id that a client may choose: short, printable, nothing that a log or a shell would read as
// more than a word.
bool IsSaneId(std::string_view id) {
  if (id.empty() || id.size() > 128) {
    return false;
  }
  for (char c : id) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alphanumeric && c != '-' && c != '_' && c != '.' && c != ':') {
      return false;
    }
  }
  return true;
}

// "http://host/path?query" is the same request as "/path?query" (RFC 9112, 3.2.2).
std::string_view OriginForm(std::string_view target) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (target.size() > scheme.size() &&
        EqualsIgnoreCase(target.substr(0, scheme.size()), scheme)) {
      const size_t slash = target.find_first_of("/?", scheme.size());
      if (slash == std::string_view::npos) {
        return "/";
      }
      return target.substr(slash);
    }
  }
  return target;
}

std::string AllowList(const std::vector<Method>& methods) {
  std::string list;
  for (Method method : methods) {
    list.append(list.empty() ? "" : ", ").append(MethodName(method));
  }
  return list;
}

// Counts a running handler for as long as it lives.
class InFlight {
 public:
  explicit InFlight(std::atomic<uint64_t>& count) : count_(count) {
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() { count_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t>& count_;
};

}  // namespace

Response Connection::Refuse(const Problem& problem, const Request& request) const {
  const auto& render = server_->options.hooks.render_problem;
  Response response =
      render ? render(problem, request) : Response::Text(problem.status, problem.message + "\n");
  response.status = problem.status;
  response.failure = problem.message;
  if (problem.status == 503) {
    response.headers.Set("Retry-After", "1");
  }
  return response;
}

// A stream that said nothing yet has failed.
Response Connection::Fail(const Status& status, const Request& request) const {
  const auto& render = server_->options.hooks.render_failure;
  if (!render) {
    return Refuse({500, std::string(status.message())}, request);
  }
  Response response = render(status, request);
  response.failure = status.ToString();
  return response;
}

// What is wrong with the bytes themselves: nothing after them can be understood.
io::Awaitable<void> Connection::RefuseAndClose(Problem problem) {
  idle_ = false;
  Serving serving;
  serving.begun = Clock::now();
  serving.request = std::make_shared<Request>();
  serving.request->peer = peer_;
  serving.request->request_id = shard_->NewRequestId();
  serving.request->body = &NoBody();
  serving.close = true;
  linger_ = true;
  server_->requests.fetch_add(1, std::memory_order_relaxed);
  Response response = Refuse(problem, *serving.request);
  serving.complete = co_await Send(serving, std::move(response));
  if (!TryFlush() && !co_await Flush({})) {
    linger_ = false;
  }
  Observe(serving);
}

// Moves the head out of the buffer into the request. Afterwards the buffer begins with the body.
std::optional<Problem> Connection::ReadHead(Serving& serving) {
  Parser& parser = work_->parser;
  Request& request = *serving.request;
  const std::string_view head = work_->in.view().substr(0, parser.head_size());
  request.target = parser.target(head);
  request.headers.Adopt(std::string(head), parser.fields());
  work_->in.Consume(parser.head_size());
  serving.http10 = parser.http10();
  serving.close = !parser.keep_alive();
  request.peer = peer_;
  const auto id = request.headers.Get("X-Request-Id");
  request.request_id = id && IsSaneId(*id) ? std::string(*id) : shard_->NewRequestId();
  request.body = &NoBody();
  const auto method = parser.method();
  if (!method) {
    return Problem{
        501,
        "the method is not implemented, expected GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"};
  }
  request.method = *method;
  serving.head_only = *method == Method::kHead;
  const std::string_view target = OriginForm(request.target);
  const size_t question = target.find('?');
  const std::string_view raw_path = target.substr(0, question);
  if (question != std::string_view::npos) {
    request.query = target.substr(question + 1);
  }
  if (raw_path.find('%') == std::string_view::npos) {
    request.path = raw_path;
  } else if (auto decoded = PercentDecode(raw_path)) {
    request.path = *std::move(decoded);
  } else {
    return Problem{400, "the path holds a malformed percent escape"};
  }
  if (request.path.find('\0') != std::string::npos) {
    return Problem{400, "the path holds a NUL character"};
  }
  return std::nullopt;
}

// Makes the body readable for the handler, or says why it is not accepted.
std::optional<Problem> Connection::OpenBody(Serving& serving) {
  Request& request = *serving.request;
  const Parser& parser = work_->parser;
  const auto expect = request.headers.Get("Expect");
  const bool wants_continue =
      expect && EqualsIgnoreCase(*expect, "100-continue") && !serving.http10;
  const uint64_t limit =
      serving.route == nullptr ? server_->options.limits.drain_bytes : serving.route->body_limit;
  if (!parser.body_done()) {
    body_ = std::make_unique<Body>(this, parser.content_length(), limit, wants_continue);
    request.body = body_.get();
  }
  if (serving.route == nullptr || parser.body_done()) {
    return std::nullopt;
  }
  if (expect && !wants_continue && !serving.http10) {
    return Problem{417, "the expectation is not supported, expected 100-continue"};
  }
  if (parser.content_length().value_or(0) > limit) {
    return Problem{413, fmt::format("the body has {} bytes, expected at most {}",
                                    *parser.content_length(), limit)};
  }
  if (limit == 0) {
    return Problem{413, "the request has a body, expected none"};
  }
  if (const auto coding = request.headers.Get("Content-Encoding");
      coding && !EqualsIgnoreCase(*coding, "identity")) {
    body_->decoded = DecodeBody(*body_, *coding, limit);
    if (!body_->decoded) {
      return Problem{415, "the content coding is not supported, expected gzip, zstd or identity"};
    }
    request.body = body_->decoded.get();
  }
  return std::nullopt;
}

std::optional<Problem> Connection::CheckLoad() const {
  if (server_->in_flight.load(std::memory_order_relaxed) >=
      server_->options.limits.requests_in_flight) {
    server_->refused.fetch_add(1, std::memory_order_relaxed);
    return Problem{503, fmt::format("the server is busy with {} requests, its limit",
                                    server_->options.limits.requests_in_flight)};
  }
  return std::nullopt;
}

io::Awaitable<Response> Connection::Answer(Serving& serving) {
  Request& request = *serving.request;
  const std::string_view target = OriginForm(request.target);
  Match match = server_->router->Find(request.method, target.substr(0, target.find('?')));
  serving.route = match.route;
  std::optional<Problem> problem = OpenBody(serving);
  if (match.route == nullptr) {
    const bool options =
        request.method == Method::kOptions && (!match.allowed.empty() || request.path == "*");
    if (options) {
      match.allowed.push_back(Method::kOptions);
      Response response;
      response.status = 204;
      response.headers.Add("Allow", AllowList(match.allowed));
      co_return response;
    }
    problem = match.allowed.empty()
                  ? Problem{404, "no such path on this server"}
                  : Problem{405, fmt::format("the path does not take {}, expected {}",
                                             MethodName(request.method), AllowList(match.allowed))};
  }
  if (!problem) {
    problem = CheckLoad();
  }
  if (problem) {
    Response response = Refuse(*problem, request);
    if (problem->status == 405) {
      response.headers.Set("Allow", AllowList(match.allowed));
    }
    co_return response;
  }
  request.path_params = std::move(match.params);
  request.time_limit = match.route->time_limit;
  request.deadline = serving.begun + request.time_limit;
  co_return co_await CallHandler(serving);
}

io::Awaitable<Response> Connection::CallHandler(Serving& serving) {
  InFlight counted(server_->in_flight);
  // An answer that waits for this handler's to leave with it must not wait longer than the
  // handler's first suspension.
  if (!work_->out.empty()) {
    if (transport_->can_wait()) {
      FlushSoon();
    } else if (!co_await Flush({})) {
      open_ = false;
    }
  }
  std::string what;
  try {
    if (const auto& before = server_->options.hooks.before) {
      auto verdict = co_await before(*serving.route, serving.request);
      if (verdict) {
        co_return *std::move(verdict);
      }
    }
    co_return co_await serving.route->handler(serving.request);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
    what = "unknown exception";
  }
  // What an exception says is for the log, not for the peer.
  LOG(kError, "a handler threw", {"route", serving.route->name},
      {"request_id", serving.request->request_id}, {"what", what});
  Problem problem{500, "the server failed to handle the request"};
  co_return Refuse(problem, *serving.request);
}

bool Connection::MustCloseAfter(const Serving& serving) const {
  if (serving.close || !open_ || server_->draining.load(std::memory_order_relaxed)) {
    return true;
  }
  if (!body_ || work_->parser.body_done()) {
    return false;
  }
  // A rest that is short enough is read and forgotten; a client that waits for "100 Continue" may
  // or may not send one.
  return !body_->failed.ok() || body_->wants_continue || !body_->length() ||
         *body_->length() - body_->received > server_->options.limits.drain_bytes;
}

void Connection::Observe(const Serving& serving) const {
  if (const auto& after = server_->options.hooks.after) {
    Exchange exchange{.request = serving.request.get(),
                      .route = serving.route,
                      .status = serving.status,
                      .bytes_in = body_ ? body_->received : 0,
                      .bytes_out = serving.bytes_out,
                      .took = Clock::now() - serving.begun,
                      .complete = serving.complete,
                      .failure = serving.failure};
    after(exchange);
  }
}

io::Awaitable<void> Connection::Serve() {
  Serving serving;
  serving.begun = Clock::now();
  serving.request = std::make_shared<Request>();
  server_->requests.fetch_add(1, std::memory_order_relaxed);
  shard_->wheel.Set(*this, Deadline::max());
  Response response;
  if (auto problem = ReadHead(serving)) {
    OpenBody(serving);
    response = Refuse(*problem, *serving.request);
  } else {
    response = co_await Answer(serving);
  }
  serving.close = serving.close || response.close;
  serving.complete = co_await Send(serving, std::move(response));
  Observe(serving);
  serving.request->body = &NoBody();
  open_ = open_ && serving.complete;
  const bool close = MustCloseAfter(serving) || serving.close;
  if (open_ && body_ && !work_->parser.body_done()) {
    linger_ = close || !co_await SkipBody();
    open_ = !linger_;
  }
  if (open_ && close) {
    open_ = false;
  }
  if (!open_ && serving.complete && !TryFlush() && !co_await Flush({})) {
    linger_ = false;
  }
  body_.reset();
  work_->parser.Reset();
  served_ = true;
  since_ = Clock::now();
}

}  // namespace stetig::http::internal
