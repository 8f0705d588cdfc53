// How long a client takes to send or to take bytes is not the handler's time.
#include <gtest/gtest.h>

#include "api/testing/fixture.h"

namespace stetig::api::mlflow {
namespace {

using http::Method;
using testing::TextBody;

class DeadlineTest : public testing::ApiTest {
 protected:
  /// Of requests whose patience ends while bytes travel.
  static constexpr std::chrono::milliseconds kShort{200};
  static constexpr std::string_view kArtifact = "/api/2.0/mlflow-artifacts/artifacts/0/slow.bin";

  static void Wait(Deadline until) { EXPECT_TRUE(io::RunSync(io::SleepUntil(until)).ok()); }
  static std::shared_ptr<http::Request> Impatient(std::shared_ptr<http::Request> request) {
    request->deadline = After(kShort);
    return request;
  }
};

TEST_P(DeadlineTest, AnUploadThatTakesLongerThanTheRoutesLimitIsKept) {
  TextBody body("slow bytes", After(2 * kShort));
  auto request = Impatient(Ask(Method::kPut, std::string(kArtifact), &body));
  http::Response put = Send(request);
  EXPECT_EQ(put.status, 200) << TextOf(put).value_or("");
  EXPECT_GT(std::chrono::steady_clock::now(), request->deadline);
  http::Response got = Get(std::string(kArtifact));
  EXPECT_EQ(TextOf(got), "slow bytes");
}

TEST_P(DeadlineTest, AJsonBodyThatTakesLongIsActedUpon) {
  TextBody body(R"({"name":"late"})", After(2 * kShort));
  auto request = Impatient(Ask(Method::kPost, "/api/2.0/mlflow/experiments/create", &body));
  http::Response made = Send(request);
  EXPECT_EQ(made.status, 200) << TextOf(made).value_or("");
  TextBody second(R"({"key": "KEY","title":"late"})", After(2 * kShort));
  request = Impatient(Ask(Method::kPost, "/api/v1/projects", &second));
  made = Send(request);
  EXPECT_EQ(made.status, 201) << TextOf(made).value_or("");
}

TEST_P(DeadlineTest, ASlowReaderGetsEveryPageOfAHistory) {
  auto run = Run(context().tracking.CreateRun(Who(), {}, Soon()));
  ASSERT_TRUE(run.has_value()) << run.error().ToString();
  constexpr int64_t kPoints = 26'000;  // more than a page
  for (int64_t step = 0; step < kPoints;) {
    tracking::LogBatch batch{.run_id = run->info.run_id};
    for (int i = 0; i < 1'000; ++i, ++step) {
      batch.metrics.push_back(
          {.key = "loss", .value = static_cast<double>(step), .timestamp = step, .step = step});
    }
    ASSERT_TRUE(Run(context().tracking.LogBatch(Who(), std::move(batch), Soon())).ok());
  }
  auto request = Impatient(Ask(Method::kGet,
                               "/api/2.0/mlflow/metrics/get-history?metric_key=loss&"
                               "run_id=" +
                                   run->info.run_id));
  http::Response answer = Send(request);
  ASSERT_EQ(answer.status, 200);
  Wait(request->deadline);
  Result<std::string> text = TextOf(answer);
  ASSERT_TRUE(text.has_value()) << text.error().ToString();
  EXPECT_TRUE(text->contains("\"step\":25999"));
}

TEST_P(DeadlineTest, ASlowReaderGetsEveryPageOfRuns) {
  constexpr int kRuns = 1'001;  // more than a page
  for (int i = 0; i < kRuns; ++i) {
    auto run = Run(context().tracking.CreateRun(Who(), {.start_time = i}, Soon()));
    ASSERT_TRUE(run.has_value()) << run.error().ToString();
  }
  TextBody body(R"({"experiment_ids":["0"],"max_results":5000})");
  auto request = Impatient(Ask(Method::kPost, "/api/2.0/mlflow/runs/search", &body));
  http::Response answer = Send(request);
  ASSERT_EQ(answer.status, 200);
  Wait(request->deadline);
  Result<std::string> text = TextOf(answer);
  ASSERT_TRUE(text.has_value()) << text.error().ToString();
  EXPECT_TRUE(text->contains("\"start_time\":0,"));
}

STETIG_ON_BOTH_STORES(DeadlineTest);

}  // namespace
}  // namespace stetig::api::mlflow
