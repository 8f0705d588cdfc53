// What the tests of the API stand on: every service over a fresh database on either store and a
// blob store in a fresh folder, and the route table, called without a network.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "access/migrations.h"
#include "api/context.h"
#include "api/routes.h"
#include "blob/local/local_store.h"
#include "blob/testing/fixture.h"
#include "connect/migrations.h"
#include "io/pool.h"
#include "journal/migrations.h"
#include "planning/migrations.h"
#include "registry/migrations.h"
#include "store/testing/fixture.h"
#include "trace/migrations.h"
#include "tracking/migrations.h"

namespace stetig::api::testing {

/// A request's body out of memory. Before its first byte it waits until `slow_until`.
class TextBody final : public http::ByteStream {
 public:
  explicit TextBody(std::string text, std::optional<Deadline> slow_until = {})
      : text_(std::move(text)), slow_until_(slow_until) {}
  Task<size_t> Read(std::span<std::byte> into) override {
    if (slow_until_) {
      CO_TRY(co_await io::SleepUntil(*slow_until_));
    }
    size_t count = std::min(into.size(), text_.size() - offset_);
    std::memcpy(into.data(), text_.data() + offset_, count);
    offset_ += count;
    co_return count;
  }
  std::optional<uint64_t> length() const override { return text_.size(); }

 private:
  std::string text_;
  std::optional<Deadline> slow_until_;
  size_t offset_ = 0;
};

class ApiTest : public store::testing::DatabaseTest {
 public:
  /// The whole body of an answer; an error on the way is the test's to judge.
  static Result<std::string> TextOf(http::Response& response) {
    if (auto* text = std::get_if<std::string>(&response.body)) {
      return *text;
    }
    auto& stream = *std::get<std::unique_ptr<http::ByteStream>>(response.body);
    std::string whole;
    std::vector<std::byte> piece(size_t{64} << 10);
    for (;;) {
      auto got = io::RunSync(stream.Read(piece));
      if (!got) {
        return std::unexpected(got.error());
      }
      if (*got == 0) {
        return whole;
      }
      whole.append(reinterpret_cast<const char*>(piece.data()), *got);
    }
  }

 protected:
  ApiTest()
      : DatabaseTest(journal::Migrations(), access::Migrations(), planning::Migrations(),
                     tracking::Migrations(), registry::Migrations(), trace::Migrations(),
                     connect::Migrations()) {}

  void SetUp() override {
    DatabaseTest::SetUp();
    if (HasFatalFailure()) {
      return;
    }
    blob::LocalOptions options{.folder = folder_.path() + "/blobs",
                               .env = &io::Env::System(),
                               .pool = &pool_,
                               .clock = &Clock::System()};
    auto blobs = blob::OpenLocal(std::move(options));
    ASSERT_TRUE(blobs.has_value()) << blobs.error().ToString();
    services_.emplace(db(), *std::move(blobs));
    router_ = MakeRouter(services_->context);
  }
  void TearDown() override {
    router_.reset();
    services_.reset();
    DatabaseTest::TearDown();
  }

  Context& context() { return services_->context; }
  static access::Principal Who() {
    return {.user = "ada", .role = access::Role::kAdmin, .request_id = "req-1"};
  }

  /// A request as the server would hand it over; `target` is path and query.
  static std::shared_ptr<http::Request> Ask(http::Method method, std::string target,
                                            http::ByteStream* body = nullptr) {
    static TextBody none("");
    auto request = std::make_shared<http::Request>();
    request->method = method;
    request->target = target;
    size_t question = target.find('?');
    request->path = target.substr(0, question);
    request->query = question == std::string::npos ? "" : target.substr(question + 1);
    request->request_id = "req-1";
    request->deadline = Soon();
    request->time_limit = std::chrono::seconds(20);
    request->caller = Who();
    request->body = body != nullptr ? body : &none;
    if (body != nullptr) {
      request->headers.Add("Content-Type", "application/json");
    }
    return request;
  }

  /// What the route of the request answers. Without the access check, which the server calls.
  http::Response Send(const std::shared_ptr<http::Request>& request) {
    http::Match match = router_->Find(request->method, request->path);
    if (match.route == nullptr) {
      ADD_FAILURE() << "no route for " << request->path;
      return {};
    }
    request->path_params = std::move(match.params);
    return io::RunSync(match.route->handler(request));
  }
  http::Response Post(std::string target, std::string json) {
    TextBody body(std::move(json));
    return Send(Ask(http::Method::kPost, std::move(target), &body));
  }
  http::Response Get(std::string target) {
    return Send(Ask(http::Method::kGet, std::move(target)));
  }

  std::shared_ptr<const http::Router> router_;

 private:
  struct Services {
    Services(store::Database& db, std::unique_ptr<blob::Store> store)
        : blobs(std::move(store)),
          access(db, {}),
          tracking(db, {}),
          registry(db, tracking),
          journal(db),
          planning(db),
          trace(db),
          forge(db, planning, {}),
          context{tracking, registry, access, *blobs, journal,
                  planning, trace,    forge,  {},     nullptr} {}
    std::unique_ptr<blob::Store> blobs;
    access::Service access;
    tracking::Service tracking;
    registry::Service registry;
    journal::Journal journal;
    planning::Service planning;
    trace::Service trace;
    connect::forge::Service forge;
    Context context;
  };

  blob::testing::TempFolder folder_;
  io::Pool pool_{{.name = "blob-test", .threads = 2}};
  std::optional<Services> services_;
};

}  // namespace stetig::api::testing
