// What the tests of the registry stand on: tracking and the registry over a fresh database on
// either store, and short words for common steps.
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
#include "registry/migrations.h"
#include "registry/service.h"
#include "store/testing/fixture.h"
#include "tracking/migrations.h"
#include "tracking/service.h"

namespace stetig::registry::testing {

class RegistryTest : public store::testing::DatabaseTest {
 protected:
  RegistryTest() : DatabaseTest(journal::Migrations(), tracking::Migrations(), Migrations()) {}

  void SetUp() override {
    DatabaseTest::SetUp();
    if (!HasFatalFailure()) {
      tracking_ =
          std::make_unique<tracking::Service>(db(), tracking::ServiceOptions{.clock = &clock_});
      service_ = std::make_unique<Service>(db(), *tracking_, clock_);
    }
  }
  void TearDown() override {
    service_.reset();
    tracking_.reset();
    DatabaseTest::TearDown();
  }

  Service& service() { return *service_; }
  tracking::Service& tracking() { return *tracking_; }
  static Principal Who() {
    return {.user = "ada", .role = access::Role::kEditor, .request_id = "req-1"};
  }

  /// Fails the test when there is an error.
  void NewModel(std::string name, std::vector<KeyValue> tags = {}) {
    auto made = Run(service().CreateModel(Who(), std::move(name), std::move(tags), "", Soon()));
    ASSERT_TRUE(made.has_value()) << made.error().ToString();
  }
  /// A new version's number; 0 after an error, which fails the test.
  int64_t NewVersion(std::string model, std::vector<KeyValue> tags = {}) {
    CreateModelVersion request{
        .name = std::move(model), .source = "s3://bucket/model", .tags = std::move(tags)};
    auto made = Run(service().CreateVersion(Who(), std::move(request), Soon()));
    EXPECT_TRUE(made.has_value()) << made.error().ToString();
    return made ? made->version : 0;
  }
  RegisteredModel Model(std::string name) {
    auto model = Run(service().GetModel(Who(), std::move(name), Soon()));
    EXPECT_TRUE(model.has_value()) << model.error().ToString();
    return model.value_or(RegisteredModel{});
  }
  ModelVersion Version(std::string name, int64_t number) {
    auto version =
        Run(service().GetVersion(Who(), std::move(name), std::to_string(number), Soon()));
    EXPECT_TRUE(version.has_value()) << version.error().ToString();
    return version.value_or(ModelVersion{});
  }
  /// Every event of the journal of these kinds, in order; an empty list asks for all.
  std::vector<journal::Event> Events(std::vector<std::string> kinds = {}) {
    journal::Filter filter{.kinds = std::move(kinds)};
    auto events =
        Run(journal::Journal(db()).Read(0, journal::kMaxEvents, std::move(filter), Soon()));
    EXPECT_TRUE(events.has_value()) << events.error().ToString();
    return events.value_or(std::vector<journal::Event>{});
  }
  /// "kind subject payload" of each.
  std::vector<std::string> Told(std::vector<std::string> kinds) {
    std::vector<std::string> told;
    for (const journal::Event& event : Events(std::move(kinds))) {
      told.push_back(event.kind + " " + event.subject.id + " " + event.payload);
    }
    return told;
  }

  FakeClock clock_;

 private:
  std::unique_ptr<tracking::Service> tracking_;
  std::unique_ptr<Service> service_;
};

/// "code: message" of an outcome; "ok" for success.
inline std::string Said(const Status& status) { return status.ToString(); }
template <class T>
std::string Said(const Result<T>& result) {
  return result ? "ok" : result.error().ToString();
}

}  // namespace stetig::registry::testing
