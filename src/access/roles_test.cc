#include "access/roles.h"

#include <gtest/gtest.h>

#include "access/principal.h"

namespace stetig::access {
namespace {

using enum Capability;

TEST(Roles, NamesAndNumbersAreThoseOfStoredRows) {
  // Data folders of earlier versions hold 0, 1 and 2.
  EXPECT_EQ(RoleName(static_cast<Role>(0)), "viewer");
  EXPECT_EQ(RoleName(static_cast<Role>(1)), "data_scientist");
  EXPECT_EQ(RoleName(static_cast<Role>(2)), "admin");
  EXPECT_EQ(RoleName(static_cast<Role>(3)), "domain_expert");
  EXPECT_EQ(RoleName(static_cast<Role>(4)), "ml_engineer");
  EXPECT_EQ(RoleName(static_cast<Role>(5)), "operator");
  EXPECT_EQ(RoleName(static_cast<Role>(6)), "auditor");
  EXPECT_EQ(RoleName(static_cast<Role>(7)), "unknown");
  for (const RoleDef& def : RoleTable()) {
    EXPECT_EQ(ParseRole(def.name), def.role);
    EXPECT_EQ(RoleName(def.role), def.name);
  }
}

TEST(Roles, EditorIsAnAliasAndHyphensAreTaken) {
  EXPECT_EQ(ParseRole("editor"), Role::kDataScientist);
  EXPECT_EQ(ParseRole("ml-engineer"), Role::kMlEngineer);
  EXPECT_EQ(ParseRole(""), std::nullopt);
  EXPECT_EQ(ParseRole("Admin"), std::nullopt);
}

TEST(Roles, AreNoLadder) {
  EXPECT_TRUE(CapabilitiesOf(Role::kDataScientist).Has(kWrite));
  EXPECT_FALSE(CapabilitiesOf(Role::kOperator).Has(kWrite));
  EXPECT_TRUE(CapabilitiesOf(Role::kOperator).Has(kOperate));
  EXPECT_FALSE(CapabilitiesOf(Role::kMlEngineer).Has(kOperate));
  EXPECT_FALSE(CapabilitiesOf(Role::kDomainExpert).Has(kWrite));
  EXPECT_TRUE(CapabilitiesOf(Role::kDomainExpert).Has(kComment));
  EXPECT_EQ(CapabilitiesOf(Role::kAuditor), (Capabilities{kRead, kAudit}));
  EXPECT_EQ(CapabilitiesOf(Role::kAdmin), Capabilities::All());
  EXPECT_TRUE(CapabilitiesOf(static_cast<Role>(99)).empty());
}

TEST(Roles, CapabilitiesAsText) {
  EXPECT_EQ(CapabilityNames({kWrite, kRead}), "read,write");
  EXPECT_EQ(ParseCapabilities("write,read"), (Capabilities{kRead, kWrite}));
  EXPECT_EQ(ParseCapabilities(""), Capabilities());
  EXPECT_EQ(ParseCapabilities("read,fly"), std::nullopt);
  for (const Capability one : kCapabilities) EXPECT_EQ(ParseCapability(CapabilityName(one)), one);
}

TEST(Roles, AnUnknownDemandAsksForAnAdmin) {
  EXPECT_TRUE(ParseDemand("public").is_public);
  EXPECT_EQ(ParseDemand("write").capability, kWrite);
  EXPECT_FALSE(ParseDemand("write").in_project);
  EXPECT_EQ(ParseDemand("comment in project").capability, kComment);
  EXPECT_TRUE(ParseDemand("comment in project").in_project);
  EXPECT_EQ(ParseDemand("a word of tomorrow").capability, kAdmin);
}

TEST(Principal, SeesAllButWhatIsHidden) {
  Scope scope;
  scope.projects.ids = {"b", "d"};
  scope.projects.rights = {{"a", {kWrite}}};
  const Principal who{.user = "ada",
                      .role = Role::kViewer,
                      .scope = std::make_shared<const Scope>(scope),
                      .needs = kWrite};
  EXPECT_TRUE(who.SeesProject("a"));
  EXPECT_FALSE(who.SeesProject("b"));
  EXPECT_TRUE(who.SeesProject(""));
  EXPECT_TRUE(who.MayInProject("a"));
  EXPECT_FALSE(who.MayInProject("c"));
  EXPECT_EQ(who.RightsIn("a"), (Capabilities{kRead, kWrite}));
  EXPECT_TRUE(who.RightsIn("d").empty());
}

TEST(Principal, AProjectsTokenSeesAndMayNothingElse) {
  Scope scope;
  scope.projects.only = true;
  scope.projects.ids = {"b"};
  const Principal who{.user = "ada",
                      .role = Role::kAdmin,
                      .limit = {kRead, kWrite},
                      .scope = std::make_shared<const Scope>(scope),
                      .needs = kWrite};
  EXPECT_TRUE(who.SeesProject("b"));
  EXPECT_FALSE(who.SeesProject("a"));
  EXPECT_FALSE(who.SeesProject(""));
  EXPECT_TRUE(who.MayInProject("b"));
  EXPECT_FALSE(who.May(kRead));
  EXPECT_EQ(who.RightsIn("b"), (Capabilities{kRead, kWrite}));
}

}  // namespace
}  // namespace stetig::access
