// Request messages of the MLflow API (protos `service` and `model_registry` of MLflow 3.17):
// members and fields in MLflow's order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/mlflow/schema.h"

namespace stetig::api::mlflow {

using Text = std::optional<std::string>;
using Int64 = std::optional<int64_t>;
using Int32 = std::optional<int32_t>;

struct ViewTypeNames {
  static constexpr bool kStrict = false;
  static constexpr EnumName kNames[] = {{"ACTIVE_ONLY", 1}, {"DELETED_ONLY", 2}, {"ALL", 3}};
};
struct RunStatusNames {
  static constexpr bool kStrict = false;
  static constexpr EnumName kNames[] = {
      {"RUNNING", 1}, {"SCHEDULED", 2}, {"FINISHED", 3}, {"FAILED", 4}, {"KILLED", 5}};
};
struct LoggedModelStatusNames {
  static constexpr bool kStrict = true;
  static constexpr EnumName kNames[] = {{"LOGGED_MODEL_STATUS_UNSPECIFIED", 0},
                                        {"LOGGED_MODEL_PENDING", 1},
                                        {"LOGGED_MODEL_READY", 2},
                                        {"LOGGED_MODEL_UPLOAD_FAILED", 3}};
};

/// Nothing to read.
struct Empty {
  static constexpr std::span<const Field> kFields = {};
};
/// A tag at create time, where MLflow does not check it.
struct LooseTag {
  Text key, value;
  static constexpr Field kFields[] = {Opt<&LooseTag::key>("key"), Opt<&LooseTag::value>("value")};
};
/// A tag or param in a batch.
struct KeyedValue {
  Text key, value;
  static constexpr Field kFields[] = {Req<&KeyedValue::key>("key"),
                                      Opt<&KeyedValue::value>("value")};
};

// Experiments.
struct CreateExperiment {
  Text name, artifact_location;
  std::vector<LooseTag> tags;
  static constexpr Field kFields[] = {
      Req<&CreateExperiment::name>("name"),
      Opt<&CreateExperiment::artifact_location>("artifact_location"),
      Opt<&CreateExperiment::tags>("tags")};
};
struct ExperimentId {
  Text experiment_id;
  static constexpr Field kFields[] = {Req<&ExperimentId::experiment_id>("experiment_id")};
};
struct ExperimentName {
  Text experiment_name;
  static constexpr Field kFields[] = {Req<&ExperimentName::experiment_name>("experiment_name")};
};
struct UpdateExperiment {
  Text experiment_id, new_name;
  static constexpr Field kFields[] = {Req<&UpdateExperiment::experiment_id>("experiment_id"),
                                      Req<&UpdateExperiment::new_name>("new_name")};
};
struct SearchExperiments {
  EnumField<ViewTypeNames> view_type;
  Int64 max_results;
  std::vector<std::string> order_by;
  Text filter, page_token;
  static constexpr Field kFields[] = {Opt<&SearchExperiments::view_type>("view_type"),
                                      Opt<&SearchExperiments::max_results>("max_results"),
                                      Opt<&SearchExperiments::order_by>("order_by"),
                                      Opt<&SearchExperiments::filter>("filter"),
                                      Opt<&SearchExperiments::page_token>("page_token")};
};
struct SetExperimentTag {
  Text experiment_id, key, value;
  static constexpr Field kFields[] = {Req<&SetExperimentTag::experiment_id>("experiment_id"),
                                      Req<&SetExperimentTag::key>("key"),
                                      Opt<&SetExperimentTag::value>("value")};
};
struct DeleteExperimentTag {
  Text experiment_id, key;
  static constexpr Field kFields[] = {Req<&DeleteExperimentTag::experiment_id>("experiment_id"),
                                      Req<&DeleteExperimentTag::key>("key")};
};
struct SearchDatasets {
  std::vector<std::string> experiment_ids;
  static constexpr Field kFields[] = {Opt<&SearchDatasets::experiment_ids>("experiment_ids")};
};

// Runs. run_uuid is the old name of run_id.
struct CreateRun {
  Text experiment_id;
  Int64 start_time;
  Text run_name, user_id;
  std::vector<LooseTag> tags;
  static constexpr Field kFields[] = {
      Opt<&CreateRun::experiment_id>("experiment_id"), Opt<&CreateRun::start_time>("start_time"),
      Opt<&CreateRun::run_name>("run_name"), Opt<&CreateRun::user_id>("user_id"),
      Opt<&CreateRun::tags>("tags")};
};
struct UpdateRun {
  Text run_id;
  Int64 end_time;
  EnumField<RunStatusNames> status;
  Text run_name, run_uuid;
  static constexpr Field kFields[] = {
      Req<&UpdateRun::run_id>("run_id", "run_uuid"), Opt<&UpdateRun::end_time>("end_time"),
      Opt<&UpdateRun::status>("status"), Opt<&UpdateRun::run_name>("run_name"),
      Opt<&UpdateRun::run_uuid>("run_uuid")};
};
struct RunId {
  Text run_id, run_uuid;
  static constexpr Field kFields[] = {Req<&RunId::run_id>("run_id", "run_uuid"),
                                      Opt<&RunId::run_uuid>("run_uuid")};
};
struct LogMetric {
  Text run_id, key;
  std::optional<double> value;
  Int64 timestamp, step;
  Text model_id, dataset_name, dataset_digest, run_uuid;
  static constexpr Field kFields[] = {Req<&LogMetric::run_id>("run_id", "run_uuid"),
                                      Req<&LogMetric::key>("key"),
                                      Req<&LogMetric::value>("value"),
                                      Req<&LogMetric::timestamp>("timestamp"),
                                      Opt<&LogMetric::step>("step"),
                                      Opt<&LogMetric::model_id>("model_id"),
                                      Opt<&LogMetric::dataset_name>("dataset_name"),
                                      Opt<&LogMetric::dataset_digest>("dataset_digest"),
                                      Opt<&LogMetric::run_uuid>("run_uuid")};
};
struct RunKeyValue {
  Text run_id, key, value, run_uuid;
  static constexpr Field kFields[] = {
      Req<&RunKeyValue::run_id>("run_id", "run_uuid"), Req<&RunKeyValue::key>("key"),
      Opt<&RunKeyValue::value>("value"), Opt<&RunKeyValue::run_uuid>("run_uuid")};
};
struct DeleteRunTag {
  Text run_id, key;
  static constexpr Field kFields[] = {Req<&DeleteRunTag::run_id>("run_id"),
                                      Req<&DeleteRunTag::key>("key")};
};
struct BatchMetric {
  Text key;
  std::optional<double> value;
  Int64 timestamp, step;
  Text model_id, dataset_name, dataset_digest;
  static constexpr Field kFields[] = {Req<&BatchMetric::key>("key"),
                                      Req<&BatchMetric::value>("value"),
                                      Req<&BatchMetric::timestamp>("timestamp"),
                                      Opt<&BatchMetric::step>("step"),
                                      Opt<&BatchMetric::model_id>("model_id"),
                                      Opt<&BatchMetric::dataset_name>("dataset_name"),
                                      Opt<&BatchMetric::dataset_digest>("dataset_digest")};
};
struct LogBatch {
  Text run_id;
  std::vector<BatchMetric> metrics;
  std::vector<KeyedValue> params, tags;
  static constexpr Field kFields[] = {
      Req<&LogBatch::run_id>("run_id"), Opt<&LogBatch::metrics>("metrics"),
      Opt<&LogBatch::params>("params"), Opt<&LogBatch::tags>("tags")};
};
struct DatasetMessage {
  Text name, digest, source_type, source, schema, profile;
  static constexpr Field kFields[] = {Opt<&DatasetMessage::name>("name"),
                                      Opt<&DatasetMessage::digest>("digest"),
                                      Opt<&DatasetMessage::source_type>("source_type"),
                                      Opt<&DatasetMessage::source>("source"),
                                      Opt<&DatasetMessage::schema>("schema"),
                                      Opt<&DatasetMessage::profile>("profile")};
};
struct DatasetInputMessage {
  std::vector<LooseTag> tags;
  std::optional<DatasetMessage> dataset;
  static constexpr Field kFields[] = {Opt<&DatasetInputMessage::tags>("tags"),
                                      Opt<&DatasetInputMessage::dataset>("dataset")};
};
struct ModelInputMessage {
  Text model_id;
  static constexpr Field kFields[] = {Opt<&ModelInputMessage::model_id>("model_id")};
};
struct LogInputs {
  Text run_id;
  std::vector<DatasetInputMessage> datasets;
  std::vector<ModelInputMessage> models;
  static constexpr Field kFields[] = {Req<&LogInputs::run_id>("run_id"),
                                      Opt<&LogInputs::datasets>("datasets"),
                                      Opt<&LogInputs::models>("models")};
};
struct ModelOutputMessage {
  Text model_id;
  Int64 step;
  static constexpr Field kFields[] = {Opt<&ModelOutputMessage::model_id>("model_id"),
                                      Opt<&ModelOutputMessage::step>("step")};
};
struct LogOutputs {
  Text run_id;
  std::vector<ModelOutputMessage> models;
  static constexpr Field kFields[] = {Req<&LogOutputs::run_id>("run_id"),
                                      Req<&LogOutputs::models>("models")};
};
struct LogModel {
  Text run_id, model_json;
  static constexpr Field kFields[] = {Req<&LogModel::run_id>("run_id"),
                                      Req<&LogModel::model_json>("model_json")};
};
struct SearchRuns {
  std::vector<std::string> experiment_ids;
  Text filter;
  Int32 max_results;
  std::vector<std::string> order_by;
  EnumField<ViewTypeNames> run_view_type;
  Text page_token;
  static constexpr Field kFields[] = {Opt<&SearchRuns::experiment_ids>("experiment_ids"),
                                      Opt<&SearchRuns::filter>("filter"),
                                      Opt<&SearchRuns::max_results>("max_results"),
                                      Opt<&SearchRuns::order_by>("order_by"),
                                      Opt<&SearchRuns::run_view_type>("run_view_type"),
                                      Opt<&SearchRuns::page_token>("page_token")};
};

// Metrics.
struct GetHistory {
  Text run_id, metric_key, page_token;
  Int32 max_results;
  Text run_uuid;
  static constexpr Field kFields[] = {
      Req<&GetHistory::run_id>("run_id", "run_uuid"), Req<&GetHistory::metric_key>("metric_key"),
      Opt<&GetHistory::page_token>("page_token"), Opt<&GetHistory::max_results>("max_results"),
      Opt<&GetHistory::run_uuid>("run_uuid")};
};
struct GetBulkInterval {
  std::vector<std::string> run_ids;
  Text metric_key;
  Int32 start_step, end_step, max_results;
  static constexpr Field kFields[] = {
      Req<&GetBulkInterval::run_ids>("run_ids"), Req<&GetBulkInterval::metric_key>("metric_key"),
      Opt<&GetBulkInterval::start_step>("start_step"), Opt<&GetBulkInterval::end_step>("end_step"),
      Opt<&GetBulkInterval::max_results>("max_results")};
};

// Artifacts of runs.
struct ListArtifacts {
  Text run_id, path, page_token, run_uuid;
  static constexpr Field kFields[] = {
      Req<&ListArtifacts::run_id>("run_id", "run_uuid"), Opt<&ListArtifacts::path>("path"),
      Opt<&ListArtifacts::page_token>("page_token"), Opt<&ListArtifacts::run_uuid>("run_uuid")};
};

struct PresignedUpload {
  Text run_id, model_id, path;
  Int64 expiration;
  static constexpr Field kFields[] = {
      Opt<&PresignedUpload::run_id>("run_id"), Opt<&PresignedUpload::model_id>("model_id"),
      Req<&PresignedUpload::path>("path"), Opt<&PresignedUpload::expiration>("expiration")};
};
struct PresignedDownload {
  Text run_id, path;
  Int64 expiration;
  static constexpr Field kFields[] = {Req<&PresignedDownload::run_id>("run_id"),
                                      Req<&PresignedDownload::path>("path"),
                                      Opt<&PresignedDownload::expiration>("expiration")};
};
struct CreateMultipart {
  Text path;
  Int64 num_parts;
  static constexpr Field kFields[] = {Req<&CreateMultipart::path>("path"),
                                      Opt<&CreateMultipart::num_parts>("num_parts")};
};
struct MultipartPart {
  Int64 part_number;
  Text etag, url;
  static constexpr Field kFields[] = {Opt<&MultipartPart::part_number>("part_number"),
                                      Opt<&MultipartPart::etag>("etag"),
                                      Opt<&MultipartPart::url>("url")};
};
struct CompleteMultipart {
  Text path, upload_id;
  std::vector<MultipartPart> parts;
  static constexpr Field kFields[] = {Req<&CompleteMultipart::path>("path"),
                                      Opt<&CompleteMultipart::upload_id>("upload_id"),
                                      Req<&CompleteMultipart::parts>("parts")};
};
struct AbortMultipart {
  Text path, upload_id;
  static constexpr Field kFields[] = {Req<&AbortMultipart::path>("path"),
                                      Opt<&AbortMultipart::upload_id>("upload_id")};
};

}  // namespace stetig::api::mlflow
