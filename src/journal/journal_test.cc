#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "journal/entry.h"
#include "journal/migrations.h"
#include "journal/repository.h"
#include "journal/service.h"
#include "store/testing/fixture.h"

namespace stetig::journal {
namespace {

Deadline Soon() { return After(std::chrono::seconds(20)); }

class JournalTest : public store::testing::DatabaseTest {
 protected:
  JournalTest() : DatabaseTest(Migrations()) {}

  static Event Made(int64_t number, std::string kind = "run.created") {
    return {.time = {1'700'000'000'000 + number},
            .project = "p",
            .actor = "ada",
            .kind = std::move(kind),
            .subject = {"run", fmt::format("r{}", number)},
            .refs = {{"experiment", "1"}},
            .payload = R"({"n":1})",
            .request_id = "q"};
  }
  Status Add(Event event) {
    return Write([event](store::Transaction& tx) -> Status { return Append(tx, event); });
  }
  std::vector<Event> All(Filter filter = {}) {
    auto read = Run(Journal(db()).Read(0, kMaxEvents, std::move(filter), Soon()));
    EXPECT_TRUE(read.has_value());
    return read ? *read : std::vector<Event>();
  }
};

TEST_P(JournalTest, ReadsBackWhatWasAppendedInOrder) {
  ASSERT_TRUE(Add(Made(1)).ok());
  ASSERT_TRUE(Add(Made(2)).ok());
  Event first = Made(1);
  first.seq = 1;
  Event second = Made(2);
  second.seq = 2;
  EXPECT_EQ(All(), (std::vector<Event>{first, second}));
  EXPECT_EQ(*Run(Journal(db()).Head(Soon())), 2);
}

TEST_P(JournalTest, AFailedClosureLeavesNoEventAndNoGap) {
  ASSERT_TRUE(Add(Made(1)).ok());
  Status failed = Write([](store::Transaction& tx) -> Status {
    TRY(Append(tx, Made(99)));
    return Err(Code::kInvalidArgument, "no");
  });
  EXPECT_EQ(failed.code(), Code::kInvalidArgument);
  ASSERT_TRUE(Add(Made(2)).ok());
  std::vector<Event> events = All();
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[1].seq, 2);
  EXPECT_EQ(events[1].subject.id, "r2");
}

TEST_P(JournalTest, FiltersByKindPrefixAndSubject) {
  ASSERT_TRUE(Add(Made(1, "run.created")).ok());
  ASSERT_TRUE(Add(Made(2, "run.finished")).ok());
  ASSERT_TRUE(Add(Made(3, "runner.created")).ok());
  EXPECT_EQ(All({.kinds = {"run.*"}}).size(), 2);
  EXPECT_EQ(All({.kinds = {"run.finished", "runner.created"}}).size(), 2);
  EXPECT_EQ(All({.subject = {"run", "r3"}}).size(), 1);
  EXPECT_EQ(All({.actor = "bob"}).size(), 0);
}

TEST_P(JournalTest, RefusesEventsWithoutSubjectOrWithBrokenText) {
  Event event = Made(1);
  event.subject.id.clear();
  EXPECT_EQ(Add(event).code(), Code::kInvalidArgument);
  event = Made(1);
  event.payload = "\xff";
  EXPECT_EQ(Add(event).code(), Code::kInvalidArgument);
  EXPECT_TRUE(All().empty());
}

TEST_P(JournalTest, SubscriptionGoesOnBehindTheAcknowledgedEventAfterARestart) {
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(Add(Made(i)).ok());
  }
  {
    auto sub = Run(Journal(db()).Subscribe("audit", {}, StartAt::kBeginning, Soon()));
    ASSERT_TRUE(sub.has_value());
    auto events = Run(sub->Next(3, Soon()));
    ASSERT_EQ(events->size(), 3);
    ASSERT_TRUE(Run(sub->Ack(2, Soon())).ok());
  }
  Reopen();
  auto sub = Run(Journal(db()).Subscribe("audit", {}, StartAt::kBeginning, Soon()));
  auto events = Run(sub->Next(10, Soon()));
  ASSERT_EQ(events->size(), 3);
  EXPECT_EQ(events->front().seq, 3);
  EXPECT_TRUE(Run(sub->Ack(1, Soon())).ok());  // never back
  auto again = Run(Journal(db()).Subscribe("audit", {}, StartAt::kBeginning, Soon()));
  EXPECT_EQ(Run(again->Next(1, Soon()))->front().seq, 3);
}

TEST_P(JournalTest, ANewSubscriptionFromNowSeesOnlyWhatComes) {
  ASSERT_TRUE(Add(Made(1)).ok());
  auto sub = Run(Journal(db()).Subscribe("new", {}, StartAt::kNow, Soon()));
  EXPECT_TRUE(Run(sub->Next(10, After(std::chrono::milliseconds(1))))->empty());
  ASSERT_TRUE(Add(Made(2)).ok());
  EXPECT_EQ(Run(sub->Next(10, Soon()))->front().seq, 2);
}

io::Awaitable<Result<std::vector<Event>>> WaitWhileAppending(Subscription* sub, store::Database* db,
                                                             Event event) {
  asio::post(co_await asio::this_coro::executor, [] {});
  auto write = [event](store::Transaction& tx) -> Status { return Append(tx, event); };
  Status written = co_await db->Write(std::move(write), Soon());
  if (!written.ok()) {
    co_return Err(std::move(written));
  }
  co_return co_await sub->Next(10, Soon());
}

TEST_P(JournalTest, AWaitingSubscriptionIsWoken) {
  auto sub = Run(Journal(db()).Subscribe("wake", {}, StartAt::kNow, Soon()));
  auto events = Run(WaitWhileAppending(&*sub, &db(), Made(1)));
  ASSERT_TRUE(events.has_value());
  EXPECT_EQ(events->size(), 1);
}

TEST_P(JournalTest, LeafHashesAreThoseOfTheEntries) {
  ASSERT_TRUE(Add(Made(1)).ok());
  ASSERT_TRUE(Add(Made(2)).ok());
  auto hashes = Run(Journal(db()).Hashes(1, 10, Soon()));
  ASSERT_EQ(hashes->size(), 2);
  auto entries =
      Read([](store::Session& session) { return repository::ReadEntries(session, 0, 10, {}); });
  ASSERT_EQ(entries->size(), 2);
  EXPECT_EQ((*hashes)[1], HashLeaf((*entries)[1]));
  EXPECT_EQ((*entries)[1].leaf_hash, (*hashes)[1]);
}

TEST_P(JournalTest, KeepsPersonalTextsInTheirOrder) {
  Event event = Made(1);
  event.texts = {"ada@example.org", "", "a note\nof two lines"};
  ASSERT_TRUE(Add(event).ok());
  ASSERT_TRUE(Add(Made(2)).ok());
  event.seq = 1;
  EXPECT_EQ(All().front(), event);
  EXPECT_EQ(All({.actor = "ada"}).size(), 2);
  event.texts.assign(kMaxTexts, "x");
  EXPECT_EQ(Add(event).code(), Code::kInvalidArgument);
  event.texts.clear();
  event.actor.assign(1025, 'x');
  EXPECT_EQ(Add(event).code(), Code::kInvalidArgument);
}

TEST_P(JournalTest, SaltsDifferSoThatEqualNamesCannotBeTold) {
  ASSERT_TRUE(Add(Made(1)).ok());
  ASSERT_TRUE(Add(Made(2)).ok());
  auto entries =
      Read([](store::Session& session) { return repository::ReadEntries(session, 0, 10, {}); });
  EXPECT_EQ((*entries)[0].texts[0]->text, (*entries)[1].texts[0]->text);
  EXPECT_EQ((*entries)[0].texts[0]->salt.size(), 16);
  EXPECT_NE((*entries)[0].commitments[0], (*entries)[1].commitments[0]);
}

// A row as the version before wrote it; migration 0002 gives it form 1.
TEST_P(JournalTest, ReadsAndHashesEntriesOfTheFirstForm) {
  static constexpr store::Statement kOld{
      "INSERT INTO journal_events (seq, time, tenant, project, actor, kind, subject_type, "
      "subject_id, refs, payload, request_id, leaf_hash) VALUES (1, 1, 't', '', 'a', 'k', 's', "
      "'i', '[]', '{}', '', $1)"};
  const LeafHash hash{};
  ASSERT_TRUE(Write([hash](store::Transaction& tx) {
                return tx.Execute(kOld, {std::span<const std::byte>(hash)});
              }).ok());
  EXPECT_EQ(All().front().actor, "a");
  EXPECT_EQ(All({.actor = "a"}).size(), 1);
}

// Written out by hand from README.md.
TEST(CanonicalBytes, AreAsDocumented) {
  Entry entry{.event = {.time = {1},
                        .tenant = "t",
                        .actor = "a",
                        .kind = "k",
                        .subject = {"s", "i"},
                        .payload = "{}"},
              .form = 1};
  const std::string seven(7, '\0');
  const std::string zero(8, '\0');
  const auto text = [&](std::string_view one) {
    return std::string(1, static_cast<char>(one.size())) + seven + std::string(one);
  };
  const std::string head = "\x01" + seven + text("t") + text("");
  const std::string tail = text("k") + text("s") + text("i") + zero + text("{}") + text("");
  EXPECT_EQ(CanonicalBytes(entry), "\x01" + head + text("a") + tail);

  entry.form = 2;
  entry.event.actor.clear();
  entry.commitments.resize(2);
  entry.commitments[1].fill(std::byte{'c'});
  EXPECT_EQ(CanonicalBytes(entry),
            "\x02" + head + tail + "\x02" + seven + std::string(32, '\0') + std::string(32, 'c'));
}

// SHA-256 of "0123456789abcdefada", by sha256sum.
TEST(Commitment, IsTheHashOfSaltAndText) {
  const LeafHash hash = Commit({.salt = "0123456789abcdef", .text = "ada"});
  EXPECT_EQ(HexEncode({reinterpret_cast<const char*>(hash.data()), hash.size()}),
            "bcda170f7094299f48f173369d7281bca10f246c3aadeb56347d1da66878c109");
}

STETIG_ON_BOTH_STORES(JournalTest);

}  // namespace
}  // namespace stetig::journal
