#include "trace/projector.h"

#include <fmt/format.h>

#include <random>

#include "trace/testing/fixture.h"

namespace stetig::trace {
namespace {

class ProjectorTest : public testing::TraceTest {
 protected:
  /// A journal of all kinds of facts in random order, with ends, renames, deletions and nonsense.
  void AddRandomEvents(unsigned seed, int count) {
    std::mt19937 random(seed);
    const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    for (int i = 0; i < count; ++i) {
      const std::string run = fmt::format("r{}", pick(12));
      const std::string model = fmt::format("m{}", pick(3));
      const std::string version = fmt::format("{}/{}", model, 1 + pick(3));
      const NodeRef task{"task", fmt::format("T{}", pick(6))};
      switch (pick(12)) {
        case 0:
          Add("run.created", {"run", run}, {{"experiment", "1"}},
              fmt::format(R"({{"name":"n{}","commit":"c{}"}})", i, pick(5)));
          break;
        case 1:
          Add("run.finished", {"run", run}, {}, R"({"status":"FINISHED"})");
          break;
        case 2:
          Add("run.deleted", {"run", run});
          break;
        case 3:
          Add("model_version.created", {"model_version", version}, {{"run", run}});
          break;
        case 4:
          Add("alias.set", {"model_version", version}, {{"alias", model + "@live"}});
          break;
        case 5:
          Add("registered_model.renamed", {"registered_model", model}, {},
              fmt::format(R"({{"new_name":"m{}"}})", pick(5)));
          break;
        case 6:
          Add("registered_model.created", {"registered_model", model});
          break;
        case 7:
          AddLink("done_in", task, {"run", run}, R"(,"evidence":"seen","rule":"by hand")");
          break;
        case 8:
          AddEnd("done_in", task, {"run", run});
          break;
        case 9:
          AddLink("done_in", task, {"run", run}, R"(,"basis":"verified","rule":"by hand")");
          break;
        case 10:
          Add("requirement.updated", {"requirement", "R"}, {},
              fmt::format(R"({{"version":{},"status":"open","title":"t{}"}})", 1 + pick(3), i));
          break;
        default:
          Add("link.asserted", {"x", "y"}, {}, "{}");
      }
    }
  }
};

TEST_P(ProjectorTest, TheSameRowsComeOutAfterARebuildAndWithAnyBatchSize) {
  AddRandomEvents(/*seed=*/GetParam() == store::Dialect::kSqlite ? 1 : 2, 400);
  Project();
  const std::string first = Digest();
  const auto counted = Run(service().GetProgress(Soon()));
  EXPECT_EQ(counted->applied_seq, 400);
  EXPECT_GT(counted->rejected, 0);
  for (const int batch : {1, 3, 64, 10'000}) {
    int64_t applied = 0;
    Projector projector(db(), {.batch = batch});
    auto report = [&applied](int64_t done, int64_t) { applied = done; };
    const Status rebuilt = Run(projector.Rebuild(Soon(), std::move(report)));
    ASSERT_TRUE(rebuilt.ok()) << rebuilt.ToString();
    EXPECT_EQ(applied, 400);
    EXPECT_EQ(Digest(), first) << "batches of " << batch;
  }
}

TEST_P(ProjectorTest, EventsInPiecesGiveTheRowsOfAllAtOnce) {
  AddRandomEvents(3, 60);
  Project(7);
  AddRandomEvents(4, 60);
  Project(1);
  const std::string pieces = Digest();
  ASSERT_TRUE(Run(Projector(db()).Rebuild(Soon(), {})).ok());
  EXPECT_EQ(Digest(), pieces);
  Project();  // again changes nothing
  EXPECT_EQ(Digest(), pieces);
}

TEST_P(ProjectorTest, ARunIsKnownByItsEvents) {
  Add("run.created", {"run", "r"}, {{"experiment", "1"}}, R"({"name":"calm-cat","commit":"abc"})");
  Add("dataset.seen", {"dataset", "1/wine/f0"}, {{"run", "r"}, {"experiment", "1"}},
      R"({"name":"wine","digest":"f0","source_type":"local"})");
  Add("logged_model.created", {"logged_model", "m-1"}, {{"experiment", "1"}, {"run", "r"}},
      R"({"name":"forest"})");
  Add("model_version.created", {"model_version", "iris/1"},
      {{"run", "r"}, {"logged_model", "m-1"}});
  Add("run.finished", {"run", "r"}, {{"experiment", "1"}}, R"({"status":"FINISHED"})");
  Project();
  const Node run = Get({"run", "r"});
  EXPECT_EQ(run.title, "calm-cat");
  EXPECT_EQ(run.status, "finished");
  EXPECT_EQ(run.first_seen.ms, testing::kStart + 1'000);
  EXPECT_EQ(run.attributes, R"({"commit":"abc"})");
  const NodeRef r{"run", "r"};
  const NodeRef iris{"model_version", "iris/1"};
  EXPECT_EQ(EdgesOf(Ask({.start = r})), (std::set<testing::EdgeName>{
                                            {"contains", {"experiment", "1"}, r},
                                            {"trained", {"commit", "abc"}, r},
                                            {"input_of", {"dataset_version", "wine/f0"}, r},
                                            {"produced", r, {"logged_model", "m-1"}},
                                            {"produced", r, iris},
                                            {"registered_as", {"logged_model", "m-1"}, iris},
                                        }));
}

TEST_P(ProjectorTest, AnAssertedLinkIsNotDoubledAndAVerifiedOneTakesItsPlace) {
  const NodeRef task{"task", "T"};
  const NodeRef commit{"commit", "c"};
  AddLink("done_in", task, commit, R"(,"rule":"trailer","evidence":"Task: T")");
  AddLink("done_in", task, commit, R"(,"rule":"trailer","evidence":"again")");
  AddLink("done_in", task, commit, R"(,"rule":"trailer","basis":"verified")");
  AddLink("done_in", task, commit, R"(,"rule":"branch name","basis":"derived")");
  Project();
  const TraceAnswer now = Ask({.start = task});
  ASSERT_EQ(now.edges.size(), 2);
  EXPECT_EQ(now.edges[0].basis, Basis::kVerified);
  EXPECT_EQ(now.edges[1].rule, "branch name");
  const TraceAnswer then = Ask({.start = task, .as_of = AsOf::At({testing::kStart + 2'500})});
  ASSERT_EQ(then.edges.size(), 1);
  EXPECT_EQ(then.edges[0].basis, Basis::kAsserted);
  EXPECT_EQ(then.edges[0].evidence, "Task: T");
  EXPECT_EQ(then.edges[0].seq, 1);
  EXPECT_FALSE(then.edges[0].valid_to.has_value());
}

TEST_P(ProjectorTest, WhichVersionHadTheAliasWhen) {
  const NodeRef live{"alias", "iris@live"};
  Add("alias.set", {"model_version", "iris/1"}, {{"alias", "iris@live"}}, "{}", 1'000);
  Add("alias.set", {"model_version", "iris/2"}, {{"alias", "iris@live"}}, "{}", 2'000);
  Add("alias.deleted", {"model_version", "iris/2"}, {{"alias", "iris@live"}}, "{}", 3'000);
  Project(1);
  const auto at = [&](int64_t ms) {
    const TraceAnswer answer = Ask({.start = live,
                                    .direction = Direction::kBackward,
                                    .as_of = {.valid = WallTime{ms}, .known = {}}});
    return answer.edges.empty() ? std::string() : answer.edges[0].from.id;
  };
  EXPECT_EQ(at(1'500), "iris/1");
  EXPECT_EQ(at(2'000), "iris/2");
  EXPECT_EQ(at(3'500), "");
}

TEST_P(ProjectorTest, ARenamedModelKeepsItsVersionsAndItsOldName) {
  Add("registered_model.created", {"registered_model", "a"});
  Add("model_version.created", {"model_version", "a/1"}, {{"run", "r"}});
  Add("model_version.created", {"model_version", "a/b/1"});  // of a model called "a/b"
  Add("alias.set", {"model_version", "a/1"}, {{"alias", "a@live"}});
  Add("registered_model.renamed", {"registered_model", "a"}, {}, R"({"new_name":"z"})");
  Add("model_version.stage_changed", {"model_version", "z/1"}, {}, R"({"to":"Production"})");
  Project();
  EXPECT_EQ(Get({"model_version", "a/1"}).ref.id, "z/1");
  EXPECT_EQ(Get({"model_version", "z/1"}).attributes, R"({"to":"Production"})");
  EXPECT_EQ(Get({"alias", "a@live"}).ref.id, "z@live");
  EXPECT_EQ(Get({"model_version", "a/b/1"}).ref.id, "a/b/1");
  EXPECT_EQ(Get({"model_version", "z/1"}, AsOf::At({testing::kStart + 4'500})).ref.id, "a/1");
  // A new model of the old name is another thing.
  Add("registered_model.created", {"registered_model", "a"});
  Add("model_version.created", {"model_version", "a/1"}, {{"run", "r2"}});
  Project();
  EXPECT_EQ(Get({"model_version", "a/1"}).ref.id, "a/1");
  EXPECT_EQ(NodesOf(Ask({.start = {"run", "r2"}})),
            (std::set<NodeRef>{{"run", "r2"}, {"model_version", "a/1"}}));
  EXPECT_TRUE(NodesOf(Ask({.start = {"run", "r"}})).contains({"model_version", "z/1"}));
}

TEST_P(ProjectorTest, AThingMadeAnewAfterItsDeletionIsAnotherOne) {
  Add("model_version.created", {"model_version", "m/1"}, {{"run", "old"}});
  Add("model_version.deleted", {"model_version", "m/1"});
  Add("model_version.created", {"model_version", "m/1"}, {{"run", "new"}});
  Project(1);
  EXPECT_EQ(NodesOf(Ask({.start = {"model_version", "m/1"}})),
            (std::set<NodeRef>{{"model_version", "m/1"}, {"run", "new"}}));
  EXPECT_FALSE(Get({"model_version", "m/1"}).deleted);
}

TEST_P(ProjectorTest, AKeyAndAFormerKeyLeadToTheirRecord) {
  Add("task.created", {"task", "01HT"}, {}, R"({"key":"WINE-3","title":"Pour"})");
  Add("task.updated", {"task", "01HT"}, {}, R"({"key":"GRAPE-3","title":"Pour"})");
  Add("task.created", {"task", "01HU"}, {}, R"({"key":"WINE-4","title":"Drink"})");
  Project(1);
  EXPECT_EQ(Get({"task", "WINE-3"}).ref.id, "01HT");
  EXPECT_EQ(Get({"task", "GRAPE-3"}).ref.id, "01HT");
  EXPECT_EQ(Get({"task", "WINE-4"}).ref.id, "01HU");
  const std::string digest = Digest();
  ASSERT_TRUE(Run(Projector(db()).Rebuild(Soon(), {})).ok());
  EXPECT_EQ(Digest(), digest);
}

TEST_P(ProjectorTest, BadEventsAreCountedAndDoNotStopIt) {
  Add("link.asserted", {"a", "b"}, {}, R"({"type":"NO"})");
  Add("task.created", {"task", "T"}, {}, R"({"title":"it\u0000 works"})");
  Project();
  EXPECT_EQ(Get({"task", "T"}).title, "it works");
  const auto progress = Run(service().GetProgress(Soon()));
  EXPECT_EQ(progress->applied_seq, 2);
  EXPECT_GE(progress->rejected, 1);
  EXPECT_EQ(progress->rejected_seq, 1);
  EXPECT_NE(progress->rejected_why, "");
}

TEST_P(ProjectorTest, FollowingGoesOnAfterARestartAndARebuildInBetween) {
  Add("task.created", {"task", "T1"});
  ASSERT_TRUE(Run(Projector(db()).Follow(After(std::chrono::milliseconds(50)))).ok());
  EXPECT_EQ(Run(service().GetProgress(Soon()))->applied_seq, 1);
  Reopen();
  Add("task.created", {"task", "T2"});
  Projector projector(db());
  ASSERT_TRUE(Run(projector.Follow(After(std::chrono::milliseconds(50)))).ok());
  EXPECT_EQ(Run(service().GetProgress(Soon()))->applied_seq, 2);
  ASSERT_TRUE(Run(Projector(db()).Rebuild(Soon(), {})).ok());
  Add("task.created", {"task", "T3"});
  ASSERT_TRUE(Run(projector.Follow(After(std::chrono::milliseconds(50)))).ok());
  EXPECT_EQ(Run(service().GetProgress(Soon()))->applied_seq, 3);
}

STETIG_ON_BOTH_STORES(ProjectorTest);

}  // namespace
}  // namespace stetig::trace
