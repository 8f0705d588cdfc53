#include "access/sessions.h"

#include <gtest/gtest.h>

#include "access/migrations.h"
#include "access/session_repository.h"
#include "base/digest.h"
#include "journal/migrations.h"
#include "journal/service.h"
#include "store/testing/fixture.h"

namespace stetig::access {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

const Principal kRoot{.user = "root", .role = Role::kAdmin};

class SessionsTest : public store::testing::DatabaseTest {
 protected:
  SessionsTest() : DatabaseTest(Migrations(), journal::Migrations()) {}

  void SetUp() override {
    DatabaseTest::SetUp();
    service_.emplace(db(), ServiceOptions{.clock = &clock_});
    sessions_.emplace(
        db(), *service_,
        SessionOptions{.idle = hours(1), .life = hours(3), .most_per_user = 3, .clock = &clock_});
    for (const char* name : {"ada", "bob"}) {
      ASSERT_TRUE(Run(service_->EnsureUser(kRoot, name, Role::kViewer, Soon())).has_value());
    }
  }
  void TearDown() override {
    sessions_.reset();
    service_.reset();
    DatabaseTest::TearDown();
  }

  NewSession Start(const std::string& user) {
    Session wanted{.user = user, .way = "oidc", .address = "192.0.2.1", .agent = "browser"};
    auto made = Run(sessions_->Start(std::move(wanted), "request", Soon()));
    EXPECT_TRUE(made.has_value()) << made.error().ToString();
    return made ? *made : NewSession{};
  }
  /// The user that the secret stands for; "" for nobody.
  std::string Who(const std::string& secret) {
    auto who = Run(sessions_->Authenticate(secret, "request", Soon()));
    if (who) return who->user;
    EXPECT_EQ(who.error().code(), Code::kUnauthenticated);
    return "";
  }
  size_t Count(const std::string& user) {
    return Run(sessions_->List(user, "", 100, Soon()))->size();
  }

  FakeClock clock_;
  std::optional<Service> service_;
  std::optional<Sessions> sessions_;
};

TEST_P(SessionsTest, ASecretStandsForItsUser) {
  const NewSession ada = Start("ada");
  const NewSession bob = Start("bob");
  EXPECT_EQ(Who(ada.secret), "ada");
  EXPECT_EQ(Who(bob.secret), "bob");
  EXPECT_EQ(ada.secret.size(), 43U);
  for (const std::string& other : {std::string(), std::string(43, 'A'), ada.session.id,
                                   ada.secret.substr(1), ada.secret + "A"}) {
    EXPECT_EQ(Who(other), "");
  }
}

TEST_P(SessionsTest, OnlyTheDigestIsStored) {
  const NewSession made = Start("ada");
  const Sha256Digest digest = Sha256(made.secret);
  auto found = Run(db().Read(
      [digest](store::Session& s) {
        return repository::FindSession(s, std::as_bytes(std::span(digest)));
      },
      Soon()));
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_EQ((*found)->id, made.session.id);
}

TEST_P(SessionsTest, AnIdleSessionEndsAndAUsedOneGoesOn) {
  const NewSession idle = Start("ada");
  const NewSession used = Start("ada");
  clock_.Advance(milliseconds(hours(1)) - milliseconds(60'000));
  EXPECT_EQ(Who(used.secret), "ada");
  clock_.Advance(milliseconds(60'000));
  EXPECT_EQ(Who(idle.secret), "");
  EXPECT_EQ(Who(used.secret), "ada");
  EXPECT_EQ(Count("ada"), 1U);
}

TEST_P(SessionsTest, ASessionEndsAtTheLatestAfterItsLife) {
  const NewSession made = Start("ada");
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(milliseconds(hours(1)) / 2);
    EXPECT_EQ(Who(made.secret), "ada") << i;
  }
  clock_.Advance(milliseconds(hours(1)) / 2);
  EXPECT_EQ(Who(made.secret), "");
}

TEST_P(SessionsTest, SigningOutEndsItAtOnce) {
  const NewSession one = Start("ada");
  const NewSession two = Start("ada");
  EXPECT_TRUE(Run(sessions_->SignOut({.user = "ada"}, one.secret, Soon())).ok());
  EXPECT_EQ(Who(one.secret), "");
  EXPECT_EQ(Who(two.secret), "ada");
  EXPECT_TRUE(Run(sessions_->SignOut({.user = "ada"}, one.secret, Soon())).ok());
}

TEST_P(SessionsTest, OneEndsOnesOwnAndAdminsAny) {
  const NewSession ada = Start("ada");
  const NewSession bob = Start("bob");
  EXPECT_EQ(Run(sessions_->End({.user = "ada"}, bob.session.id, "ada", Soon())).code(),
            Code::kNotFound);
  EXPECT_EQ(Who(bob.secret), "bob");
  EXPECT_TRUE(Run(sessions_->End({.user = "ada"}, ada.session.id, "ada", Soon())).ok());
  EXPECT_TRUE(Run(sessions_->End(kRoot, bob.session.id, "", Soon())).ok());
  EXPECT_EQ(Who(bob.secret), "");
  EXPECT_EQ(Run(sessions_->End(kRoot, bob.session.id, "", Soon())).code(), Code::kNotFound);
}

TEST_P(SessionsTest, AUserHasAtMostSoManyAndTheOldestGoes) {
  std::vector<NewSession> made;
  for (int i = 0; i < 4; ++i) {
    made.push_back(Start("ada"));
    clock_.Advance(milliseconds(1));
  }
  Start("bob");
  EXPECT_EQ(Who(made[0].secret), "");
  EXPECT_EQ(Who(made[1].secret), "ada");
  EXPECT_EQ(Count("ada"), 3U);
  EXPECT_EQ(Count(""), 4U);
}

TEST_P(SessionsTest, ListsGoPageByPageFromTheNewestOn) {
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i) {
    made.insert(made.begin(), Start("ada").session.id);
    clock_.Advance(milliseconds(1));
  }
  std::vector<std::string> listed;
  std::string before;
  for (int i = 0; i < 3; ++i) {
    auto page = Run(sessions_->List("ada", before, 1, Soon()));
    ASSERT_TRUE(page.has_value() && page->size() == 1);
    before = page->front().id;
    listed.push_back(before);
  }
  EXPECT_EQ(listed, made);
  EXPECT_TRUE(Run(sessions_->List("ada", before, 1, Soon()))->empty());
}

TEST_P(SessionsTest, SessionsGoWithTheirUser) {
  const NewSession made = Start("bob");
  EXPECT_TRUE(
      Run(service_->CreateUser(kRoot, "root", "a pass phrase", Role::kAdmin, Soon())).has_value());
  EXPECT_TRUE(Run(service_->DeleteUser(kRoot, "bob", Soon())).ok());
  EXPECT_EQ(Who(made.secret), "");
  Session wanted{.user = "bob"};
  EXPECT_EQ(Run(sessions_->Start(std::move(wanted), "", Soon())).error().code(), Code::kNotFound);
}

STETIG_ON_BOTH_STORES(SessionsTest);

}  // namespace
}  // namespace stetig::access
