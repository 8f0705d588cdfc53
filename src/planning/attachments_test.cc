#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "planning/names.h"
#include "planning/testing/fixture.h"

namespace stetig::planning {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Message;
using testing::Outcome;

TEST(AttachmentNamesTest, WhatEverySystemTakesForAFileIsAName) {
  for (const char* name : {"a", "plan.pdf", "Übersicht 2026.xlsx", "日本.png", "😀", "a b.c-d_e",
                           ".gitignore", "100%.txt", "a#b", "%41"}) {
    EXPECT_TRUE(CheckAttachmentName(name).ok()) << name;
  }
  EXPECT_TRUE(CheckAttachmentName(std::string(kMaxAttachmentName, 'x')).ok());
}

TEST(AttachmentNamesTest, PathsAndWhatMisleadsAreNone) {
  const std::string nul("a\0b", 3);
  for (const std::string& name : {std::string(),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("/etc/passwd"),
                                  std::string("a/b"),
                                  std::string("a\\b"),
                                  std::string("c:x"),
                                  std::string(" a"),
                                  std::string("a "),
                                  std::string("a."),
                                  std::string("a\nb"),
                                  std::string("a\x7f"),
                                  nul,
                                  std::string("\xff\xfe"),
                                  std::string("\xed\xa0\x80"),
                                  std::string("%2e%2e%2fpasswd"),
                                  std::string("%252e%252e%252f"),
                                  std::string("gpj.\u202eexe"),
                                  std::string("a\u200bb"),
                                  std::string("a\u2028b"),
                                  std::string("\u0085"),
                                  std::string(kMaxAttachmentName + 1, 'x')}) {
    const Status status = CheckAttachmentName(name);
    EXPECT_EQ(status.detail(), "invalid_name") << name;
  }
}

TEST(AttachmentNamesTest, ContentTypesAreThoseOfHeaders) {
  for (const char* type : {"text/plain", "application/octet-stream", "text/csv; charset=utf-8",
                           "image/svg+xml", "application/vnd.ms-excel"}) {
    EXPECT_TRUE(CheckContentType(type).ok()) << type;
  }
  for (const std::string& type :
       {std::string(), std::string("text"), std::string("/"), std::string("text/"),
        std::string("/plain"), std::string("text/pl ain"), std::string("text/plain\r\nX: y"),
        std::string("täxt/plain"), std::string("a/b/c"), "text/" + std::string(300, 'x')}) {
    EXPECT_EQ(CheckContentType(type).detail(), "invalid_content_type") << type;
  }
}

class AttachmentsTest : public testing::PlanningTest {
 protected:
  void SetUp() override {
    PlanningTest::SetUp();
    if (HasFatalFailure()) return;
    MakeProject();
    Make("requirement", R"({"title":"R"})");
  }

  /// `content` stands for the manifest of some bytes.
  static NewAttachment Of(std::string name, std::string content, std::string record = "CHURN-1") {
    return {.kind = "",
            .reference = std::move(record),
            .name = std::move(name),
            .content_type = "text/plain",
            .manifest = content,
            .size = content.size(),
            .sha256 = "sha of " + content};
  }
  Result<Attachment> Add(NewAttachment request, std::string user = "ada") {
    return Run(service().Attach(Who(std::move(user)), std::move(request), Soon()));
  }
  Result<Attachment> Find(std::string name, std::optional<int64_t> version = {},
                          std::string record = "CHURN-1", std::string kind = "") {
    AttachmentRef ref{.kind = std::move(kind),
                      .reference = std::move(record),
                      .name = std::move(name),
                      .version = version};
    return Run(service().GetAttachment(Who(), std::move(ref), Soon()));
  }
  Status Remove(std::string name, std::optional<int64_t> version = {}) {
    AttachmentRef ref{
        .kind = "", .reference = "CHURN-1", .name = std::move(name), .version = version};
    return Run(service().RemoveAttachment(Who("bob"), std::move(ref), Soon()));
  }
  /// "name/version" of every item, over all pages.
  std::vector<std::string> List(std::string name = "", int64_t limit = 100) {
    ListAttachments request{.kind = "",
                            .reference = "CHURN-1",
                            .name = std::move(name),
                            .limit = limit,
                            .page_token = {}};
    std::vector<std::string> all;
    do {
      const auto page = Run(service().FindAttachments(Who(), request, Soon()));
      EXPECT_TRUE(page.has_value()) << page.error().ToString();
      if (!page) break;
      EXPECT_LE(std::ssize(page->items), limit);
      for (const Attachment& one : page->items) {
        all.push_back(one.name + "/" + std::to_string(one.version));
      }
      request.page_token = page->next_page_token;
    } while (!request.page_token.empty());
    return all;
  }
  std::vector<std::string> Live(std::string after = "", size_t limit = 100) {
    return Must(Run(service().LiveManifests(std::move(after), limit, Soon())));
  }
};
STETIG_ON_BOTH_STORES(AttachmentsTest);

TEST_P(AttachmentsTest, EachUploadIsTheNextVersionAndOldOnesStay) {
  const Attachment first = Must(Add(Of("plan.pdf", "one")));
  clock_.Advance(std::chrono::seconds(1));
  const Attachment second = Must(Add(Of("plan.pdf", "three"), "bob"));
  EXPECT_EQ(first.version, 1);
  EXPECT_EQ(second.version, 2);
  EXPECT_EQ(second.created_by, "bob");
  EXPECT_EQ(second.created.ms - first.created.ms, 1000);
  EXPECT_EQ(second.size, 5);
  EXPECT_EQ(*Find("plan.pdf"), second);
  EXPECT_EQ(*Find("plan.pdf", 1), first);
  EXPECT_EQ(*Find("plan.pdf", 2, "CHURN-1", "requirement"), second);
  EXPECT_EQ(Outcome(Find("plan.pdf", 3)), "not_found/attachment_not_found");
  EXPECT_EQ(Outcome(Find("Plan.pdf")), "not_found/attachment_not_found");
  EXPECT_EQ(Outcome(Find("plan.pdf", 1, "CHURN-1", "task")), "not_found/other_kind");
  EXPECT_EQ(Outcome(Find("plan.pdf", 1, "CHURN-9")), "not_found/record_not_found");
}

TEST_P(AttachmentsTest, TheSameBytesAgainAreTheSameVersion) {
  const Attachment first = Must(Add(Of("a", "x")));
  const int64_t head = Head();
  EXPECT_EQ(*Add(Of("a", "x"), "bob"), first);
  EXPECT_EQ(Head(), head);
  NewAttachment other = Of("a", "x");
  other.content_type = "text/csv";
  EXPECT_EQ(Add(std::move(other))->version, 2);
  EXPECT_EQ(Add(Of("a", "y"))->version, 3);
  EXPECT_EQ(Add(Of("a", "x"))->version, 4);  // back to what it was is a change
}

TEST_P(AttachmentsTest, ListsShowTheNewestOfEachNameAndEveryVersionOfOne) {
  EXPECT_THAT(List(), IsEmpty());
  for (const char* name : {"b", "a", "C", "é"}) {
    Must(Add(Of(name, std::string("1") + name)));
    Must(Add(Of(name, std::string("2") + name)));
  }
  for (const int64_t limit : {1, 2, 3, 100}) {
    EXPECT_THAT(List("", limit), ElementsAre("C/2", "a/2", "b/2", "é/2")) << limit;
    EXPECT_THAT(List("b", limit), ElementsAre("b/2", "b/1")) << limit;
  }
  EXPECT_EQ(
      Outcome(Run(service().FindAttachments(
          Who(), {.kind = "", .reference = "CHURN-1", .name = "no", .limit = 1, .page_token = {}},
          Soon()))),
      "not_found/attachment_not_found");
}

TEST_P(AttachmentsTest, WhatIsRemovedIsGoneAndItsNumbersStayUsed) {
  Must(Add(Of("a", "1")));
  Must(Add(Of("a", "2")));
  Must(Add(Of("b", "3")));
  EXPECT_TRUE(Remove("a", 2).ok());
  EXPECT_EQ(Find("a")->version, 1);
  EXPECT_EQ(Outcome(Remove("a", 2)), "not_found/attachment_not_found");
  EXPECT_TRUE(Remove("a").ok());
  EXPECT_EQ(Outcome(Find("a")), "not_found/attachment_not_found");
  EXPECT_EQ(Outcome(Remove("a")), "not_found/attachment_not_found");
  EXPECT_THAT(List(), ElementsAre("b/1"));
  EXPECT_EQ(Add(Of("a", "1"))->version, 3);
}

TEST_P(AttachmentsTest, ManifestsLiveWhileARowOfALivingRecordNamesThem) {
  Make("task", R"({"title":"T"})");
  Must(Add(Of("a", "m2")));
  Must(Add(Of("a", "m1")));
  Must(Add(Of("b", "m2")));
  Must(Add(Of("t", "m3", "CHURN-2")));
  EXPECT_THAT(Live(), ElementsAre("m1", "m2", "m3"));
  EXPECT_THAT(Live("m1", 1), ElementsAre("m2"));
  EXPECT_THAT(Live("m3"), IsEmpty());
  ASSERT_TRUE(Remove("a").ok());
  EXPECT_THAT(Live(), ElementsAre("m2", "m3"));
  ASSERT_TRUE(Remove("b").ok());
  EXPECT_THAT(Live(), ElementsAre("m3"));
  ASSERT_TRUE(Delete("CHURN-2").ok());
  EXPECT_THAT(Live(), IsEmpty());
}

TEST_P(AttachmentsTest, EveryChangeIsAnEventOfTheRecord) {
  const Record record = *Get("CHURN-1");
  const int64_t before = Head();
  Must(Add(Of("a", "m1")));
  ASSERT_TRUE(Remove("a").ok());
  const auto events = Events(before);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].kind, "attachment.added");
  EXPECT_EQ(events[0].subject, (journal::Ref{"requirement", record.id}));
  EXPECT_EQ(events[0].project, record.project);
  EXPECT_EQ(events[0].actor, "ada");
  EXPECT_EQ(events[0].payload,
            R"({"record":"CHURN-1","attachment":"a","number":1,"size":2,"sha256":"sha of m1",)"
            R"("content_type":"text/plain","manifest":"m1"})");
  EXPECT_EQ(events[1].kind, "attachment.removed");
  EXPECT_EQ(events[1].actor, "bob");
  EXPECT_EQ(events[1].payload, R"({"record":"CHURN-1","attachment":"a","versions":1})");
  // The record itself has not changed.
  EXPECT_EQ(Get("CHURN-1")->revision, record.revision);
  EXPECT_EQ(Get("CHURN-1")->fingerprint, record.fingerprint);
}

TEST_P(AttachmentsTest, BadRequestsChangeNothing) {
  const int64_t head = Head();
  const auto check = [&](NewAttachment request) {
    const std::string first = Outcome(Run(service().CheckAttachment(Who(), request, Soon())));
    EXPECT_EQ(Outcome(Add(std::move(request))), first);
    return first;
  };
  EXPECT_EQ(check(Of("../a", "x")), "invalid_argument/invalid_name");
  NewAttachment typed = Of("a", "x");
  typed.content_type = "x";
  EXPECT_EQ(check(typed), "invalid_argument/invalid_content_type");
  EXPECT_EQ(check(Of("a", "x", "CHURN-7")), "not_found/record_not_found");
  NewAttachment kind = Of("a", "x");
  kind.kind = "task";
  EXPECT_EQ(check(kind), "not_found/other_kind");
  NewAttachment large = Of("a", "x");
  large.size = kMaxAttachment + 1;
  EXPECT_THAT(Message(Add(std::move(large))), HasSubstr("at most 268435456 bytes"));
  NewAttachment empty = Of("a", "");
  EXPECT_FALSE(Add(std::move(empty)).has_value());
  EXPECT_EQ(Head(), head);
}

TEST_P(AttachmentsTest, UploadsAtTheSameTimeGetVersionsOfTheirOwn) {
  constexpr int kThreads = 4;
  constexpr int kEach = 8;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(Add(Of("same", std::to_string(t) + "-" + std::to_string(i))).has_value());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> all = List("same");
  ASSERT_EQ(all.size(), size_t{kThreads} * kEach);
  EXPECT_EQ(all.front(), "same/32");
  EXPECT_EQ(all.back(), "same/1");
  EXPECT_EQ(Live().size(), size_t{kThreads} * kEach);
}

}  // namespace
}  // namespace stetig::planning
