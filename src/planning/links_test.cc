#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/ids.h"
#include "planning/testing/fixture.h"

namespace stetig::planning {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Message;
using testing::Outcome;

class LinksTest : public testing::PlanningTest {
 protected:
  void SetUp() override {
    PlanningTest::SetUp();
    if (HasFatalFailure()) return;
    project_ = MakeProject();
    task_ = Make("task", R"({"title":"T"})");
    requirement_ = Make("requirement", R"({"title":"R","text":"one"})");
  }

  Result<Link> Add(std::string type, Ref from, Ref to) {
    NewLink request{.type = std::move(type), .from = std::move(from), .to = std::move(to)};
    return Add(std::move(request));
  }
  Result<Link> Add(NewLink request) {
    return Run(service().AddLink(Who(), std::move(request), Soon()));
  }
  /// CHURN-1 implements CHURN-2.
  Link Implements() {
    return Must(Add("implements", {"task", "CHURN-1"}, {"requirement", "CHURN-2"}));
  }
  Result<Link> GetLink(std::string id) { return Run(service().GetLink(std::move(id), Soon())); }
  Result<Link> Review(std::string id) {
    return Run(service().ReviewLink(Who("bob"), std::move(id), Soon()));
  }
  Result<Link> End(std::string id) {
    return Run(service().EndLink(Who("bob"), std::move(id), Soon()));
  }
  Result<Page<Link>> Find(ListLinks request) {
    return Run(service().FindLinks(std::move(request), Soon()));
  }
  /// The ids of what a list holds, over all its pages.
  std::vector<std::string> Ids(ListLinks request) {
    std::vector<std::string> ids;
    do {
      const auto page = Find(request);
      EXPECT_TRUE(page.has_value()) << page.error().ToString();
      if (!page) break;
      EXPECT_LE(static_cast<int64_t>(page->items.size()), request.limit);
      for (const Link& link : page->items) ids.push_back(link.id);
      request.page_token = page->next_page_token;
    } while (!request.page_token.empty());
    return ids;
  }

  Record project_;
  Record task_;
  Record requirement_;
};
STETIG_ON_BOTH_STORES(LinksTest);

TEST_P(LinksTest, EndsThatAreRecordsAreResolvedAndOthersKept) {
  const Link link = Must(Add({.type = "satisfies",
                              .from = {"model_version", "churn/3 ' \" ä"},
                              .to = {"requirement", "CHURN-2"},
                              .basis = "derived",
                              .rule = "gate.passed",
                              .evidence = "https://example.org/report"}));
  EXPECT_TRUE(IsUlid(link.id));
  EXPECT_EQ(link.from, (Ref{"model_version", "churn/3 ' \" ä"}));
  EXPECT_EQ(link.to, (Ref{"requirement", requirement_.id}));
  EXPECT_EQ(link.to_fingerprint, requirement_.fingerprint);
  EXPECT_EQ(link.created, clock_.Now());
  EXPECT_EQ(link.created_by, "ada");
  EXPECT_FALSE(link.ended.has_value());
  EXPECT_FALSE(link.suspect);
  const Link found = Must(GetLink(link.id));
  EXPECT_EQ(found.from, link.from);
  EXPECT_EQ(found.to, link.to);
  EXPECT_EQ(found.basis, "derived");
  EXPECT_EQ(found.rule, "gate.passed");
  EXPECT_EQ(found.evidence, "https://example.org/report");
  EXPECT_EQ(found.to_fingerprint, requirement_.fingerprint);
  // To something foreign there is nothing to become suspect.
  const Link foreign = Must(Add("uses", {"task", task_.id}, {"run", "CHURN-2"}));
  EXPECT_EQ(foreign.from, (Ref{"task", task_.id}));
  EXPECT_EQ(foreign.to, (Ref{"run", "CHURN-2"}));
  EXPECT_EQ(foreign.to_fingerprint, "");
  EXPECT_FALSE(foreign.suspect);
}

TEST_P(LinksTest, BadLinksAreRefused) {
  const Ref task{"task", "CHURN-1"};
  const Ref requirement{"requirement", "CHURN-2"};
  const std::string bad = "invalid_argument/invalid_field";
  EXPECT_EQ(Outcome(Add("likes", task, requirement)), bad);
  EXPECT_THAT(Message(Add("likes", task, requirement)),
              HasSubstr("'type' is 'likes', expected one of refines, implements"));
  EXPECT_EQ(Outcome(Add({.type = "uses", .from = task, .to = requirement, .basis = "guessed"})),
            bad);
  const std::string nul("a\0b", 3);
  for (const Ref& end : std::vector<Ref>{{"", "x"},
                                         {"run", ""},
                                         {"run", std::string(501, 'x')},
                                         {std::string(65, 'x'), "x"},
                                         {"run", nul},
                                         {nul, "x"},
                                         {"run", "\xff"}}) {
    EXPECT_EQ(Outcome(Add("uses", task, end)), bad);
    EXPECT_EQ(Outcome(Add("uses", end, task)), bad);
  }
  EXPECT_EQ(Outcome(Add("uses", {"run", std::string(500, 'x')}, {std::string(64, 'x'), "x"})),
            "ok");
  for (const std::string& text : {std::string(2001, 'x'), nul, std::string("\xff")}) {
    EXPECT_EQ(Outcome(Add({.type = "uses", .from = task, .to = requirement, .rule = text})), bad);
    EXPECT_EQ(Outcome(Add({.type = "uses", .from = task, .to = requirement, .evidence = text})),
              bad);
  }
  EXPECT_EQ(Outcome(Add("uses", task, {"requirement", "CHURN-9"})), "not_found/record_not_found");
  EXPECT_EQ(Outcome(Add("uses", task, {"requirement", "CHURN-1"})), "not_found/other_kind");
  EXPECT_EQ(Outcome(Add("relates", task, {"task", task_.id})), bad);
  EXPECT_EQ(Outcome(Add("relates", {"run", "r"}, {"run", "r"})), bad);
  EXPECT_EQ(Outcome(GetLink("nonsense")), "not_found/link_not_found");
  EXPECT_EQ(Outcome(Review("nonsense")), "not_found/link_not_found");
  EXPECT_EQ(Outcome(End("nonsense")), "not_found/link_not_found");
}

TEST_P(LinksTest, ARepeatedLinkIsAnsweredAsItIs) {
  const Link first = Implements();
  const int64_t head = Head();
  clock_.Advance(std::chrono::milliseconds(5));
  const Link again = Must(Add({.type = "implements",
                               .from = {"task", task_.id},
                               .to = {"requirement", requirement_.id},
                               .evidence = "again"}));
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.created, first.created);
  EXPECT_EQ(again.evidence, "");
  EXPECT_EQ(Head(), head);
  // Another type, another direction, or one that has ended is another link.
  EXPECT_NE(Add("relates", first.from, first.to)->id, first.id);
  EXPECT_NE(Add("implements", first.to, first.from)->id, first.id);
  ASSERT_TRUE(End(first.id).has_value());
  EXPECT_NE(Implements().id, first.id);
}

TEST_P(LinksTest, ParallelRepeatsMakeOneLink) {
  std::vector<std::string> ids(8);
  std::vector<std::thread> threads;
  for (std::string& id : ids) threads.emplace_back([&] { id = Implements().id; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(ids, ::testing::Each(ids.front()));
}

TEST_P(LinksTest, ANewVersionOfTheTargetMakesALinkSuspectUntilItIsReviewed) {
  const Link link = Implements();
  const Link other = Must(Add("relates", {"requirement", "CHURN-2"}, {"task", "CHURN-1"}));
  Must(Patch("CHURN-2", R"({"source":"a law","owner":"eve","status":"proposed"})"));
  EXPECT_FALSE(GetLink(link.id)->suspect);
  const Record second = Must(Patch("CHURN-2", R"({"text":"two"})"));
  EXPECT_TRUE(GetLink(link.id)->suspect);
  EXPECT_TRUE(Implements().suspect);
  EXPECT_FALSE(GetLink(other.id)->suspect);  // it rests on the task
  EXPECT_EQ(GetLink(link.id)->to_fingerprint, requirement_.fingerprint);
  const Link reviewed = Must(Review(link.id));
  EXPECT_FALSE(reviewed.suspect);
  EXPECT_EQ(reviewed.to_fingerprint, second.fingerprint);
  EXPECT_FALSE(GetLink(link.id)->suspect);
  EXPECT_EQ(GetLink(link.id)->to_fingerprint, second.fingerprint);
  // A version that is as the reviewed one was is no reason to look again.
  Must(Patch("CHURN-2", R"({"text":"three"})"));
  EXPECT_TRUE(GetLink(link.id)->suspect);
  Must(Patch("CHURN-2", R"({"text":"two"})"));
  EXPECT_FALSE(GetLink(link.id)->suspect);
}

TEST_P(LinksTest, AReviewOfNothingLeavesNoTrace) {
  const Link link = Implements();
  const int64_t head = Head();
  EXPECT_EQ(Review(link.id)->to_fingerprint, link.to_fingerprint);
  EXPECT_EQ(Head(), head);
}

TEST_P(LinksTest, AnEndedLinkStaysAndIsNotSuspect) {
  const Link link = Implements();
  Must(Patch("CHURN-2", R"({"text":"two"})"));
  clock_.Advance(std::chrono::milliseconds(5));
  const Link ended = Must(End(link.id));
  EXPECT_EQ(ended.ended, clock_.Now());
  EXPECT_FALSE(ended.suspect);
  const int64_t head = Head();
  clock_.Advance(std::chrono::milliseconds(5));
  EXPECT_EQ(End(link.id)->ended, ended.ended);
  EXPECT_EQ(Review(link.id)->ended, ended.ended);
  EXPECT_EQ(Head(), head);
  EXPECT_FALSE(GetLink(link.id)->suspect);
  EXPECT_EQ(GetLink(link.id)->to_fingerprint, requirement_.fingerprint);
}

TEST_P(LinksTest, ALinkOutlivesItsRecords) {
  const Link link = Implements();
  Must(Patch("CHURN-2", R"({"text":"two"})"));
  ASSERT_TRUE(Delete("CHURN-2").ok());
  EXPECT_EQ(GetLink(link.id)->to.id, requirement_.id);
  EXPECT_EQ(Outcome(Review(link.id)), "failed_precondition/record_deleted");
  EXPECT_EQ(Outcome(End(link.id)), "ok");
  EXPECT_EQ(Outcome(Add("uses", {"task", "CHURN-1"}, {"requirement", requirement_.id})),
            "not_found/record_not_found");
}

TEST_P(LinksTest, ListsHoldWhatIsAskedFor) {
  MakeProject("OTHER");
  Make("task", R"({"title":"T"})", "OTHER");
  const Ref task{"task", "CHURN-1"};
  const Ref requirement{"requirement", "CHURN-2"};
  const std::string a = Implements().id;
  const std::string b = Add("relates", task, requirement)->id;
  const std::string c = Add("uses", task, {"run", "r1"})->id;
  const std::string d = Add("implements", {"commit", "abc"}, requirement)->id;
  const std::string e = Add("uses", {"task", "OTHER-1"}, {"run", "r1"})->id;
  const std::string f = Add("uses", {"run", "r1"}, {"dataset", "d1"})->id;
  EXPECT_THAT(Ids({}), ElementsAre(a, b, c, d, e, f));
  EXPECT_THAT(Ids({.from = task}), ElementsAre(a, b, c));
  EXPECT_THAT(Ids({.from = Ref{"task", task_.id}}), ElementsAre(a, b, c));
  EXPECT_THAT(Ids({.to = requirement}), ElementsAre(a, b, d));
  EXPECT_THAT(Ids({.to = Ref{"run", "r1"}}), ElementsAre(c, e));
  EXPECT_THAT(Ids({.to = Ref{"run", "' OR 1=1 --"}}), IsEmpty());
  EXPECT_THAT(Ids({.from = task, .to = requirement, .type = "relates"}), ElementsAre(b));
  EXPECT_THAT(Ids({.type = "implements"}), ElementsAre(a, d));
  EXPECT_THAT(Ids({.project = "CHURN"}), ElementsAre(a, b, c, d));
  EXPECT_THAT(Ids({.project = "OTHER"}), ElementsAre(e));
  EXPECT_THAT(Ids({.suspect_only = true}), IsEmpty());
  Must(Patch("CHURN-2", R"({"text":"two"})"));
  EXPECT_THAT(Ids({.suspect_only = true}), ElementsAre(a, b, d));
  ASSERT_TRUE(End(b).has_value());
  EXPECT_THAT(Ids({.suspect_only = true}), ElementsAre(a, d));
  EXPECT_THAT(Ids({.suspect_only = true, .ended_too = true}), ElementsAre(a, d));
  EXPECT_THAT(Ids({.from = task}), ElementsAre(a, c));
  EXPECT_THAT(Ids({.from = task, .ended_too = true}), ElementsAre(a, b, c));
  const auto suspects = Must(Find({.type = "implements"}));
  EXPECT_TRUE(suspects.items[0].suspect);

  for (int64_t size = 1; size <= 7; ++size) {
    EXPECT_THAT(Ids({.ended_too = true, .limit = size}), ElementsAre(a, b, c, d, e, f));
    EXPECT_THAT(Ids({.to = requirement, .limit = size}), ElementsAre(a, d));
  }
}

TEST_P(LinksTest, WhatCannotBeListedIsRefused) {
  Implements();
  Must(Add("relates", {"task", "CHURN-1"}, {"requirement", "CHURN-2"}));
  const std::string token = Must(Find({.limit = 1})).next_page_token;
  ASSERT_NE(token, "");
  const std::string refused = "invalid_argument/";
  EXPECT_EQ(Outcome(Find({.limit = 5, .page_token = token})), "ok");
  EXPECT_EQ(Outcome(Find({.type = "uses", .page_token = token})), refused);
  EXPECT_EQ(Outcome(Find({.project = "CHURN", .page_token = token})), refused);
  EXPECT_EQ(Outcome(Find({.from = Ref{"run", "r"}, .page_token = token})), refused);
  EXPECT_EQ(Outcome(Find({.to = Ref{"run", "r"}, .page_token = token})), refused);
  EXPECT_EQ(Outcome(Find({.suspect_only = true, .page_token = token})), refused);
  EXPECT_EQ(Outcome(Find({.ended_too = true, .page_token = token})), refused);
  EXPECT_EQ(Outcome(Find({.page_token = "x"})), refused);
  EXPECT_EQ(Outcome(Find({.limit = 0})), refused);
  EXPECT_EQ(Outcome(Find({.limit = kMaxPage + 1})), refused);
  EXPECT_EQ(Outcome(Find({.type = "likes"})), "invalid_argument/invalid_field");
  EXPECT_EQ(Outcome(Find({.project = "NONE"})), "not_found/record_not_found");
  EXPECT_EQ(Outcome(Find({.from = Ref{"task", "CHURN-9"}})), "not_found/record_not_found");
}

TEST_P(LinksTest, EveryChangeIsOneEvent) {
  const int64_t before = Head();
  const Link link = Implements();
  const Link foreign = Must(Add("uses", {"run", "r1"}, {"dataset", "d1"}));
  const Record second = Must(Patch("CHURN-2", R"({"text":"two"})"));
  Must(Review(link.id));
  clock_.Advance(std::chrono::milliseconds(5));
  Must(End(link.id));
  const std::vector<journal::Event> events = Events(before);
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[0].kind, "link.asserted");
  EXPECT_EQ(events[0].subject, (journal::Ref{"link", link.id}));
  EXPECT_EQ(events[0].project, project_.id);
  EXPECT_EQ(events[0].refs,
            (std::vector<journal::Ref>{{"task", task_.id}, {"requirement", requirement_.id}}));
  EXPECT_EQ(events[0].payload,
            R"({"type":"implements","from":["task",")" + task_.id + R"("],"to":["requirement",")" +
                requirement_.id + R"("],"basis":"asserted","rule":"","evidence":"","valid_from":)" +
                std::to_string(link.created.ms) + "}");
  EXPECT_EQ(events[1].project, "");
  EXPECT_EQ(events[1].subject.id, foreign.id);
  EXPECT_EQ(events[2].kind, "requirement.updated");
  EXPECT_EQ(events[3].kind, "link.reviewed");
  EXPECT_EQ(events[3].actor, "bob");
  EXPECT_EQ(events[4].kind, "link.ended");
  EXPECT_EQ(events[4].time, clock_.Now());
  EXPECT_EQ(json::Parse(events[4].payload)->Find("valid_from")->AsInt64()[0], link.created.ms);
}

TEST_P(LinksTest, AListOfAProjectHoldsTheLinksOfBothItsEnds) {
  const Record other = MakeProject("OTHER");
  Make("task", R"({"title":"T"})", "OTHER");
  const Link inner = Implements();
  const Link across = Must(Add("implements", {"task", "OTHER-1"}, {"requirement", "CHURN-2"}));
  const Link back = Must(Add("relates", {"requirement", "CHURN-2"}, {"project", "OTHER"}));
  const Link outside = Must(Add("uses", {"run", "r1"}, {"task", "OTHER-1"}));
  EXPECT_THAT(Ids({.project = "CHURN"}), ElementsAre(inner.id, across.id, back.id));
  EXPECT_THAT(Ids({.project = "OTHER", .limit = 1}), ElementsAre(across.id, back.id, outside.id));
  Must(Patch("CHURN-2", R"({"text":"two"})"));
  EXPECT_THAT(Ids({.project = "OTHER", .suspect_only = true}), ElementsAre(across.id));
}

}  // namespace
}  // namespace stetig::planning
