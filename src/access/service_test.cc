#include "access/service.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "access/migrations.h"
#include "base/digest.h"
#include "base/text.h"
#include "journal/migrations.h"
#include "store/testing/fixture.h"

namespace stetig::access {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

const Principal kRoot{.user = "root", .role = Role::kAdmin};
constexpr const char* kPassword = "correct horse battery";

std::string Basic(const std::string& user, const std::string& password) {
  return "Basic " + Base64Encode(user + ":" + password);
}

class AccessTest : public store::testing::DatabaseTest {
 protected:
  AccessTest() : DatabaseTest(Migrations(), journal::Migrations()) {}

  void SetUp() override {
    DatabaseTest::SetUp();
    service_.emplace(db(), ServiceOptions{.clock = &clock_});
  }
  void TearDown() override {
    service_.reset();
    DatabaseTest::TearDown();
  }

  void Add(const std::string& name, Role role, const std::string& password = kPassword) {
    auto made = Run(service_->CreateUser(kRoot, name, password, role, Soon()));
    ASSERT_TRUE(made.has_value()) << made.error().ToString();
  }
  NewToken Token(const std::string& user, Role role, std::optional<WallTime> expires = {}) {
    auto made = Run(service_->CreateToken(kRoot, user, "test", role, expires, Soon()));
    EXPECT_TRUE(made.has_value());
    return made ? *made : NewToken{};
  }
  Result<Principal> Enter(std::optional<std::string> authorization) {
    return Run(service_->Authenticate(std::move(authorization), "request", Soon()));
  }
  Code Refusal(std::optional<std::string> authorization) {
    auto entered = Enter(std::move(authorization));
    return entered ? Code::kOk : entered.error().code();
  }

  FakeClock clock_;
  std::optional<Service> service_;
};

TEST_P(AccessTest, PasswordsLetInWithTheUsersRole) {
  Add("ada", Role::kAdmin);
  Add("bob", Role::kViewer, "another pass phrase");
  auto ada = Enter(Basic("ada", kPassword));
  ASSERT_TRUE(ada.has_value());
  EXPECT_EQ(ada->user, "ada");
  EXPECT_EQ(ada->role, Role::kAdmin);
  EXPECT_EQ(ada->request_id, "request");
  EXPECT_EQ(Enter(Basic("bob", "another pass phrase"))->role, Role::kViewer);
}

TEST_P(AccessTest, EverythingElseIsRefusedAlike) {
  Add("ada", Role::kAdmin);
  const auto wrong = Enter(Basic("ada", "wrong horse battery"));
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code(), Code::kUnauthenticated);
  for (const std::optional<std::string>& header : std::vector<std::optional<std::string>>{
           std::nullopt, "", "Basic", "Basic ", "Basic !!!", "Basic " + Base64Encode("ada"),
           Basic("ada", ""), Basic("", kPassword), Basic("Ada", kPassword),
           Basic("nobody", kPassword), Basic("ada", std::string(2000, 'x')), "Bearer stetig_AAAA",
           "Bearer ", "Digest x", "Negotiate " + Base64Encode("ada:x")}) {
    const auto refused = Enter(header);
    ASSERT_FALSE(refused.has_value()) << header.value_or("none");
    EXPECT_EQ(refused.error(), wrong.error()) << header.value_or("none");
  }
}

TEST_P(AccessTest, LoopbackNeedsNoLoginButChecksWhatIsGiven) {
  Add("ada", Role::kViewer);
  service_.emplace(db(), ServiceOptions{.require_login = false});
  EXPECT_EQ(Enter(std::nullopt)->user, "local");
  EXPECT_EQ(Enter(std::nullopt)->role, Role::kAdmin);
  EXPECT_EQ(Refusal(Basic("ada", "wrong horse battery")), Code::kUnauthenticated);
  EXPECT_EQ(Enter(Basic("ada", kPassword))->role, Role::kViewer);
}

TEST_P(AccessTest, ATokenHasTheLowerOfTwoRoles) {
  Add("ada", Role::kEditor);
  EXPECT_EQ(Enter("Bearer " + Token("ada", Role::kAdmin).secret)->role, Role::kEditor);
  EXPECT_EQ(Enter("Bearer " + Token("ada", Role::kViewer).secret)->role, Role::kViewer);
  EXPECT_EQ(Enter("bearer  " + Token("ada", Role::kViewer).secret)->user, "ada");
}

TEST_P(AccessTest, OnlyTheHashOfATokenIsStored) {
  Add("ada", Role::kEditor);
  const NewToken token = Token("ada", Role::kEditor);
  EXPECT_EQ(token.secret.size(), std::string("stetig_").size() + 43);
  static constexpr store::Statement kAll{"SELECT token_id, token_sha256, label FROM access_tokens"};
  int rows = 0;
  ASSERT_TRUE(Read([&](store::Session& session) -> Status {
                return session.Query(kAll, {}, [&](const store::Row& row) {
                  ++rows;
                  const Sha256Digest digest = Sha256(token.secret);
                  EXPECT_TRUE(std::ranges::equal(row.Bytes(1), std::as_bytes(std::span(digest))));
                  EXPECT_FALSE(token.secret.contains(row.Text(0)));
                  EXPECT_EQ(row.Text(2), "test");
                  return OkStatus();
                });
              }).ok());
  EXPECT_EQ(rows, 1);
}

TEST_P(AccessTest, AnExpiredTokenIsRefused) {
  Add("ada", Role::kEditor);
  const NewToken token = Token("ada", Role::kEditor, WallTime{clock_.Now().ms + 60'000});
  clock_.Advance(milliseconds(59'999));
  EXPECT_TRUE(Enter("Bearer " + token.secret).has_value());
  service_.emplace(db(), ServiceOptions{.clock = &clock_});
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(Refusal("Bearer " + token.secret), Code::kUnauthenticated);
}

TEST_P(AccessTest, WhatIsTakenAwayEndsAtOnce) {
  Add("root", Role::kAdmin);
  Add("ada", Role::kAdmin);
  const NewToken token = Token("ada", Role::kEditor);
  const std::string bearer = "Bearer " + token.secret;
  const std::string old = Basic("ada", kPassword);
  ASSERT_TRUE(Enter(bearer).has_value());
  ASSERT_TRUE(Enter(old).has_value());

  ASSERT_TRUE(Run(service_->SetRole(kRoot, "ada", Role::kViewer, Soon())).ok());
  EXPECT_EQ(Enter(old)->role, Role::kViewer);
  EXPECT_EQ(Enter(bearer)->role, Role::kViewer);

  ASSERT_TRUE(Run(service_->SetPassword(kRoot, "ada", "a new pass phrase", Soon())).ok());
  EXPECT_EQ(Refusal(old), Code::kUnauthenticated);
  EXPECT_TRUE(Enter(Basic("ada", "a new pass phrase")).has_value());

  ASSERT_TRUE(Run(service_->RevokeToken(kRoot, token.token.id, Soon())).ok());
  EXPECT_EQ(Refusal(bearer), Code::kUnauthenticated);
  EXPECT_EQ(Run(service_->RevokeToken(kRoot, token.token.id, Soon())).code(), Code::kNotFound);

  const std::string second = "Bearer " + Token("ada", Role::kEditor).secret;
  ASSERT_TRUE(Enter(second).has_value());
  ASSERT_TRUE(Run(service_->DeleteUser(kRoot, "ada", Soon())).ok());
  EXPECT_EQ(Refusal(second), Code::kUnauthenticated);
  EXPECT_EQ(Refusal(Basic("ada", "a new pass phrase")), Code::kUnauthenticated);
  EXPECT_TRUE(Run(service_->ListTokens(Soon()))->empty());
}

TEST_P(AccessTest, AnotherProcessesChangesCountAfterTheMemory) {
  Add("ada", Role::kEditor);
  service_.emplace(db(), ServiceOptions{.password_memory = milliseconds(0)});
  Service other(db(), {});
  ASSERT_TRUE(Enter(Basic("ada", kPassword)).has_value());
  ASSERT_TRUE(Run(other.SetPassword(kRoot, "ada", "a new pass phrase", Soon())).ok());
  EXPECT_EQ(Refusal(Basic("ada", kPassword)), Code::kUnauthenticated);
  EXPECT_EQ(ServiceOptions{}.password_memory, milliseconds(60'000));
  EXPECT_LE(ServiceOptions{}.token_memory, milliseconds(60'000));
}

TEST_P(AccessTest, TheLastAdminStays) {
  Add("ada", Role::kAdmin);
  Add("bob", Role::kEditor);
  EXPECT_EQ(Run(service_->DeleteUser(kRoot, "ada", Soon())).code(), Code::kFailedPrecondition);
  EXPECT_EQ(Run(service_->SetRole(kRoot, "ada", Role::kEditor, Soon())).code(),
            Code::kFailedPrecondition);
  EXPECT_TRUE(Run(service_->SetRole(kRoot, "bob", Role::kAdmin, Soon())).ok());
  EXPECT_TRUE(Run(service_->DeleteUser(kRoot, "ada", Soon())).ok());
}

TEST_P(AccessTest, NamesAndPasswordsAreChecked) {
  const auto code = [&](const std::string& name, const std::string& password) {
    auto made = Run(service_->CreateUser(kRoot, name, password, Role::kViewer, Soon()));
    return made ? Code::kOk : made.error().code();
  };
  for (const std::string& name : {std::string(), std::string("a:b"), std::string("a\nb"),
                                  std::string(129, 'a'), std::string("\xff")}) {
    EXPECT_EQ(code(name, kPassword), Code::kInvalidArgument) << name;
  }
  EXPECT_EQ(code("ada", "elevenchars"), Code::kInvalidArgument);
  EXPECT_EQ(code("ada", std::string(1025, 'x')), Code::kInvalidArgument);
  EXPECT_EQ(code("Ünïcødé 中", "zwölf Zeichen"), Code::kOk);
  EXPECT_EQ(Enter(Basic("Ünïcødé 中", "zwölf Zeichen"))->user, "Ünïcødé 中");
  EXPECT_EQ(code("Ünïcødé 中", kPassword), Code::kAlreadyExists);
  EXPECT_EQ(Run(service_->SetPassword(kRoot, "nobody", kPassword, Soon())).code(), Code::kNotFound);
  EXPECT_EQ(
      Run(service_->CreateToken(kRoot, "nobody", "", Role::kViewer, {}, Soon())).error().code(),
      Code::kNotFound);
}

TEST_P(AccessTest, AnUnknownUserCostsAsMuchWorkAsAWrongPassword) {
  Add("ada", Role::kViewer);
  const auto median = [&](const std::string& user) {
    std::vector<Steady::duration> times;
    for (int i = 0; i < 5; ++i) {
      const auto begin = Steady::now();
      EXPECT_EQ(Refusal(Basic(user, fmt::format("wrong password {}", i))), Code::kUnauthenticated);
      times.push_back(Steady::now() - begin);
    }
    std::ranges::sort(times);
    return times[2];
  };
  const auto wrong = median("ada");
  const auto unknown = median("nobody");
  EXPECT_GT(unknown * 3, wrong);
  EXPECT_GT(wrong * 3, unknown);
  EXPECT_GT(wrong, milliseconds(2));
}

io::Awaitable<void> EnterAndCount(Service* service, std::string authorization,
                                  std::array<std::atomic<int>, 3>* counts, std::atomic<int>* left) {
  auto entered = co_await service->Authenticate(std::move(authorization), "flood",
                                                After(std::chrono::seconds(30)));
  const size_t kind = entered ? 0 : entered.error().code() == Code::kResourceExhausted ? 1 : 2;
  (*counts)[kind].fetch_add(1);
  left->fetch_sub(1);
  left->notify_all();
}

TEST_P(AccessTest, AFloodOfWrongPasswordsIsBoundedAndDoesNotHoldUpTheRightOnes) {
  Add("ada", Role::kViewer);
  service_.emplace(db(), ServiceOptions{.password_memory = milliseconds(0)});
  ASSERT_TRUE(Enter(Basic("ada", kPassword)).has_value());  // known from now on, checked each time
  constexpr int kFlood = 300;
  std::array<std::atomic<int>, 3> counts{};
  std::atomic<int> left{kFlood};
  io::EventLoop loop("flood");
  loop.Start();
  for (int i = 0; i < kFlood; ++i) {
    io::Spawn(loop, EnterAndCount(&*service_, Basic("ada", fmt::format("wrong password {}", i)),
                                  &counts, &left));
  }
  // The first refusals say that the queue of strangers is full.
  const auto full = Steady::now() + std::chrono::seconds(20);
  while (counts[1].load() == 0 && Steady::now() < full) {
    std::this_thread::yield();
  }
  const auto begin = Steady::now();
  EXPECT_TRUE(Enter(Basic("ada", kPassword)).has_value());
  const auto right = Steady::now() - begin;
  const int waiting = left.load();
  for (int now = left.load(); now > 0; now = left.load()) {
    left.wait(now);
  }
  const auto flood = Steady::now() - begin;
  loop.Stop();
  EXPECT_EQ(counts[0].load(), 0);
  EXPECT_GT(counts[1].load(), 100);  // refused at once: memory stays bounded
  EXPECT_GT(counts[2].load(), 10);   // really checked
  EXPECT_GT(waiting, 0);
  EXPECT_LT(right * 3, flood);
}

STETIG_ON_BOTH_STORES(AccessTest);

}  // namespace
}  // namespace stetig::access
