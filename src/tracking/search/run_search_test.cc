#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "tracking/testing/fixture.h"
#include "tracking/testing/point_oracle.h"
#include "tracking/testing/run_oracle.h"

namespace stetig::tracking {
namespace {

using testing::Condition;
using ::testing::IsEmpty;
using testing::Ordering;
using testing::QueryMaker;
using testing::Said;
using testing::Show;
using ::testing::SizeIs;

std::string Text(const std::vector<KeyValue>& pairs) {
  std::string text;
  for (const KeyValue& pair : pairs) text += fmt::format(" {}={}", pair.key, pair.value);
  return text;
}

/// All that a search shows of a run.
std::string Describe(const Run& run) {
  std::string text = fmt::format(
      "{} {} {} {} {} {} {} {}", run.info.run_id, run.info.experiment_id, run.info.name,
      run.info.user_id, testing::StatusText(run.info.status), run.info.start_time.ms,
      run.info.end_time.value_or(WallTime{-1}).ms, run.info.stage == LifecycleStage::kDeleted);
  text += " params:" + Text(run.params) + " tags:" + Text(run.tags) + " metrics:";
  for (const Metric& metric : run.metrics) {
    const auto& [timestamp, step, value, nan] = Show(metric);
    text += fmt::format(" {}={}{}@{}/{}", metric.key, value, nan ? "nan" : "", step, timestamp);
  }
  for (const DatasetInput& input : run.dataset_inputs)
    text += fmt::format(" {}/{}{}", input.dataset.name, input.dataset.digest, Text(input.tags));
  for (const ModelInput& model : run.model_inputs) text += " in:" + model.model_id;
  for (const ModelOutput& model : run.model_outputs)
    text += fmt::format(" out:{}@{}", model.model_id, model.step);
  return text;
}

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

std::vector<std::string> Ids(const std::vector<Run>& runs) {
  std::vector<std::string> ids;
  for (const Run& run : runs) ids.push_back(run.info.run_id);
  return ids;
}

class RunSearchTest : public testing::TrackingTest {
 protected:
  Result<Page<tracking::Run>> Search(tracking::SearchRuns query) {
    return Run(service().SearchRuns(Who(), std::move(query), Soon()));
  }
  /// All pages; the size of each is given by `next_size()`.
  std::vector<tracking::Run> SearchAll(tracking::SearchRuns query, auto next_size) {
    std::vector<tracking::Run> runs;
    do {
      query.max_results = next_size();
      auto page = Search(query);
      EXPECT_EQ(Said(page), "ok");
      if (!page) return runs;
      EXPECT_LE(std::ssize(page->items), query.max_results);
      EXPECT_TRUE(query.page_token.empty() || !page->items.empty()) << "an empty page";
      std::ranges::move(page->items, std::back_inserter(runs));
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty() && runs.size() < 1000);  // pages that go round end there
    return runs;
  }

  /// Logs a run and keeps what it should look like.
  void AddRun(const std::string& experiment) {
    tracking::CreateRun request{.experiment_id = experiment,
                                .user_id = make_.Any<std::string>({"ada", "Bob", ""}),
                                .name = "r" + make_.Text(),
                                .start_time = 1000 + static_cast<int64_t>(make_.Number(3))};
    auto run = Run(service().CreateRun(Who(), std::move(request), Soon()));
    ASSERT_EQ(Said(run), "ok");
    LogBatch batch{.run_id = run->info.run_id};
    for (const char* key : {"p", "q r"}) {
      if (make_.Number(3) != 0) batch.params.push_back({key, make_.Text()});
      if (make_.Number(3) != 0) batch.tags.push_back({key, make_.Text()});
    }
    for (const char* key : {"m", "n/o"}) {
      const double value = make_.Any<double>({-1, 0, 0.5, 2, 1e300, HUGE_VAL, -HUGE_VAL, NAN});
      if (make_.Number(4) != 0) batch.metrics.push_back({.key = key, .value = value, .step = 1});
    }
    run->params = batch.params;
    run->metrics = batch.metrics;
    std::ranges::copy(batch.tags, std::back_inserter(run->tags));
    std::ranges::sort(run->tags, {}, &KeyValue::key);
    ASSERT_EQ(Run(service().LogBatch(Who(), std::move(batch), Soon())), OkStatus());
    Finish(*run);
    make_.Know(run->info.run_id);
    runs_.push_back(*run);
  }
  /// Ends or deletes some.
  void Finish(tracking::Run& run) {
    if (make_.Number(2) == 0) {
      UpdateRun update{.run_id = run.info.run_id,
                       .status = make_.Any({RunStatus::kFinished, RunStatus::kFailed})};
      if (make_.Number(2) == 0) update.end_time = 1000 + static_cast<int64_t>(make_.Number(3));
      auto info = Run(service().UpdateRun(Who(), std::move(update), Soon()));
      ASSERT_EQ(Said(info), "ok");
      run.info = *info;
    }
    if (make_.Number(8) == 0) {
      ASSERT_EQ(Run(service().DeleteRun(Who(), run.info.run_id, Soon())), OkStatus());
      run.info.stage = LifecycleStage::kDeleted;
    }
  }

  /// What a search should find, in its order.
  std::vector<tracking::Run> Expected(const tracking::SearchRuns& query, const Condition& filter,
                                      const std::vector<Ordering>& orders) {
    std::vector<tracking::Run> found;
    for (const tracking::Run& run : runs_) {
      const bool deleted = run.info.stage == LifecycleStage::kDeleted;
      const bool in_view =
          query.view == ViewType::kAll || deleted == (query.view == ViewType::kDeletedOnly);
      const bool in_list = Contains(query.experiment_ids, run.info.experiment_id);
      if (in_view && in_list && filter.holds(run)) found.push_back(run);
    }
    std::ranges::sort(found, [&](const tracking::Run& a, const tracking::Run& b) {
      for (const Ordering& order : orders) {
        const auto outcome = order.compare(a, b);
        if (outcome != std::strong_ordering::equal) return outcome < 0;
      }
      if (a.info.start_time != b.info.start_time)
        return a.info.start_time.ms > b.info.start_time.ms;
      return a.info.run_id < b.info.run_id;
    });
    return found;
  }

  static std::vector<testing::TextField> Texts() {
    std::vector<testing::TextField> texts = testing::TextAttributes();
    for (const char* key : {"p", "q r", "gone"}) {
      texts.push_back(testing::Param(key));
      texts.push_back(testing::Tag(key));
    }
    return texts;
  }
  static std::vector<testing::NumberField> Numbers() {
    std::vector<testing::NumberField> numbers = testing::NumberAttributes();
    for (const char* key : {"m", "n/o", "gone"}) numbers.push_back(testing::LatestMetric(key));
    return numbers;
  }

  QueryMaker make_{7, Texts(), Numbers()};
  std::vector<tracking::Run> runs_;
};

TEST_P(RunSearchTest, AnySearchFindsWhatItSaysInItsOrder) {
  const std::string other = NewExperiment("other");
  for (int i = 0; i < 70; ++i) AddRun(make_.Number(4) == 0 ? other : "0");
  size_t hits = 0;
  for (int i = 0; i < 200; ++i) {
    const Condition filter = make_.Filter(3);
    const std::vector<Ordering> orders = make_.Orders();
    tracking::SearchRuns query{
        .experiment_ids = make_.Any<std::vector<std::string>>({{"0"}, {other}, {"0", other, "0"}}),
        .filter = filter.text,
        .view = make_.Any({ViewType::kActiveOnly, ViewType::kActiveOnly, ViewType::kAll,
                           ViewType::kDeletedOnly})};
    for (const Ordering& order : orders) query.order_by.push_back(order.text);
    SCOPED_TRACE(fmt::format("{} ORDER BY {}", filter.text, fmt::join(query.order_by, ", ")));
    const auto expected = Expected(query, filter, orders);
    const auto found = SearchAll(query, [&] { return 1 + static_cast<int64_t>(make_.Number(40)); });
    ASSERT_EQ(Ids(found), Ids(expected));
    for (size_t at = 0; at < found.size(); ++at)
      ASSERT_EQ(Describe(found[at]), Describe(expected[at]));
    hits += found.size();
  }
  EXPECT_GT(hits, 1500U);
}

TEST_P(RunSearchTest, EveryPageSizeGivesTheWholeListOnce) {
  for (int i = 0; i < 16; ++i) AddRun("0");
  const Condition all{"", [](const tracking::Run&) { return true; }};
  const testing::NumberField metric = testing::LatestMetric("m");
  const testing::TextField param = testing::Param("p");
  for (const Ordering& order : {make_.OrderBy(metric, true), make_.OrderBy(metric, false),
                                make_.OrderBy(param, true), make_.OrderBy(param, false)}) {
    const tracking::SearchRuns query{.experiment_ids = {"0"}, .order_by = {order.text}};
    const std::vector<std::string> expected = Ids(Expected(query, all, {order}));
    ASSERT_GT(expected.size(), 10U);
    for (int64_t size = 1; size <= std::ssize(expected) + 1; ++size)
      ASSERT_EQ(Ids(SearchAll(query, [&] { return size; })), expected) << order.text << size;
  }
}

TEST_P(RunSearchTest, RunsThatStayAsTheyAreComeOnceWhateverHappensToOthersBetweenPages) {
  for (int i = 0; i < 40; ++i) AddRun("0");
  const std::vector<tracking::Run> changing(runs_.begin(), runs_.begin() + 12);
  runs_.erase(runs_.begin(), runs_.begin() + 12);  // the oracle knows those alone that stay
  const Condition all{"", [](const tracking::Run&) { return true; }};
  const Ordering orders[] = {make_.OrderBy(testing::LatestMetric("m"), false),
                             make_.OrderBy(testing::Param("p"), true),
                             make_.OrderBy(testing::NumberAttributes()[0], false)};
  int64_t step = 100;
  const auto change = [&] {
    const std::string& id = changing[make_.Number(changing.size())].info.run_id;
    const double value = static_cast<double>(make_.Number(4)) - 1;
    Metric metric{.key = "m", .value = value, .step = ++step};
    EXPECT_EQ(Run(service().RestoreRun(Who(), id, Soon())), OkStatus());
    EXPECT_EQ(Run(service().LogMetric(Who(), id, std::move(metric), Soon())), OkStatus());
    if (make_.Number(3) == 0) {
      EXPECT_EQ(Run(service().DeleteRun(Who(), id, Soon())), OkStatus());
    }
    tracking::CreateRun request{.start_time = 999 + static_cast<int64_t>(make_.Number(4))};
    EXPECT_EQ(Said(Run(service().CreateRun(Who(), std::move(request), Soon()))), "ok");
    return int64_t{3};
  };
  for (const Ordering& order : orders) {
    const tracking::SearchRuns query{.experiment_ids = {"0"}, .order_by = {order.text}};
    const std::vector<std::string> staying = Ids(Expected(query, all, {order}));
    std::vector<std::string> found = Ids(SearchAll(query, change));
    std::erase_if(found, [&](const std::string& id) { return !Contains(staying, id); });
    EXPECT_EQ(found, staying) << order.text;
  }
}

TEST_P(RunSearchTest, RunsAddedBetweenPagesShowWhenTheyLieAhead) {
  const auto add = [&](int64_t start_time) {
    auto run = Run(service().CreateRun(Who(), {.start_time = start_time}, Soon()));
    return run ? run->info.run_id : "";
  };
  const std::vector<std::string> old = {add(50), add(40), add(30)};
  tracking::SearchRuns query{.experiment_ids = {"0"}, .max_results = 2};
  auto page = Search(query);
  ASSERT_EQ(Said(page), "ok");
  EXPECT_EQ(Ids(page->items), std::vector({old[0], old[1]}));
  add(60);
  const std::string ahead = add(35);
  query.page_token = page->next_page_token;
  page = Search(query);
  ASSERT_EQ(Said(page), "ok");
  EXPECT_EQ(Ids(page->items), std::vector({ahead, old[2]}));
  EXPECT_EQ(page->next_page_token, "");
}

TEST_P(RunSearchTest, EveryChangeShowsAtOnce) {
  const std::string id = NewRun("0", {{"t", "1"}});
  auto& s = service();
  const std::vector<std::function<Status()>> changes = {
      [&] { return Run(s.SetTag(Who(), id, {"t", "2"}, Soon())); },
      [&] { return Run(s.DeleteTag(Who(), id, "t", Soon())); },
      [&] { return Run(s.SetTag(Who(), id, {"mlflow.runName", "renamed"}, Soon())); },
      [&] { return Run(s.LogParam(Who(), id, {"p", "1"}, Soon())); },
      [&] { return Run(s.LogMetric(Who(), id, {.key = "m", .value = 1}, Soon())); },
      [&] { return Run(s.LogMetric(Who(), id, {.key = "m", .value = 2, .step = 1}, Soon())); },
      [&] { return Run(s.LogBatch(Who(), {id, {{.key = "n"}}, {{"q", ""}}, {}}, Soon())); },
      [&] { return Run(s.LogBatch(Who(), {id, {}, {}, {{"u", "é"}}}, Soon())); },
      [&] { return Run(s.LogInputs(Who(), id, {{{{"k", "v"}}, {"d", "1"}}}, {}, Soon())); },
      [&] { return Run(s.LogInputs(Who(), id, {}, {{"m-1"}}, Soon())); },
      [&] { return Run(s.LogOutputs(Who(), id, {{"m-2", 7}}, Soon())); },
      [&] {
        return Run(s.LogModelHistory(
            Who(), id, R"({"artifact_path":"a","flavors":{},"utc_time_created":"","run_id":""})",
            Soon()));
      },
      [&] {
        return Run(s.UpdateRun(Who(), {id, RunStatus::kFinished, 9}, Soon())).has_value()
                   ? OkStatus()
                   : Status(Code::kInternal, "not updated");
      },
      [&] { return Run(s.DeleteRun(Who(), id, Soon())); },
      [&] { return Run(s.RestoreRun(Who(), id, Soon())); }};
  std::set<std::string> seen;
  for (size_t i = 0; i < changes.size(); ++i) {
    ASSERT_EQ(changes[i](), OkStatus()) << i;
    for (int again = 0; again < 2; ++again) {  // from the tables, then from a kept snapshot
      auto page = Search({.experiment_ids = {"0"}, .view = ViewType::kAll});
      ASSERT_EQ(Said(page), "ok");
      ASSERT_THAT(page->items, SizeIs(1));
      EXPECT_EQ(Describe(page->items[0]), Describe(Get(id))) << i;
      seen.insert(Describe(page->items[0]));
    }
    if (i % 4 == 3) EXPECT_EQ(Said(Run(s.FoldMetrics(Soon()))), "ok");
  }
  EXPECT_THAT(seen, SizeIs(changes.size() - 1));  // the last undoes the one before
}

TEST_P(RunSearchTest, DatasetsAreFoundByAnyInput) {
  const std::string both = NewRun();
  const std::string train = NewRun();
  const KeyValue training{"mlflow.data.context", "train"};
  ASSERT_EQ(Run(service().LogInputs(Who(), both, {{{training}, {"d", "1"}}, {{}, {"e", "2"}}}, {},
                                    Soon())),
            OkStatus());
  ASSERT_EQ(Run(service().LogInputs(Who(), train, {{{training}, {"e", "3"}}}, {}, Soon())),
            OkStatus());
  NewRun();
  const auto found = [&](std::string filter) {
    auto page = Search({.experiment_ids = {"0"}, .filter = std::move(filter)});
    EXPECT_EQ(Said(page), "ok");
    const std::vector<std::string> ids = Ids(page.value_or(Page<tracking::Run>{}).items);
    return std::set(ids.begin(), ids.end());
  };
  using Found = std::set<std::string>;
  EXPECT_EQ(found("dataset.name = 'd'"), (Found{both}));
  EXPECT_EQ(found("dataset.name = 'e'"), (Found{both, train}));
  EXPECT_EQ(found("dataset.name != 'e'"), (Found{both}));
  EXPECT_EQ(found("dataset.digest IN ('2', '3')"), (Found{both, train}));
  EXPECT_EQ(found("datasets.context LIKE 'tr%' AND dataset.name = 'd'"), (Found{both}));
  EXPECT_EQ(found("dataset.context != 'train'"), Found{});
}

TEST_P(RunSearchTest, WrongQuestionsAreRefused) {
  NewRun();
  NewRun();
  const auto said = [&](tracking::SearchRuns query) { return Said(Search(std::move(query))); };
  EXPECT_THAT(Search({.experiment_ids = {}}).value().items, IsEmpty());
  EXPECT_THAT(Search({.experiment_ids = {"77"}}).value().items, IsEmpty());
  EXPECT_EQ(said({.experiment_ids = {"x"}}),
            "invalid_argument: Invalid experiment ID 'x'. Experiment ID must be a valid integer.");
  EXPECT_EQ(said({.experiment_ids = {"0"}, .max_results = 0}),
            "invalid_argument: Invalid value 0 for parameter 'max_results' supplied. It must be a "
            "positive integer");
  EXPECT_EQ(said({.experiment_ids = {"0"}, .max_results = 50'001}),
            "invalid_argument: Invalid value 50001 for parameter 'max_results' supplied. It must "
            "be at most 50000");
  std::vector<std::string> keys;
  for (int i = 0; i < 9; ++i) keys.push_back(fmt::format("params.p{}", i));
  EXPECT_EQ(said({.experiment_ids = {"0"}, .order_by = keys}),
            "invalid_argument: order_by names more than 8 metrics, params and tags");
  keys.pop_back();
  const auto page = Search({.experiment_ids = {"0"}, .order_by = keys, .max_results = 1});
  ASSERT_EQ(Said(page), "ok");
  const std::string token = page->next_page_token;
  ASSERT_NE(token, "");
  EXPECT_EQ(said({.experiment_ids = {"0"}, .order_by = keys, .page_token = token}), "ok");
  for (const tracking::SearchRuns& other : std::initializer_list<tracking::SearchRuns>{
           {.experiment_ids = {"0"}, .page_token = token},
           {.experiment_ids = {"1"}, .order_by = keys, .page_token = token},
           {.experiment_ids = {"0"},
            .filter = "params.a = 'b'",
            .order_by = keys,
            .page_token = token},
           {.experiment_ids = {"0"},
            .order_by = keys,
            .view = ViewType::kAll,
            .page_token = token}}) {
    EXPECT_THAT(said(other), ::testing::StartsWith("invalid_argument: "));
  }
}

STETIG_ON_BOTH_STORES(RunSearchTest);

}  // namespace
}  // namespace stetig::tracking
