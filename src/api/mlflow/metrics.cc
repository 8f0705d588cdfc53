// metrics/*
#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "api/mlflow/convert.h"
#include "api/mlflow/endpoint.h"
#include "api/mlflow/paged.h"
#include "api/mlflow/render.h"
#include "api/mlflow/requests.h"
#include "base/text.h"

namespace stetig::api::mlflow {
namespace {

using http::Method;

constexpr size_t kMaxBulkRuns = 100;
constexpr int64_t kMaxBulkPoints = 25'000;
constexpr int64_t kMaxIntervalPoints = 2'500;
constexpr std::string_view kSeeDocs =
    " See the API docs for more information about request parameters.";

char* Put(char* to, std::string_view piece) {
  std::memcpy(to, piece.data(), piece.size());
  return to + piece.size();
}

struct HistoryPages {
  using Item = tracking::Point;
  static constexpr std::string_view kName = "metrics";
  static constexpr int64_t kPageSize = 25'000;
  static constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  Call call;
  tracking::MetricHistory query;
  std::string key_json;  ///< the key as JSON: the same in every item

  Task<tracking::Page<tracking::Point>> Fetch(std::string token, int64_t limit) {
    tracking::MetricHistory next = query;
    next.page_token = std::move(token);
    next.max_results = limit;
    return call.context.tracking.GetMetricHistory(call.who, std::move(next), call.FreshDeadline());
  }
  /// Written by hand: a history is by far the longest answer there is, and its items differ in
  /// three numbers only.
  void AppendItems(std::string& text, std::span<const tracking::Point> points) const {
    constexpr std::string_view kTimestamp = ",\"timestamp\":";
    constexpr std::string_view kStep = ",\"step\":";
    const std::string head = fmt::format("{{\"key\":{},\"value\":", key_json);
    const size_t longest = head.size() + kMaxDoubleText + kTimestamp.size() + kMaxInt64Text +
                           kStep.size() + kMaxInt64Text + std::string_view("},").size();
    const size_t begin = text.size();
    text.resize_and_overwrite(begin + points.size() * longest, [&](char* buffer, size_t) {
      char* to = buffer + begin;
      for (const tracking::Point& point : points) {
        to = Put(to, head);
        to = PutDouble(to, point.value);
        to = PutInt64(Put(to, kTimestamp), point.timestamp);
        to = PutInt64(Put(to, kStep), point.step);
        to = Put(to, "},");
      }
      return static_cast<size_t>(to - buffer) - 1;  // without the last comma
    });
  }
};

Task<http::Response> History(Call call, GetHistory m) {
  if (m.max_results && *m.max_results <= 0) {
    co_return Err(
        Code::kInvalidArgument,
        fmt::format(
            "Invalid value {} for parameter 'max_results' supplied. It must be a positive integer.",
            *m.max_results));
  }
  tracking::MetricHistory query{.run_id = RunIdOf(m),
                                .metric_key = Or(m.metric_key),
                                .max_results = {},
                                .page_token = Or(m.page_token)};
  std::string token = query.page_token;
  int64_t limit = m.max_results ? *m.max_results : std::numeric_limits<int64_t>::max();
  std::string key_json;
  AppendJsonString(key_json, query.metric_key);
  HistoryPages pages{std::move(call), std::move(query), std::move(key_json)};
  co_return co_await AnswerPaged(std::move(pages), std::move(token), limit);
}

Task<std::string> BulkInterval(Call call, GetBulkInterval m) {
  if (m.run_ids.size() > kMaxBulkRuns) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("GetMetricHistoryBulkInterval request must specify at most {} "
                              "run_ids. Received {} run_ids.{}",
                              kMaxBulkRuns, m.run_ids.size(), kSeeDocs));
  }
  int64_t points = m.max_results.value_or(kMaxIntervalPoints);
  if (points < 1 || points > kMaxIntervalPoints) {
    co_return Err(Code::kInvalidArgument, fmt::format("max_results must be between 1 and {}.{}",
                                                      kMaxIntervalPoints, kSeeDocs));
  }
  tracking::BulkInterval query{
      .run_ids = std::move(m.run_ids), .metric_key = Or(m.metric_key), .max_results = points};
  if (m.start_step) {
    query.start_step = *m.start_step;
  }
  if (m.end_step) {
    query.end_step = *m.end_step;
  }
  auto read = co_await call.context.tracking.GetMetricHistoryBulkInterval(
      call.who, std::move(query), call.deadline);
  ASSIGN_OR_CO_RETURN(std::vector<tracking::Metric> metrics, std::move(read));
  co_return JsonObject(
      [&](JsonWriter& json) { WriteList(json, "metrics", metrics, /*run_id=*/true); });
}

/// Not a protobuf message: plain JSON with bare NaN, read from the query string alone.
Task<std::string> Bulk(Call call, Empty) {
  std::vector<std::string> run_ids = call.http->QueryAll("run_id");
  if (run_ids.empty()) {
    co_return Err(Code::kInvalidArgument,
                  "GetMetricHistoryBulk request must specify at least one run_id.");
  }
  if (run_ids.size() > kMaxBulkRuns) {
    co_return Err(Code::kInvalidArgument, fmt::format("GetMetricHistoryBulk request cannot specify "
                                                      "more than {} run_ids. Received {} run_ids.",
                                                      kMaxBulkRuns, run_ids.size()));
  }
  auto key = call.http->Query("metric_key");
  if (!key) {
    co_return Err(Code::kInvalidArgument,
                  "GetMetricHistoryBulk request must specify a metric_key.");
  }
  int64_t limit = kMaxBulkPoints;
  if (auto given = call.http->Query("max_results")) {
    auto number = ParseInt64(*given);
    if (!number || *number < 1) {
      co_return Err(Code::kInvalidArgument,
                    fmt::format("max_results must be a positive integer, got '{}'", *given));
    }
    limit = std::min(*number, kMaxBulkPoints);
  }
  auto read = co_await call.context.tracking.GetMetricHistoryBulk(call.who, std::move(run_ids),
                                                                  *key, limit, call.deadline);
  ASSIGN_OR_CO_RETURN(std::vector<tracking::Metric> metrics, std::move(read));
  std::string out;
  JsonWriter json(&out, {.non_finite = NonFinite::kBare});
  json.BeginObject();
  json.Key("metrics");
  json.BeginArray();
  for (const tracking::Metric& metric : metrics) {
    json.BeginObject();
    json.Field("key", metric.key);
    json.Field("run_id", metric.run_id);
    json.Field("step", metric.step);
    json.Field("timestamp", metric.timestamp);
    json.Field("value", metric.value);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  co_return out;
}

}  // namespace

void AddMetricRoutes(http::Router& router, Context& context) {
  Add<GetHistory>(router, context,
                  {Method::kGet, "metrics/get-history", "read", "Reads all points of a metric."},
                  History);
  Add<GetBulkInterval>(router, context,
                       {Method::kGet, "metrics/get-history-bulk-interval", "read",
                        "Reads evenly sampled points of several runs."},
                       BulkInterval);
  Add<Empty>(router, context,
             {.method = Method::kGet,
              .path = "metrics/get-history-bulk",
              .permission = "read",
              .summary = "Reads the points of a metric of several runs.",
              .ajax_only = true},
             Bulk);
}

}  // namespace stetig::api::mlflow
