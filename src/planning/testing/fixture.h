// What the tests of planning stand on: a service over a fresh database on either store, and short
// words for common steps.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json_value.h"
#include "journal/migrations.h"
#include "journal/service.h"
#include "planning/migrations.h"
#include "planning/service.h"
#include "store/testing/fixture.h"
#include "trace/migrations.h"

namespace stetig::planning::testing {

/// The object that `text` is in JSON; fails the test when it is none.
inline json::Object Fields(std::string_view text) {
  auto value = json::Parse(text);
  json::Object* object = value ? value->AsObject() : nullptr;
  EXPECT_NE(object, nullptr) << text;
  return object == nullptr ? json::Object() : std::move(*object);
}

inline std::string Text(const json::Object& object) {
  return json::Dump(json::Value(json::Object(object)));
}

/// How a call ended: "ok", or "CODE/detail".
template <class T>
std::string Outcome(const Result<T>& result) {
  if (result) return "ok";
  const Status& status = result.error();
  return std::string(CodeName(status.code())) + "/" + std::string(status.detail());
}
inline std::string Outcome(const Status& status) {
  return status.ok() ? "ok"
                     : std::string(CodeName(status.code())) + "/" + std::string(status.detail());
}

template <class T>
std::string Message(const Result<T>& result) {
  return result ? "" : std::string(result.error().message());
}

class PlanningTest : public store::testing::DatabaseTest {
 protected:
  PlanningTest() : DatabaseTest(journal::Migrations(), Migrations(), trace::Migrations()) {}

  void SetUp() override {
    DatabaseTest::SetUp();
    if (!HasFatalFailure()) service_ = std::make_unique<Service>(db(), clock_);
  }
  void TearDown() override {
    service_.reset();
    DatabaseTest::TearDown();
  }

  Service& service() { return *service_; }
  static Principal Who(std::string user = "ada") {
    return {.user = std::move(user), .role = access::Role::kEditor, .request_id = "req-1"};
  }

  /// `values` in JSON. A record's project is "CHURN" unless another is named.
  Result<Record> Create(std::string kind, std::string_view values, std::string project = "CHURN",
                        std::string idempotency_key = "", std::string user = "ada",
                        bool imported = false) {
    CreateRecord request{.kind = kind,
                         .project = kind == kProject ? "" : std::move(project),
                         .values = Fields(values),
                         .idempotency_key = std::move(idempotency_key),
                         .imported = imported};
    return Run(service().Create(Who(std::move(user)), std::move(request), Soon()));
  }
  /// As Create; fails the test when there is an error.
  Record Make(std::string kind, std::string_view values, std::string project = "CHURN") {
    return Must(Create(std::move(kind), values, std::move(project)));
  }
  /// As Make, in any status.
  Record Import(std::string kind, std::string_view values) {
    return Must(Create(std::move(kind), values, "CHURN", "", "ada", /*imported=*/true));
  }
  Record MakeProject(std::string_view key = "CHURN", std::string_view more = "") {
    return Make(std::string(kProject), "{\"title\":\"A project\",\"key\":\"" + std::string(key) +
                                           "\"" + std::string(more) + "}");
  }
  Result<Record> Patch(std::string reference, std::string_view changes,
                       std::optional<int64_t> if_revision = {}, std::string user = "ada") {
    UpdateRecord request{
        .reference = std::move(reference), .changes = Fields(changes), .if_revision = if_revision};
    return Run(service().Update(Who(std::move(user)), std::move(request), Soon()));
  }
  Result<Record> Get(std::string reference, std::string kind = "") {
    return Run(service().Get(std::move(kind), std::move(reference), Soon()));
  }
  Status Delete(std::string reference, std::optional<int64_t> if_revision = {}) {
    return Run(service().Delete(Who(), "", std::move(reference), if_revision, Soon()));
  }
  std::vector<journal::Event> Events(int64_t after = 0) {
    auto events = Run(journal::Journal(db()).Read(after, 10'000, {}, Soon()));
    EXPECT_TRUE(events.has_value());
    return events ? std::move(*events) : std::vector<journal::Event>();
  }
  int64_t Head() { return Run(journal::Journal(db()).Head(Soon())).value_or(-1); }

  /// Sets the clock beyond all that any test had: the process's ids never go back in time, and are
  /// one apart from each other until the clock has caught up.
  void BeginNewIds() {
    static int64_t spans = 0;
    clock_.Advance(std::chrono::hours(24 * 365 * 50) * ++spans);
  }

  template <class T>
  static T Must(Result<T> result) {
    EXPECT_TRUE(result.has_value()) << result.error().ToString();
    return result ? std::move(*result) : T();
  }

  FakeClock clock_;

 private:
  std::unique_ptr<Service> service_;
};

}  // namespace stetig::planning::testing
