// What the tests of tracking stand on: a service over a fresh database on either store, and short
// words for common steps.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"
#include "journal/migrations.h"
#include "journal/service.h"
#include "store/testing/fixture.h"
#include "tracking/migrations.h"
#include "tracking/service.h"

namespace stetig::tracking::testing {

class TrackingTest : public store::testing::DatabaseTest {
 protected:
  TrackingTest() : DatabaseTest(journal::Migrations(), Migrations()) {}

  void SetUp() override {
    DatabaseTest::SetUp();
    if (!HasFatalFailure()) {
      Serve({});
    }
  }
  void TearDown() override {
    service_.reset();
    DatabaseTest::TearDown();
  }

  /// Makes the service anew, over the same database; the clock is always the test's.
  void Serve(ServiceOptions options) {
    options.clock = &clock_;
    service_ = std::make_unique<Service>(db(), std::move(options));
  }

  Service& service() { return *service_; }
  static access::Principal Who() {
    return {.user = "ada", .role = access::Role::kEditor, .request_id = "req-1"};
  }

  /// A new experiment's id; fails the test when there is an error.
  std::string NewExperiment(std::string name) {
    auto id = Run(service().CreateExperiment(Who(), std::move(name), "", {}, Soon()));
    EXPECT_TRUE(id.has_value()) << id.error().ToString();
    return id.value_or("");
  }
  /// A new run's id.
  std::string NewRun(std::string experiment_id = "0", std::vector<KeyValue> tags = {}) {
    CreateRun request{.experiment_id = std::move(experiment_id), .tags = std::move(tags)};
    auto run = Run(service().CreateRun(Who(), std::move(request), Soon()));
    EXPECT_TRUE(run.has_value()) << run.error().ToString();
    return run ? run->info.run_id : "";
  }
  tracking::Run Get(const std::string& run_id) {
    auto run = Run(service().GetRun(Who(), run_id, Soon()));
    EXPECT_TRUE(run.has_value()) << run.error().ToString();
    return run.value_or(tracking::Run{});
  }
  /// Every event of the journal, in order, but those of `kinds`' complement: an empty list asks for
  /// all.
  std::vector<journal::Event> Events(std::vector<std::string> kinds = {}) {
    journal::Filter filter{.kinds = std::move(kinds)};
    auto events =
        Run(journal::Journal(db()).Read(0, journal::kMaxEvents, std::move(filter), Soon()));
    EXPECT_TRUE(events.has_value()) << events.error().ToString();
    return events.value_or(std::vector<journal::Event>{});
  }

  FakeClock clock_;

 private:
  std::unique_ptr<Service> service_;
};

/// "code: message" of an outcome; "ok" for success.
inline std::string Said(const Status& status) { return status.ToString(); }
template <class T>
std::string Said(const Result<T>& result) {
  return result ? "ok" : result.error().ToString();
}

}  // namespace stetig::tracking::testing
