// Answers of the MLflow API as JSON: names, presence and order as MLflow's protobuf messages print
// them.
#pragma once

#include "base/json_writer.h"
#include "registry/types.h"
#include "tracking/types.h"

namespace stetig::api::mlflow {

void Write(JsonWriter& json, const tracking::Experiment& experiment);
/// `outputs`: whether model outputs are shown (not in runs/create); `model_inputs`: not in
/// runs/search.
void Write(JsonWriter& json, const tracking::Run& run, bool outputs, bool model_inputs);
void Write(JsonWriter& json, const tracking::RunInfo& info);
/// key, value, timestamp, step, and run_id where asked.
void Write(JsonWriter& json, const tracking::Metric& metric, bool run_id);
void Write(JsonWriter& json, const tracking::LoggedModel& model);
void Write(JsonWriter& json, const registry::RegisteredModel& model);
void Write(JsonWriter& json, const registry::ModelVersion& version);

/// `"tags":[{"key":…,"value":…},…]`; nothing when the list is empty.
void WritePairs(JsonWriter& json, std::string_view name,
                const std::vector<tracking::KeyValue>& pairs);
/// `"next_page_token":…`; nothing when empty.
void WriteNextPage(JsonWriter& json, const std::string& token);

}  // namespace stetig::api::mlflow
