// Answers of many items: memory of one page, whatever was asked for.
#include "api/mlflow/paged.h"

#include <gtest/gtest.h>

#include <latch>
#include <set>

#include "api/testing/fixture.h"
#include "base/json_value.h"

namespace stetig::api::mlflow {
namespace {

using http::Method;
using testing::TextBody;

/// Whole numbers below `count`; a fetch from `fails_at` on fails.
struct Numbers {
  using Item = int64_t;
  static constexpr std::string_view kName = "numbers";
  static constexpr int64_t kPageSize = 2;
  static constexpr int64_t kMost = 100;
  int64_t count = 0;
  int64_t fails_at = INT64_MAX;
  bool empty_page = false;  ///< one without items comes before the second page

  Task<tracking::Page<int64_t>> Fetch(std::string token, int64_t limit) {
    int64_t from = token.empty() ? 0 : std::stoll(token);
    if (from >= fails_at) {
      co_return Err(Code::kUnavailable, "away");
    }
    tracking::Page<int64_t> page;
    if (from > 0 && std::exchange(empty_page, false)) {
      page.next_page_token = token;
      co_return page;
    }
    for (; from < count && static_cast<int64_t>(page.items.size()) < limit; ++from) {
      page.items.push_back(from);
    }
    page.next_page_token = from < count ? std::to_string(from) : "";
    co_return page;
  }
  void AppendItems(std::string& text, std::span<const int64_t> numbers) const {
    for (size_t i = 0; i < numbers.size(); ++i) {
      text += fmt::format("{}{}", i > 0 ? "," : "", numbers[i]);
    }
  }
};

Result<http::Response> Answer(Numbers numbers, int64_t limit) {
  return io::RunSync(AnswerPaged(std::move(numbers), "", limit));
}
std::string TextOf(Numbers numbers, int64_t limit) {
  auto answer = Answer(std::move(numbers), limit);
  return answer ? testing::ApiTest::TextOf(*answer).value_or("cut") : "error";
}

TEST(PagedTest, PagesJoinToOneList) {
  EXPECT_EQ(TextOf({.count = 0}, 9), "{}");
  EXPECT_EQ(TextOf({.count = 2}, 9), R"({"numbers":[0,1]})");
  EXPECT_EQ(TextOf({.count = 5}, 9), R"({"numbers":[0,1,2,3,4]})");
  EXPECT_EQ(TextOf({.count = 5}, 3), R"({"numbers":[0,1,2],"next_page_token":"3"})");
  EXPECT_EQ(TextOf({.count = 5, .empty_page = true}, 9), R"({"numbers":[0,1,2,3,4]})");
}

TEST(PagedTest, AfterAnErrorEveryReadSaysTheSame) {
  auto answer = Answer({.count = 5, .fails_at = 2}, 9);
  ASSERT_TRUE(answer.has_value());
  auto& body = *std::get<std::unique_ptr<http::ByteStream>>(answer->body);
  std::vector<std::byte> into(100);
  EXPECT_EQ(io::RunSync(body.Read(into)), std::string_view(R"({"numbers":[0,1)").size());
  for (int i = 0; i < 3; ++i) {
    auto read = io::RunSync(body.Read(into));
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code(), Code::kUnavailable);
  }
}

class LongListsTest : public testing::ApiTest {
 protected:
  static constexpr int kItems = 1'050;  // more than a page

  template <class R>
  static io::Awaitable<void> Count(io::Awaitable<R> task, std::latch* left) {
    auto done = co_await std::move(task);
    EXPECT_TRUE(::stetig::internal::IsOk(done));
    left->count_down();
  }
  /// Runs make(0), make(1), … side by side, so that they share commits.
  template <class F>
  static void RunMany(F make) {
    std::latch left(kItems);
    io::EventLoop loop("many");
    for (int i = 0; i < kItems; ++i) {
      io::Spawn(loop, Count(make(i), &left));
    }
    loop.Start();
    left.wait();
    loop.Stop();
  }
  /// Expects a stream of `name` with `count` items, none twice by `key`.
  static void ExpectStream(http::Response answer, std::string_view name, std::string_view key,
                           size_t count) {
    ASSERT_EQ(answer.status, 200);
    EXPECT_TRUE(std::holds_alternative<std::unique_ptr<http::ByteStream>>(answer.body));
    auto text = TextOf(answer);
    ASSERT_TRUE(text.has_value()) << text.error().ToString();
    auto parsed = json::Parse(*text);
    ASSERT_TRUE(parsed.has_value()) << text->substr(0, 200);
    std::set<std::string> keys;
    for (const auto& [member, value] : *parsed->AsObject()) {
      if (member != name) continue;
      EXPECT_EQ(value.AsArray()->size(), count);
      for (const json::Value& item : *value.AsArray()) {
        for (const auto& [field, content] : *item.AsObject()) {
          if (field == key) keys.insert(json::Dump(content));
        }
      }
    }
    EXPECT_EQ(keys.size(), count);
  }
};

TEST_P(LongListsTest, ExperimentsAreStreamed) {
  RunMany([&](int i) {
    return context().tracking.CreateExperiment(Who(), fmt::format("e{}", i), "", {}, Soon());
  });
  ExpectStream(Post("/api/2.0/mlflow/experiments/search", R"({"max_results":5000})"), "experiments",
               "experiment_id", kItems + 1);  // and the default one
  for (const char* wrong : {"0", "-1", "50001"}) {
    auto answer =
        Post("/api/2.0/mlflow/experiments/search", fmt::format(R"({{"max_results":{}}})", wrong));
    EXPECT_EQ(answer.status, 400) << wrong;
  }
}

TEST_P(LongListsTest, ModelVersionsAreStreamed) {
  ASSERT_TRUE(Run(context().registry.CreateModel(Who(), "m", {}, "", Soon())).has_value());
  RunMany([&](int) {
    registry::CreateModelVersion request{.name = "m", .source = "s3://bucket/model"};
    return context().registry.CreateVersion(Who(), std::move(request), Soon());
  });
  ExpectStream(Get("/api/2.0/mlflow/model-versions/search"), "model_versions", "version", kItems);
  auto latest = Run(context().registry.GetVersionByAlias(Who(), "m", "latest", Soon()));
  ASSERT_TRUE(latest.has_value()) << latest.error().ToString();
  EXPECT_EQ(latest->version, kItems);
}

TEST_P(LongListsTest, LoggedModelsAreStreamed) {
  RunMany([&](int) {
    tracking::CreateLoggedModel request{.experiment_id = "0"};
    return context().tracking.CreateLoggedModel(Who(), std::move(request), Soon());
  });
  ExpectStream(Post("/api/2.0/mlflow/logged-models/search",
                    R"({"experiment_ids":["0"],"max_results":5000})"),
               "models", "info", kItems);
}

TEST_P(LongListsTest, ArtifactsAreStreamed) {
  auto run = Run(context().tracking.CreateRun(Who(), {}, Soon()));
  ASSERT_TRUE(run.has_value());
  std::string root = fmt::format("0/{}/artifacts", run->info.run_id);
  RunMany([&](int i) {
    return context().tracking.PutArtifact(Who(), fmt::format("{}/f{:05}", root, i),
                                          std::string(64, 'a'), 7, std::string(64, 'b'), Soon());
  });
  std::string list = "/api/2.0/mlflow/artifacts/list?run_id=" + run->info.run_id;
  ExpectStream(Get(list), "files", "path", kItems);
  ExpectStream(Get("/api/2.0/mlflow-artifacts/artifacts?path=" + root), "files", "path", kItems);
  auto first = Run(context().tracking.ListArtifacts(
      Who(), {.path = root, .max_results = kItems - 1, .page_token = {}}, Soon()));
  ASSERT_TRUE(first.has_value()) << first.error().ToString();
  EXPECT_EQ(first->items.size(), kItems - 1U);
  auto rest = Get(list + "&page_token=" + first->next_page_token);
  auto text = TextOf(rest);
  EXPECT_EQ(text, fmt::format(R"({{"root_uri":"mlflow-artifacts:/{}","files":[{{"path":"f{:05}",)"
                              R"("is_dir":false,"file_size":7}}]}})",
                              root, kItems - 1));
  for (const char* wrong : {"x", "eyJ4"}) {
    EXPECT_EQ(Get(list + "&page_token=" + wrong).status, 400) << wrong;
  }
}

STETIG_ON_BOTH_STORES(LongListsTest);

}  // namespace
}  // namespace stetig::api::mlflow
