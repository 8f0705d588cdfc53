// The alias that nobody sets.
#include <gtest/gtest.h>

#include "journal/migrations.h"
#include "registry/migrations.h"
#include "registry/service.h"
#include "store/testing/fixture.h"
#include "tracking/migrations.h"

namespace stetig::registry {
namespace {

class AliasesTest : public store::testing::DatabaseTest {
 protected:
  AliasesTest() : DatabaseTest(journal::Migrations(), tracking::Migrations(), Migrations()) {}
  void SetUp() override {
    DatabaseTest::SetUp();
    tracking_.emplace(db(), tracking::ServiceOptions{});
    registry_.emplace(db(), *tracking_);
  }
  void TearDown() override {
    registry_.reset();
    tracking_.reset();
    DatabaseTest::TearDown();
  }
  static Principal Who() { return {.user = "ada", .role = access::Role::kEditor}; }
  Result<int64_t> Latest(std::string alias) {
    auto version = Run(registry_->GetVersionByAlias(Who(), "m", std::move(alias), Soon()));
    ASSIGN_OR_RETURN(ModelVersion found, std::move(version));
    return found.version;
  }

  std::optional<tracking::Service> tracking_;
  std::optional<Service> registry_;
};

TEST_P(AliasesTest, LatestIsTheHighestVersionThatIsThere) {
  ASSERT_TRUE(Run(registry_->CreateModel(Who(), "m", {}, "", Soon())).has_value());
  EXPECT_EQ(Latest("latest").error().code(), Code::kNotFound);
  for (int i = 0; i < 11; ++i) {
    CreateModelVersion request{.name = "m", .source = "s3://bucket/model"};
    ASSERT_TRUE(Run(registry_->CreateVersion(Who(), std::move(request), Soon())).has_value());
  }
  EXPECT_EQ(Latest("latest"), 11);
  ASSERT_EQ(Run(registry_->DeleteVersion(Who(), "m", "11", Soon())), OkStatus());
  EXPECT_EQ(Latest("Latest"), 10);
}

STETIG_ON_BOTH_STORES(AliasesTest);

}  // namespace
}  // namespace stetig::registry
