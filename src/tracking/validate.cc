#include "tracking/validate.h"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <vector>

#include "base/text.h"
#include "query/names.h"
#include "tracking/internal/python_text.h"

namespace stetig::tracking {
namespace {

constexpr size_t kMaxDatasetName = 500;
constexpr size_t kMaxDatasetDigest = 36;
constexpr size_t kMaxDatasetSource = 65'535;
constexpr size_t kMaxDatasetSchema = 1'048'575;
constexpr size_t kMaxDatasetProfile = 16'777'215;
constexpr size_t kMaxInputTagKey = 255;
constexpr size_t kMaxInputTagValue = 500;

Status InvalidValue(std::string_view json, std::string_view field, std::string_view why) {
  return Status(Code::kInvalidArgument,
                fmt::format("Invalid value {} for parameter '{}' supplied{}{}", json, field,
                            why.empty() ? "." : ": ", why));
}

bool TooManyCodePoints(std::string_view text, size_t limit) {
  return text.size() > limit && CodePoints(text) > limit;
}

bool IsAsciiAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Status CutOrRefuse(std::string& value, std::string_view what, size_t limit, bool truncate) {
  if (!truncate) {
    return query::CheckLength(what, limit, value);
  }
  if (!TooManyCodePoints(value, limit)) {
    return OkStatus();
  }
  value.resize(FirstCodePoints(value, limit).size());
  return OkStatus();
}

Status CheckParamKeysUnique(std::span<const KeyValue> params) {
  std::unordered_set<std::string_view> seen;
  std::vector<std::string> repeated;
  for (const KeyValue& param : params) {
    if (!seen.insert(param.key).second) {
      repeated.push_back(param.key);
    }
  }
  if (repeated.empty()) {
    return OkStatus();
  }
  return Err(Code::kInvalidArgument,
             fmt::format("Duplicate parameter keys have been submitted: {}. Please ensure the "
                         "request contains only one param value "
                         "per param key.",
                         PythonList(repeated)));
}

}  // namespace

std::string Place::Field(std::string_view name) const {
  return list.empty() ? std::string(name) : fmt::format("{}[{}].{}", list, index, name);
}

Status ValidateBatchLimit(std::string_view things, size_t limit, size_t count) {
  if (count <= limit) {
    return OkStatus();
  }
  return Err(Code::kInvalidArgument,
             fmt::format("A batch logging request can contain at most {0} {1}. Got {2} {1}. Please "
                         "split up {1} across multiple "
                         "requests and try again.",
                         limit, things, count));
}

Status ValidateModelId(std::string_view model_id, const Place& place) {
  if (model_id.empty()) {
    return Err(Code::kInvalidArgument,
               fmt::format("Missing value for required parameter '{}'.", place.Field("model_id")));
  }
  return query::CheckLength(place.Field("model_id"), kMaxKeyLength, model_id);
}

Result<int64_t> ParseExperimentId(std::string_view id) {
  if (id.empty()) {
    return 0;
  }
  constexpr std::string_view kBlank = " \t\n\r\f\v";
  std::string_view digits = id.substr(std::min(id.find_first_not_of(kBlank), id.size()));
  digits = digits.substr(0, digits.find_last_not_of(kBlank) + 1);
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return Err(
        Code::kInvalidArgument,
        fmt::format("Invalid experiment ID '{}'. Experiment ID must be a valid integer.", id));
  }
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  int64_t value = 0;
  for (const char c : digits) {
    const int digit = c - '0';
    if (value > (kMax - digit) / 10) {
      return kMax;
    }
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

Result<int64_t> ParseListedExperimentId(std::string_view id) {
  if (id.empty()) {
    return Err(Code::kInvalidArgument,
               "Invalid experiment ID ''. Experiment ID must be a valid integer.");
  }
  return ParseExperimentId(id);
}

Status ValidateMaxResults(int64_t max_results) {
  if (max_results >= 1 && max_results <= kMaxPageSize) {
    return OkStatus();
  }
  return Err(
      Code::kInvalidArgument,
      fmt::format(
          "Invalid value {} for parameter 'max_results' supplied. It must be {}", max_results,
          max_results < 1 ? "a positive integer" : fmt::format("at most {}", kMaxPageSize)));
}

Status ValidateRunId(std::string_view run_id) {
  constexpr size_t kMaxLength = 256;
  const bool ok = !run_id.empty() && IsAsciiAlphanumeric(run_id.front()) &&
                  !TooManyCodePoints(run_id, kMaxLength) &&
                  query::HasOnlyWordCharactersAnd("-", run_id);
  return ok ? OkStatus() : InvalidValue(query::PythonJson(run_id), "run_id", "");
}

Status ValidateExperimentName(std::string_view name) {
  if (name.empty()) {
    return Err(Code::kInvalidArgument, "Invalid experiment name: ''");
  }
  return query::CheckLength("name", kMaxExperimentNameLength, name);
}

Status ValidateLoggedModelName(std::string_view name) {
  if (name.find_first_of("/:.%\"'") == std::string_view::npos) {
    return OkStatus();
  }
  return Err(Code::kInvalidArgument,
             fmt::format("Invalid model name ({}) provided. Model name must be a non-empty string "
                         "and cannot contain the following "
                         "characters: ('/', ':', '.', '%', '\"', \"'\")",
                         query::PythonRepr(name)));
}

Status ValidateKey(std::string_view key, std::string_view field, const Place& place) {
  return query::IsKey(key) ? OkStatus() : query::CheckKey(key, place.Field(field));
}

Status ValidateMetric(const Metric& metric, const Place& place) {
  if (metric.dataset_name.empty() != metric.dataset_digest.empty()) {
    return Err(Code::kInvalidArgument,
               "Both dataset_name and dataset_digest must be provided if one is provided");
  }
  TRY(ValidateKey(metric.key, "name", place));
  if (metric.timestamp < 0) {
    return InvalidValue(
        std::to_string(metric.timestamp), place.Field("timestamp"),
        fmt::format(
            "metric '{}' (value={}). Timestamp must be a nonnegative long (64-bit integer) ",
            metric.key, PythonFloat(metric.value)));
  }
  return query::CheckLength("Metric name", kMaxKeyLength, metric.key);
}

Status ValidateParam(KeyValue& param, bool truncate, const Place& place) {
  TRY(ValidateKey(param.key, "key", place));
  TRY(query::CheckLength("Param key", kMaxKeyLength, param.key));
  return CutOrRefuse(param.value, "Param value", kMaxParamValueLength, truncate);
}

Status ValidateTag(KeyValue& tag, bool truncate, const Place& place) {
  TRY(ValidateKey(tag.key, "key", place));
  if (TooManyCodePoints(tag.key, kMaxKeyLength)) {
    return query::CheckLength(place.Field("key"), kMaxKeyLength, tag.key);
  }
  if (TooManyCodePoints(tag.value, kMaxTagValueLength)) {
    return CutOrRefuse(tag.value, place.Field("value"), kMaxTagValueLength, truncate);
  }
  return OkStatus();
}

Status ValidateExperimentTag(const KeyValue& tag) {
  TRY(ValidateKey(tag.key, "key"));
  TRY(query::CheckLength("key", kMaxKeyLength, tag.key));
  return query::CheckLength("value", kMaxExperimentTagValueLength, tag.value);
}

Status ValidateLogBatch(LogBatch& batch, bool truncate) {
  TRY(ValidateRunId(batch.run_id));
  for (size_t i = 0; i < batch.metrics.size(); ++i) {
    TRY(ValidateMetric(batch.metrics[i], {.list = "metrics", .index = i}));
  }
  for (size_t i = 0; i < batch.params.size(); ++i) {
    TRY(ValidateParam(batch.params[i], truncate, {.list = "params", .index = i}));
  }
  for (size_t i = 0; i < batch.tags.size(); ++i) {
    TRY(ValidateTag(batch.tags[i], truncate, {.list = "tags", .index = i}));
  }
  TRY(ValidateBatchLimit("metrics", kMaxBatchMetrics, batch.metrics.size()));
  TRY(ValidateBatchLimit("params", kMaxBatchParams, batch.params.size()));
  TRY(ValidateBatchLimit("tags", kMaxBatchTags, batch.tags.size()));
  TRY(ValidateBatchLimit("metrics, params, and tags", kMaxBatchItems,
                         batch.metrics.size() + batch.params.size() + batch.tags.size()));
  return CheckParamKeysUnique(batch.params);
}

Status ValidateDatasetInputs(std::span<const DatasetInput> inputs) {
  TRY(ValidateBatchLimit("datasets", kMaxBatchDatasets, inputs.size()));
  for (const DatasetInput& input : inputs) {
    const Dataset& dataset = input.dataset;
    TRY(query::CheckLength("name", kMaxDatasetName, dataset.name));
    TRY(query::CheckLength("digest", kMaxDatasetDigest, dataset.digest));
    TRY(query::CheckLength("source", kMaxDatasetSource, dataset.source));
    TRY(query::CheckLength("schema", kMaxDatasetSchema,
                           dataset.schema ? std::string_view(*dataset.schema) : ""));
    TRY(query::CheckLength("profile", kMaxDatasetProfile,
                           dataset.profile ? std::string_view(*dataset.profile) : ""));
    for (const KeyValue& tag : input.tags) {
      TRY(query::CheckLength("key", kMaxInputTagKey, tag.key));
      TRY(query::CheckLength("value", kMaxInputTagValue, tag.value));
    }
  }
  return OkStatus();
}

}  // namespace stetig::tracking
