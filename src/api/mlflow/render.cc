#include "api/mlflow/render.h"

namespace stetig::api::mlflow {
namespace {

std::string_view StageWord(tracking::LifecycleStage stage) {
  return stage == tracking::LifecycleStage::kActive ? "active" : "deleted";
}

std::string_view StatusWord(tracking::RunStatus status) {
  switch (status) {
    case tracking::RunStatus::kRunning:
      return "RUNNING";
    case tracking::RunStatus::kScheduled:
      return "SCHEDULED";
    case tracking::RunStatus::kFinished:
      return "FINISHED";
    case tracking::RunStatus::kFailed:
      return "FAILED";
    case tracking::RunStatus::kKilled:
      return "KILLED";
  }
  return "RUNNING";
}

std::string_view StatusWord(tracking::LoggedModelStatus status) {
  switch (status) {
    case tracking::LoggedModelStatus::kPending:
      return "LOGGED_MODEL_PENDING";
    case tracking::LoggedModelStatus::kReady:
      return "LOGGED_MODEL_READY";
    case tracking::LoggedModelStatus::kUploadFailed:
      return "LOGGED_MODEL_UPLOAD_FAILED";
  }
  return "LOGGED_MODEL_STATUS_UNSPECIFIED";
}

void WriteDatasetInput(JsonWriter& json, const tracking::DatasetInput& input) {
  json.BeginObject();
  WritePairs(json, "tags", input.tags);
  json.Key("dataset");
  json.BeginObject();
  json.Field("name", input.dataset.name);
  json.Field("digest", input.dataset.digest);
  json.Field("source_type", input.dataset.source_type);
  json.Field("source", input.dataset.source);
  if (input.dataset.schema && !input.dataset.schema->empty()) {
    json.Field("schema", *input.dataset.schema);
  }
  if (input.dataset.profile && !input.dataset.profile->empty()) {
    json.Field("profile", *input.dataset.profile);
  }
  json.EndObject();
  json.EndObject();
}

void WriteInputs(JsonWriter& json, const tracking::Run& run, bool model_inputs) {
  json.Key("inputs");
  json.BeginObject();
  if (!run.dataset_inputs.empty()) {
    json.Key("dataset_inputs");
    json.BeginArray();
    for (const tracking::DatasetInput& input : run.dataset_inputs) {
      WriteDatasetInput(json, input);
    }
    json.EndArray();
  }
  if (model_inputs && !run.model_inputs.empty()) {
    json.Key("model_inputs");
    json.BeginArray();
    for (const tracking::ModelInput& input : run.model_inputs) {
      json.BeginObject();
      json.Field("model_id", input.model_id);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
}

void WriteOutputs(JsonWriter& json, const tracking::Run& run) {
  json.Key("outputs");
  json.BeginObject();
  if (!run.model_outputs.empty()) {
    json.Key("model_outputs");
    json.BeginArray();
    for (const tracking::ModelOutput& output : run.model_outputs) {
      json.BeginObject();
      json.Field("model_id", output.model_id);
      json.Field("step", output.step);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
}

}  // namespace

void WritePairs(JsonWriter& json, std::string_view name,
                const std::vector<tracking::KeyValue>& pairs) {
  if (pairs.empty()) {
    return;
  }
  json.Key(name);
  json.BeginArray();
  for (const tracking::KeyValue& pair : pairs) {
    json.BeginObject();
    json.Field("key", pair.key);
    json.Field("value", pair.value);
    json.EndObject();
  }
  json.EndArray();
}

void WriteNextPage(JsonWriter& json, const std::string& token) {
  if (!token.empty()) {
    json.Field("next_page_token", token);
  }
}

void Write(JsonWriter& json, const tracking::Experiment& experiment) {
  json.BeginObject();
  json.Field("experiment_id", experiment.id);
  json.Field("name", experiment.name);
  json.Field("artifact_location", experiment.artifact_location);
  json.Field("lifecycle_stage", StageWord(experiment.stage));
  json.Field("last_update_time", experiment.last_update_time.ms);
  json.Field("creation_time", experiment.creation_time.ms);
  WritePairs(json, "tags", experiment.tags);
  json.Field("workspace", std::string_view("default"));
  json.EndObject();
}

void Write(JsonWriter& json, const tracking::RunInfo& info) {
  json.BeginObject();
  json.Field("run_id", info.run_id);
  json.Field("run_uuid", info.run_id);
  json.Field("run_name", info.name);
  json.Field("experiment_id", info.experiment_id);
  json.Field("user_id", info.user_id);
  json.Field("status", StatusWord(info.status));
  json.Field("start_time", info.start_time.ms);
  if (info.end_time && info.end_time->ms != 0) {
    json.Field("end_time", info.end_time->ms);
  }
  json.Field("artifact_uri", info.artifact_uri);
  json.Field("lifecycle_stage", StageWord(info.stage));
  json.EndObject();
}

void Write(JsonWriter& json, const tracking::Metric& metric, bool run_id) {
  json.BeginObject();
  json.Field("key", metric.key);
  json.Field("value", metric.value);
  json.Field("timestamp", metric.timestamp);
  json.Field("step", metric.step);
  if (run_id) {
    json.Field("run_id", metric.run_id);
  }
  json.EndObject();
}

void Write(JsonWriter& json, const tracking::Run& run, bool outputs, bool model_inputs) {
  json.BeginObject();
  json.Key("info");
  Write(json, run.info);
  json.Key("data");
  json.BeginObject();
  if (!run.metrics.empty()) {
    json.Key("metrics");
    json.BeginArray();
    for (const tracking::Metric& metric : run.metrics) {
      Write(json, metric, /*run_id=*/false);
    }
    json.EndArray();
  }
  WritePairs(json, "params", run.params);
  WritePairs(json, "tags", run.tags);
  json.EndObject();
  WriteInputs(json, run, model_inputs);
  if (outputs) {
    WriteOutputs(json, run);
  }
  json.EndObject();
}

void Write(JsonWriter& json, const tracking::LoggedModel& model) {
  json.BeginObject();
  json.Key("info");
  json.BeginObject();
  json.Field("model_id", model.model_id);
  json.Field("experiment_id", model.experiment_id);
  json.Field("name", model.name);
  json.Field("creation_timestamp_ms", model.creation_time.ms);
  json.Field("last_updated_timestamp_ms", model.last_update_time.ms);
  json.Field("artifact_uri", model.artifact_uri);
  json.Field("status", StatusWord(model.status));
  json.Field("model_type", model.model_type);
  json.Field("source_run_id", model.source_run_id);
  if (!model.status_message.empty()) {
    json.Field("status_message", model.status_message);
  }
  WritePairs(json, "tags", model.tags);
  json.EndObject();
  json.Key("data");
  json.BeginObject();
  WritePairs(json, "params", model.params);
  if (!model.metrics.empty()) {
    json.Key("metrics");
    json.BeginArray();
    for (const tracking::Metric& metric : model.metrics) {
      json.BeginObject();
      json.Field("key", metric.key);
      json.Field("value", metric.value);
      json.Field("timestamp", metric.timestamp);
      json.Field("step", metric.step);
      if (!metric.dataset_name.empty()) {
        json.Field("dataset_name", metric.dataset_name);
      }
      if (!metric.dataset_digest.empty()) {
        json.Field("dataset_digest", metric.dataset_digest);
      }
      json.Field("model_id", model.model_id);
      json.Field("run_id", metric.run_id);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  json.EndObject();
}

void Write(JsonWriter& json, const registry::ModelVersion& version) {
  json.BeginObject();
  json.Field("name", version.name);
  json.Field("version", std::to_string(version.version));
  json.Field("creation_timestamp", version.creation_time.ms);
  json.Field("last_updated_timestamp", version.last_update_time.ms);
  json.Field("current_stage", registry::StageName(version.stage));
  if (version.description) {
    json.Field("description", *version.description);
  }
  json.Field("source", version.source);
  json.Field("run_id", version.run_id);
  json.Field("status", std::string_view("READY"));
  WritePairs(json, "tags", version.tags);
  json.Field("run_link", version.run_link);
  if (!version.aliases.empty()) {
    json.Key("aliases");
    json.BeginArray();
    for (const std::string& alias : version.aliases) {
      json.String(alias);
    }
    json.EndArray();
  }
  json.EndObject();
}

void Write(JsonWriter& json, const registry::RegisteredModel& model) {
  json.BeginObject();
  json.Field("name", model.name);
  json.Field("creation_timestamp", model.creation_time.ms);
  json.Field("last_updated_timestamp", model.last_update_time.ms);
  if (!model.description.empty()) {
    json.Field("description", model.description);
  }
  if (!model.latest_versions.empty()) {
    json.Key("latest_versions");
    json.BeginArray();
    for (const registry::ModelVersion& version : model.latest_versions) {
      Write(json, version);
    }
    json.EndArray();
  }
  WritePairs(json, "tags", model.tags);
  if (!model.aliases.empty()) {
    json.Key("aliases");
    json.BeginArray();
    for (const registry::Alias& alias : model.aliases) {
      json.BeginObject();
      json.Field("alias", alias.alias);
      json.Field("version", std::to_string(alias.version));
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
}

}  // namespace stetig::api::mlflow
