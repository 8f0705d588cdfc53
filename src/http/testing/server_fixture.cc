#include "http/testing/server_fixture.h"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace stetig::http::testing {
namespace {

class PatternStream final : public ByteStream {
 public:
  PatternStream(uint64_t size, bool known, uint64_t fail_at)
      : size_(size), known_(known), fail_at_(fail_at) {}
  Task<size_t> Read(std::span<std::byte> into) override {
    if (at_ >= fail_at_) {
      co_return Err(Code::kDataLoss, "the stream failed as it was told to");
    }
    const size_t n = std::min<uint64_t>({into.size(), size_ - at_, fail_at_ - at_});
    for (size_t i = 0; i < n; ++i) {
      into[i] = static_cast<std::byte>(PatternByte(at_ + i));
    }
    at_ += n;
    co_return n;
  }
  std::optional<uint64_t> length() const override {
    return known_ ? std::optional(size_) : std::nullopt;
  }

 private:
  uint64_t size_;
  bool known_;
  uint64_t fail_at_;
  uint64_t at_ = 0;
};

class TestEvents final : public EventSource {
 public:
  explicit TestEvents(int count) : count_(count) {}
  Task<std::optional<Item>> Next(Deadline deadline) override {
    if (sent_ < count_) {
      ++sent_;
      co_return Item{.id = std::to_string(sent_), .event = "tick", .data = "line one\nline two"};
    }
    Status slept = co_await io::SleepUntil(deadline);
    CO_TRY(std::move(slept));
    co_return std::nullopt;
  }

 private:
  int count_;
  int sent_ = 0;
};

using RequestPtr = std::shared_ptr<Request>;
using Reply = io::Awaitable<Response>;

uint64_t NumberParam(const Request& request, std::string_view name) {
  return std::stoull(std::string(request.PathParam(name)));
}

Reply Hello(RequestPtr /*request*/) { co_return Response::Text(200, "hello"); }
Reply Big(RequestPtr request) {
  co_return Response::Text(200, Pattern(NumberParam(*request, "size")));
}
Reply Stream(RequestPtr request) {
  Response response;
  const auto fail = request->Query("fail");
  const bool known = !request->Query("chunked");
  response.body = std::make_unique<PatternStream>(NumberParam(*request, "size"), known,
                                                  fail ? std::stoull(*fail) : UINT64_MAX);
  co_return response;
}
Reply Slow(RequestPtr request) {
  Status slept =
      co_await io::SleepUntil(After(std::chrono::milliseconds(NumberParam(*request, "ms"))));
  co_return Response::Text(slept.ok() ? 200 : 500, "slept");
}
Reply Throw(RequestPtr /*request*/) {
  throw std::runtime_error("as it was told to");
  co_return Response{};
}
Reply Events(RequestPtr request) {
  Response response;
  response.body = std::make_unique<TestEvents>(static_cast<int>(NumberParam(*request, "n")));
  co_return response;
}
Reply Files(RequestPtr request) {
  co_return Response::Text(200, std::string(request->PathParam("path")));
}

int StatusFor(const Status& status) {
  switch (status.code()) {
    case Code::kResourceExhausted:
      return 413;
    case Code::kDeadlineExceeded:
      return 408;
    case Code::kUnavailable:
      return 503;
    default:
      return 400;
  }
}

Reply Echo(RequestPtr request) {
  auto body = co_await ReadAll(*request->body, 1 << 20);
  if (!body) {
    co_return Response::Text(StatusFor(body.error()), std::string(body.error().message()));
  }
  co_return Response::Text(200, *std::move(body));
}

Reply Count(RequestPtr request) {
  std::vector<std::byte> piece(1 << 20);
  uint64_t total = 0;
  for (;;) {
    auto got = co_await request->body->Read(piece);
    if (!got) {
      co_return Response::Text(StatusFor(got.error()), std::string(got.error().message()));
    }
    if (*got == 0) {
      co_return Response::Text(200, std::to_string(total));
    }
    for (size_t i = 0; i < *got; ++i) {
      if (piece[i] != static_cast<std::byte>(PatternByte(total + i))) {
        co_return Response::Text(500, "byte " + std::to_string(total + i) + " differs");
      }
    }
    total += *got;
  }
}

}  // namespace

std::string Pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    text[i] = PatternByte(i);
  }
  return text;
}

std::shared_ptr<Router> TestRoutes() {
  auto router = std::make_shared<Router>();
  auto add = [&](Method method, std::string pattern, Handler handler, size_t body_limit) {
    router->Add({.method = method,
                 .pattern = pattern,
                 .name = pattern,
                 .body_limit = body_limit,
                 .handler = std::move(handler)});
  };
  add(Method::kGet, "/hello", Hello, 0);
  add(Method::kGet, "/big/{size}", Big, 0);
  add(Method::kGet, "/stream/{size}", Stream, 0);
  add(Method::kGet, "/slow/{ms}", Slow, 0);
  add(Method::kGet, "/throw", Throw, 0);
  add(Method::kGet, "/events/{n}", Events, 0);
  add(Method::kGet, "/files/{path*}", Files, 0);
  add(Method::kPost, "/echo", Echo, 1 << 20);
  add(Method::kPost, "/count", Count, kUnlimitedBody);
  add(Method::kPost, "/ignore", Hello, 64 << 20);
  return router;
}

void ServerFixture::StartServer(ServerOptions options, size_t loops) {
  loops_ = std::make_unique<io::LoopGroup>("test", loops);
  auto server = Server::Start(*loops_, TestRoutes(), std::move(options));
  ASSERT_TRUE(server) << server.error().ToString();
  server_ = *std::move(server);
  loops_->Start();
}

void ServerFixture::TearDown() {
  server_.reset();
  loops_.reset();
}

}  // namespace stetig::http::testing
