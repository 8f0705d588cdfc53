// Groups, members, closed projects, tokens of a project: what a principal is given.
#include <gtest/gtest.h>

#include "access/migrations.h"
#include "access/service.h"
#include "base/text.h"
#include "journal/migrations.h"
#include "journal/service.h"
#include "store/testing/fixture.h"

namespace stetig::access {
namespace {

using enum Capability;

const Principal kRoot{.user = "root", .role = Role::kAdmin};

class MembersTest : public store::testing::DatabaseTest {
 protected:
  MembersTest() : DatabaseTest(Migrations(), journal::Migrations()) {}

  void SetUp() override {
    DatabaseTest::SetUp();
    service_.emplace(db(), ServiceOptions{.clock = &clock_});
    other_.emplace(db(), ServiceOptions{.clock = &clock_});
  }
  void TearDown() override {
    other_.reset();
    service_.reset();
    DatabaseTest::TearDown();
  }

  void Add(const std::string& name, Role role) {
    ASSERT_TRUE(Run(service_->EnsureUser(kRoot, name, role, Soon())).has_value());
  }
  void Join(const std::string& project, const std::string& name, Role role, bool group = false) {
    const Member member{.is_group = group, .name = name, .role = role};
    ASSERT_TRUE(Run(service_->SetMember(kRoot, project, member, Soon())).ok());
  }
  void Close(const std::string& project) {
    ASSERT_TRUE(Run(service_->SetOpenness(kRoot, project, Openness::kMembers, Soon())).ok());
  }
  Principal Who(const std::string& name) {
    auto who = Run(service_->PrincipalOf(name, "request", Soon()));
    EXPECT_TRUE(who.has_value());
    return who ? *who : Principal{};
  }
  Principal ByToken(Token wanted) {
    auto made = Run(service_->CreateToken(kRoot, std::move(wanted), Soon()));
    EXPECT_TRUE(made.has_value());
    auto who = Run(service_->Authenticate("Bearer " + made->secret, "request", Soon()));
    EXPECT_TRUE(who.has_value());
    return who ? *who : Principal{};
  }
  size_t Events() {
    journal::Journal journal(db());
    return Run(journal.Read(0, 1000, {}, Soon()))->size();
  }

  FakeClock clock_;
  std::optional<Service> service_;
  std::optional<Service> other_;  ///< of another process
};

TEST_P(MembersTest, WithoutProjectsOfTheirOwnNobodyHasAScope) {
  Add("ada", Role::kViewer);
  EXPECT_EQ(Who("ada").scope, nullptr);
}

TEST_P(MembersTest, AClosedProjectIsHiddenFromAllButMembersAuditorsAndAdmins) {
  for (const auto& [name, role] :
       std::vector<std::pair<std::string, Role>>{{"vi", Role::kViewer},
                                                 {"ml", Role::kMlEngineer},
                                                 {"op", Role::kOperator},
                                                 {"au", Role::kAuditor},
                                                 {"ad", Role::kAdmin},
                                                 {"me", Role::kViewer}}) {
    Add(name, role);
  }
  Close("p1");
  Join("p1", "me", Role::kViewer);
  for (const char* name : {"vi", "ml", "op"}) EXPECT_FALSE(Who(name).SeesProject("p1")) << name;
  for (const char* name : {"au", "ad", "me"}) EXPECT_TRUE(Who(name).SeesProject("p1")) << name;
  for (const char* name : {"vi", "me"}) EXPECT_TRUE(Who(name).SeesProject("p2")) << name;
}

TEST_P(MembersTest, RightsInAProjectAreTheGlobalAndTheProjectsRoleTogether) {
  Add("ex", Role::kDomainExpert);
  Join("p1", "ex", Role::kOperator);
  const Principal who = Who("ex");
  EXPECT_EQ(who.RightsIn("p1"), (Capabilities{kRead, kComment, kOperate}));
  EXPECT_EQ(who.RightsIn("p2"), (Capabilities{kRead, kComment}));
  EXPECT_EQ(who.scope->somewhere, CapabilitiesOf(Role::kOperator));
}

TEST_P(MembersTest, GroupsGiveTheirUsersTheirRole) {
  Add("ada", Role::kViewer);
  ASSERT_TRUE(Run(service_->SetUserGroups(kRoot, "ada", {"steel", "sales"}, Soon())).ok());
  Close("p1");
  Join("p1", "steel", Role::kDataScientist, /*group=*/true);
  EXPECT_TRUE(Who("ada").RightsIn("p1").Has(kWrite));
  const size_t events = Events();
  ASSERT_TRUE(Run(service_->SetUserGroups(kRoot, "ada", {"sales", "steel"}, Soon())).ok());
  EXPECT_EQ(Events(), events);  // nothing changed
  ASSERT_TRUE(Run(service_->SetUserGroups(kRoot, "ada", {"sales"}, Soon())).ok());
  EXPECT_EQ(Events(), events + 1);
  EXPECT_FALSE(Who("ada").SeesProject("p1"));
  const auto groups = Run(service_->ListGroups(Soon()));
  ASSERT_EQ(groups->size(), 2U);
  EXPECT_EQ((*groups)[0].name, "sales");
  EXPECT_EQ((*groups)[0].users, std::vector<std::string>{"ada"});
  EXPECT_TRUE((*groups)[1].users.empty());
}

TEST_P(MembersTest, AMemberComesOnceAndGoes) {
  Add("ada", Role::kViewer);
  Join("p1", "ada", Role::kViewer);
  Join("p1", "ada", Role::kOperator);
  const auto members = Run(service_->ListMembers("p1", Soon()));
  ASSERT_EQ(members->size(), 1U);
  EXPECT_EQ(members->front().role, Role::kOperator);
  EXPECT_EQ(members->front().created_by, "root");
  EXPECT_TRUE(Run(service_->RemoveMember(kRoot, "p1", false, "ada", Soon())).ok());
  EXPECT_EQ(Run(service_->RemoveMember(kRoot, "p1", false, "ada", Soon())).code(), Code::kNotFound);
  EXPECT_EQ(Run(service_->SetMember(kRoot, "p1", {.name = "nobody"}, Soon())).code(),
            Code::kNotFound);
}

TEST_P(MembersTest, WhoeverIsDeletedLeavesNoRightsToASuccessor) {
  Add("root", Role::kAdmin);
  Add("ada", Role::kViewer);
  Close("p1");
  Join("p1", "ada", Role::kAdmin);
  ASSERT_TRUE(Run(service_->SetUserGroups(kRoot, "ada", {"steel"}, Soon())).ok());
  ASSERT_TRUE(Run(service_->DeleteUser(kRoot, "ada", Soon())).ok());
  Add("ada", Role::kViewer);
  EXPECT_FALSE(Who("ada").SeesProject("p1"));
  EXPECT_TRUE(Run(service_->ListMembers("p1", Soon()))->empty());
}

TEST_P(MembersTest, ThingsAreSeenAsTheirProject) {
  Add("ada", Role::kViewer);
  Add("bob", Role::kViewer);
  Close("p1");
  Join("p1", "bob", Role::kDataScientist);
  ASSERT_TRUE(Run(service_->Assign(kRoot, "experiment", "7", "p1", Soon())).ok());
  ASSERT_TRUE(Run(service_->Assign(kRoot, "registered_model", "churn", "p1", Soon())).ok());
  EXPECT_FALSE(Who("ada").SeesExperiment("7"));
  EXPECT_FALSE(Who("ada").SeesModel("churn"));
  EXPECT_TRUE(Who("ada").SeesExperiment("8"));
  Principal bob = Who("bob");
  bob.needs = kWrite;
  EXPECT_TRUE(bob.SeesExperiment("7"));
  EXPECT_TRUE(bob.MayInExperiment("7"));
  EXPECT_FALSE(bob.MayInExperiment("8"));
  ASSERT_TRUE(Run(service_->Assign(kRoot, "experiment", "7", "", Soon())).ok());
  EXPECT_TRUE(Who("ada").SeesExperiment("7"));
}

TEST_P(MembersTest, ATokenMayNeverDoMoreThanItsOwnerNow) {
  Add("ada", Role::kDataScientist);
  const Principal narrow =
      ByToken({.user = "ada", .role = Role::kAdmin, .scope = Capabilities{kRead, kAdmin}});
  EXPECT_EQ(narrow.Rights(), Capabilities{kRead});
  auto made = Run(service_->CreateToken(
      kRoot, Token{.user = "ada", .role = Role::kAdmin, .scope = Capabilities{kRead, kWrite}},
      Soon()));
  const std::string header = "Bearer " + made->secret;
  EXPECT_TRUE(Run(service_->Authenticate(header, "r", Soon()))->May(kWrite));
  ASSERT_TRUE(Run(service_->SetRole(kRoot, "ada", Role::kViewer, Soon())).ok());
  EXPECT_FALSE(Run(service_->Authenticate(header, "r", Soon()))->May(kWrite));
}

TEST_P(MembersTest, AProjectsTokenSeesOnlyItsProject) {
  Add("ada", Role::kAdmin);
  Add("vi", Role::kViewer);
  Close("p1");
  ASSERT_TRUE(Run(service_->Assign(kRoot, "experiment", "7", "p1", Soon())).ok());
  const Principal who = ByToken({.user = "ada", .role = Role::kAdmin, .project = "p1"});
  EXPECT_TRUE(who.SeesProject("p1"));
  EXPECT_TRUE(who.SeesExperiment("7"));
  EXPECT_FALSE(who.SeesExperiment("8"));
  EXPECT_FALSE(who.SeesProject("p2"));
  EXPECT_FALSE(who.May(kRead));
  // A token for a project that its owner does not see opens nothing.
  const Principal stranger = ByToken({.user = "vi", .role = Role::kViewer, .project = "p1"});
  EXPECT_FALSE(stranger.SeesProject("p1"));
}

TEST_P(MembersTest, ChangesCountAtOnceHereAndInTimeElsewhere) {
  Add("ada", Role::kViewer);
  other_.emplace(db(),
                 ServiceOptions{.clock = &clock_, .rights_memory = std::chrono::milliseconds(0)});
  EXPECT_TRUE(Who("ada").SeesProject("p1"));
  EXPECT_TRUE(Run(other_->PrincipalOf("ada", "r", Soon()))->SeesProject("p1"));
  Close("p1");
  EXPECT_FALSE(Who("ada").SeesProject("p1"));
  EXPECT_FALSE(Run(other_->PrincipalOf("ada", "r", Soon()))->SeesProject("p1"));
}

TEST_P(MembersTest, RenewTellsWhatCountsNow) {
  Add("ada", Role::kViewer);
  Add("root", Role::kAdmin);
  const Principal before = Who("ada");
  Close("p1");
  auto renewed = Run(service_->Renew(before, Soon()));
  ASSERT_TRUE(renewed.has_value());
  EXPECT_FALSE(renewed->SeesProject("p1"));
  EXPECT_EQ(renewed->request_id, "request");
  const Principal token = ByToken({.user = "ada", .role = Role::kViewer});
  ASSERT_TRUE(Run(service_->RevokeToken(kRoot, token.token, Soon())).ok());
  EXPECT_EQ(Run(service_->Renew(token, Soon())).error().code(), Code::kUnauthenticated);
  ASSERT_TRUE(Run(service_->DeleteUser(kRoot, "ada", Soon())).ok());
  EXPECT_EQ(Run(service_->Renew(before, Soon())).error().code(), Code::kUnauthenticated);
}

TEST_P(MembersTest, ActivityIsHiddenUntilSomebodySwitchesIt) {
  EXPECT_FALSE(*Run(service_->ActivityShown(Soon())));
  ASSERT_TRUE(Run(service_->ShowActivity(kRoot, true, Soon())).ok());
  ASSERT_TRUE(Run(service_->ShowActivity(kRoot, true, Soon())).ok());
  EXPECT_TRUE(*Run(service_->ActivityShown(Soon())));
  EXPECT_EQ(Events(), 1U);
}

TEST_P(MembersTest, AUserWithoutAPasswordComesInByNone) {
  Add("sso", Role::kViewer);
  for (const char* password : {"", "x", "sso"}) {
    const auto refused = Run(service_->Authenticate(
        "Basic " + Base64Encode(std::string("sso:") + password), "r", Soon()));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), Code::kUnauthenticated);
  }
}

STETIG_ON_BOTH_STORES(MembersTest);

}  // namespace
}  // namespace stetig::access
