// Plain values of tracking, in MLflow's words (reference: MLflow REST API, protos `service` and
// `dataset`).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace stetig::tracking {

/// A name and a text; params and tags.
struct KeyValue {
  std::string key;
  std::string value;
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

enum class LifecycleStage : unsigned char { kActive, kDeleted };
enum class ViewType : unsigned char { kActiveOnly, kDeletedOnly, kAll };

struct Experiment {
  std::string id;  ///< increasing decimal integers; "0" is Default
  std::string name;
  std::string artifact_location;
  LifecycleStage stage = LifecycleStage::kActive;
  WallTime creation_time;
  WallTime last_update_time;
  std::vector<KeyValue> tags;
};

enum class RunStatus : unsigned char {
  kRunning = 1,
  kScheduled = 2,
  kFinished = 3,
  kFailed = 4,
  kKilled = 5
};

struct RunInfo {
  std::string run_id;  ///< 32 lower-case hex digits
  std::string experiment_id;
  std::string name;
  std::string user_id;
  RunStatus status = RunStatus::kRunning;
  WallTime start_time;
  std::optional<WallTime> end_time;
  std::string artifact_uri;
  LifecycleStage stage = LifecycleStage::kActive;
};

/// One point of a metric. NaN is a value; infinities are stored as ±DBL_MAX, as MLflow does.
struct Metric {
  std::string key;
  double value = 0;
  int64_t timestamp = 0;  ///< ms since the epoch, >= 0
  int64_t step = 0;
  std::string model_id;      ///< logged model it belongs to as well; empty: none
  std::string dataset_name;  ///< with model_id
  std::string dataset_digest;
  std::string run_id;  ///< filled in answers that mix runs
};

/// A point of one metric of one run. Values are as they are stored: no infinity, no -0.0, one NaN.
struct Point {
  int64_t timestamp = 0;
  int64_t step = 0;
  double value = 0;

  bool IsNan() const { return value != value; }
  /// MLflow stores a NaN as 0 and a flag; orders see the 0 first, then the flag.
  double Rank() const { return IsNan() ? 0 : value; }

  /// Same timestamp, step, value and NaN-ness: an exact duplicate.
  friend bool operator==(const Point& a, const Point& b) {
    return a.timestamp == b.timestamp && a.step == b.step && a.Rank() == b.Rank() &&
           a.IsNan() == b.IsNan();
  }
};

struct Dataset {
  std::string name;
  std::string digest;
  std::string source_type;
  std::string source;
  std::optional<std::string> schema;
  std::optional<std::string> profile;
};
struct DatasetInput {
  std::vector<KeyValue> tags;
  Dataset dataset;
};
struct ModelInput {
  std::string model_id;
};
struct ModelOutput {
  std::string model_id;
  int64_t step = 0;
};
struct DatasetSummary {
  std::string experiment_id;
  std::string name;
  std::string digest;
  std::optional<std::string> context;
};

/// What runs/get and runs/search give: metrics are the latest of each key.
struct Run {
  RunInfo info;
  std::vector<Metric> metrics;
  std::vector<KeyValue> params;
  std::vector<KeyValue> tags;
  std::vector<DatasetInput> dataset_inputs;
  std::vector<ModelInput> model_inputs;
  std::vector<ModelOutput> model_outputs;
};

enum class LoggedModelStatus : unsigned char { kPending = 1, kReady = 2, kUploadFailed = 3 };

struct LoggedModel {
  std::string model_id;  ///< "m-" + 32 hex digits
  std::string experiment_id;
  std::string name;
  std::string model_type;
  std::string source_run_id;
  std::string artifact_uri;
  LoggedModelStatus status = LoggedModelStatus::kPending;
  std::string status_message;
  WallTime creation_time;
  WallTime last_update_time;
  LifecycleStage stage = LifecycleStage::kActive;
  std::vector<KeyValue> tags;
  std::vector<KeyValue> params;
  std::vector<Metric> metrics;  ///< latest per (key, dataset)
};

/// A page of answers; `next_page_token` is empty on the last page.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;
};

}  // namespace stetig::tracking
