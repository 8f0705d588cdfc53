// Checks of what clients send, with MLflow's texts and limits (scripts match on the texts). Lengths
// count Unicode code points. All fail with kInvalidArgument.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "tracking/service.h"
#include "tracking/types.h"

namespace stetig::tracking {

inline constexpr size_t kMaxKeyLength = 250;
inline constexpr size_t kMaxParamValueLength = 6000;
inline constexpr size_t kMaxTagValueLength = 8000;
inline constexpr size_t kMaxExperimentTagValueLength = 20'000;
inline constexpr size_t kMaxExperimentNameLength = 500;
inline constexpr int64_t kMaxPageSize = 50'000;
/// Different ones, in one search; with a filter's lists they stay below what a store can bind.
inline constexpr size_t kMaxSearchedExperiments = 10'000;
inline constexpr size_t kMaxBatchMetrics = 1000;
inline constexpr size_t kMaxBatchParams = 100;
inline constexpr size_t kMaxBatchTags = 100;
inline constexpr size_t kMaxBatchItems = 1000;
inline constexpr size_t kMaxBatchDatasets = 1000;
inline constexpr size_t kMaxBatchModels = 1000;

/// Where a value stands in a request, put into words only when it is wrong: "name", or
/// "metrics[3].name".
struct Place {
  std::string_view list;  ///< empty: a field of the request itself
  size_t index = 0;
  std::string Field(std::string_view name) const;
};

/// An experiment id as Python's int() reads it; empty means 0. A number beyond int64 is one that no
/// experiment has: INT64_MAX.
Result<int64_t> ParseExperimentId(std::string_view id);
/// The same where no id is an error: in lists and filters.
Result<int64_t> ParseListedExperimentId(std::string_view id);
/// A page size from 1 to 50,000.
Status ValidateMaxResults(int64_t max_results);
Status ValidateRunId(std::string_view run_id);
Status ValidateExperimentName(std::string_view name);
/// None of `/ : . % " '`; empty is fine and means "none given".
Status ValidateLoggedModelName(std::string_view name);

/// Characters, then the form of a normal path: for the keys of metrics, params and tags. `field` is
/// its name in the request.
Status ValidateKey(std::string_view key, std::string_view field, const Place& place = {});
Status ValidateMetric(const Metric& metric, const Place& place = {});
/// Cut long values when `truncate`, else refuse them.
Status ValidateParam(KeyValue& param, bool truncate, const Place& place = {});
Status ValidateTag(KeyValue& tag, bool truncate, const Place& place = {});
Status ValidateExperimentTag(const KeyValue& tag);
/// Everything that can be said of a batch without the store, in MLflow's order: run id, data,
/// limits, duplicate params. Cuts values as above.
Status ValidateLogBatch(LogBatch& batch, bool truncate);
Status ValidateDatasetInputs(std::span<const DatasetInput> inputs);

/// Of a logged model that a run names; any text, but not none.
Status ValidateModelId(std::string_view model_id, const Place& place);
/// "A batch logging request can contain at most <limit> <things>. …" when there are more.
Status ValidateBatchLimit(std::string_view things, size_t limit, size_t count);

}  // namespace stetig::tracking
