// Use cases that log into runs: params, tags, batches, inputs and outputs. Single metrics:
// metrics.cc.
#include <algorithm>
#include <utility>

#include "query/names.h"
#include "tracking/internal/events.h"
#include "tracking/internal/impl.h"
#include "tracking/internal/input_repository.h"
#include "tracking/internal/metric_repository.h"
#include "tracking/internal/model_history.h"
#include "tracking/internal/run_changes.h"
#include "tracking/internal/run_repository.h"
#include "tracking/validate.h"

namespace stetig::tracking {
namespace {

/// The params of a batch that are not logged yet. kInvalidArgument when one has another value.
Result<std::vector<KeyValue>> NewParams(store::Session& session, const RunRef& run,
                                        std::span<const KeyValue> params) {
  std::vector<KeyValue> missing;
  if (params.empty()) {
    return missing;
  }
  ASSIGN_OR_RETURN(const auto logged, ReadParamValues(session, run.run_no, params));
  std::string conflicts;
  for (size_t i = 0; i < params.size(); ++i) {
    if (!logged[i]) {
      missing.push_back(params[i]);
    } else if (*logged[i] != params[i].value) {
      conflicts += fmt::format("{}{{'key': {}, 'old_value': {}, 'new_value': {}}}",
                               conflicts.empty() ? "" : ", ", query::PythonRepr(params[i].key),
                               query::PythonRepr(*logged[i]), query::PythonRepr(params[i].value));
    }
  }
  if (!conflicts.empty()) {
    return Err(Code::kInvalidArgument, fmt::format("Changing param values is not allowed. Params "
                                                   "were already logged='[{}]' for run ID='{}'.",
                                                   conflicts, run.run_id));
  }
  return missing;
}

/// Sets tags; one that names the run renames it.
Status SetTags(store::Transaction& tx, const Act& act, const RunRef& run,
               std::span<const KeyValue> tags) {
  std::vector<KeyValue> plain;
  std::string name;
  for (const KeyValue& tag : tags) {
    if (tag.key == kRunNameTag) {
      name = tag.value.empty() ? name : tag.value;
    } else {
      plain.push_back(tag);
    }
  }
  if (!name.empty()) {
    ASSIGN_OR_RETURN(RunRow row, GetRunRow(tx, act.who, run.run_id));
    TRY(ChangeRun(tx, act, row, {.name = name}));
  }
  const auto commit = std::ranges::find(plain.rbegin(), plain.rend(), kCommitTag, &KeyValue::key);
  if (commit != plain.rend()) {
    ASSIGN_OR_RETURN(const RunAndValue before,
                     RequireActiveRunWithTag(tx, act.who, run.run_id, kCommitTag));
    if (before.value != commit->value) {
      TRY(RecordCommit(tx, act, run, plain));
    }
  }
  return UpsertTags(tx, run.run_no, plain);
}

Status RecordModels(store::Transaction& tx, const Act& act, const RunRef& run,
                    std::string_view kind, std::span<const std::string> model_ids) {
  for (const std::string& id : model_ids) {
    TRY(Record(tx, act, kind, LoggedModelRef(id),
               {RunRefOf(run.run_id), ExperimentRef(run.experiment_no)}));
  }
  return OkStatus();
}

Status WriteInputs(store::Transaction& tx, const Act& act, const RunRef& run,
                   std::span<const DatasetInput> datasets, std::span<const ModelInput> models) {
  ASSIGN_OR_RETURN(const std::vector<NewInput> used, AddDatasetInputs(tx, run, datasets));
  ASSIGN_OR_RETURN(const std::vector<std::string> new_models, AddModelInputs(tx, run, models));
  for (const NewInput& input : used) {
    const Dataset& dataset = datasets[input.index].dataset;
    TRY(Record(tx, act, input.new_dataset ? "dataset.seen" : "dataset.used",
               DatasetRef(run.experiment_no, dataset.name, dataset.digest),
               {RunRefOf(run.run_id), ExperimentRef(run.experiment_no)},
               {{"name", dataset.name},
                {"digest", dataset.digest},
                {"source_type", dataset.source_type}}));
  }
  TRY(RecordModels(tx, act, run, "logged_model.used", new_models));
  return used.empty() && new_models.empty() ? OkStatus() : BumpRun(tx, run.run_no);
}

template <class Model>
Status ValidateModels(std::span<const Model> models) {
  for (size_t i = 0; i < models.size(); ++i) {
    TRY(ValidateModelId(models[i].model_id, {.list = "models", .index = i}));
  }
  return ValidateBatchLimit("models", kMaxBatchModels, models.size());
}

}  // namespace

Task<> Service::SetTag(Principal who, std::string run_id, KeyValue tag, Deadline deadline) {
  CO_TRY(ValidateTag(tag, impl_->options.truncate_long_values));
  auto write = [who = std::move(who), run_id = std::move(run_id), tag = std::move(tag),
                now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const RunRef run, RequireActiveRun(tx, who, run_id));
    TRY(SetTags(tx, {who, now}, run, std::span(&tag, 1)));
    return BumpRun(tx, run.run_no);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::DeleteTag(Principal who, std::string run_id, std::string key, Deadline deadline) {
  auto write = [who = std::move(who), run_id = std::move(run_id),
                key = std::move(key)](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const RunAndValue found, RequireActiveRunWithTag(tx, who, run_id, key));
    if (!found.value) {
      return Err(Code::kNotFound,
                 fmt::format("No tag with name: {} in run with id {}", key, run_id));
    }
    TRY(DeleteTagRow(tx, found.ref.run_no, key));
    return BumpRun(tx, found.ref.run_no);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::LogParam(Principal who, std::string run_id, KeyValue param, Deadline deadline) {
  CO_TRY(ValidateParam(param, impl_->options.truncate_long_values));
  auto write = [who = std::move(who), run_id = std::move(run_id),
                param = std::move(param)](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const RunAndValue found,
                     RequireActiveRunWithParam(tx, who, run_id, param.key));
    if (found.value == param.value) {
      return OkStatus();
    }
    if (found.value) {
      return Err(Code::kInvalidArgument,
                 fmt::format("Changing param values is not allowed. Param with key='{}' was "
                             "already logged with value='{}' for run "
                             "ID='{}'. Attempted logging new value '{}'.",
                             param.key, *found.value, run_id, param.value));
    }
    TRY(InsertParams(tx, found.ref.run_no, std::span(&param, 1)));
    return BumpRun(tx, found.ref.run_no);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::LogBatch(Principal who, tracking::LogBatch batch, Deadline deadline) {
  CO_TRY(ValidateLogBatch(batch, impl_->options.truncate_long_values));
  auto write = [who = std::move(who), batch = std::move(batch),
                now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const RunRef run, RequireActiveRun(tx, who, batch.run_id));
    ASSIGN_OR_RETURN(const std::vector<KeyValue> params, NewParams(tx, run, batch.params));
    TRY(AppendMetrics(tx, who, run, batch.metrics));
    TRY(InsertParams(tx, run.run_no, params));
    if (!batch.tags.empty()) {
      TRY(SetTags(tx, {who, now}, run, batch.tags));
    }
    return params.empty() && batch.tags.empty() ? OkStatus() : BumpRun(tx, run.run_no);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::LogInputs(Principal who, std::string run_id, std::vector<DatasetInput> datasets,
                          std::vector<ModelInput> models, Deadline deadline) {
  CO_TRY(ValidateRunId(run_id));
  CO_TRY(ValidateDatasetInputs(datasets));
  CO_TRY(ValidateModels<ModelInput>(models));
  auto write = [who = std::move(who), run_id = std::move(run_id), datasets = std::move(datasets),
                models = std::move(models), now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const RunRef run, RequireActiveRun(tx, who, run_id));
    return WriteInputs(tx, {who, now}, run, datasets, models);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::LogOutputs(Principal who, std::string run_id, std::vector<ModelOutput> models,
                           Deadline deadline) {
  CO_TRY(ValidateModels<ModelOutput>(models));
  auto write = [who = std::move(who), run_id = std::move(run_id), models = std::move(models),
                now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const RunRef run, RequireActiveRun(tx, who, run_id));
    ASSIGN_OR_RETURN(const std::vector<std::string> added, AddModelOutputs(tx, run, models));
    TRY(RecordModels(tx, {who, now}, run, "logged_model.produced", added));
    return added.empty() ? OkStatus() : BumpRun(tx, run.run_no);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::LogModelHistory(Principal who, std::string run_id, std::string model_json,
                                Deadline deadline) {
  ASSIGN_OR_CO_RETURN(std::string entry, ModelHistoryEntry(model_json));
  const bool truncate = impl_->options.truncate_long_values;
  auto write = [who = std::move(who), run_id = std::move(run_id), entry = std::move(entry),
                truncate](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const RunAndValue found,
                     RequireActiveRunWithTag(tx, who, run_id, kModelHistoryTag));
    ASSIGN_OR_RETURN(std::string history, AppendToModelHistory(found.value.value_or(""), entry));
    if (history == found.value) {
      return OkStatus();
    }
    if (!truncate) {
      TRY(query::CheckLength("value", kMaxTagValueLength, history));
    }
    const KeyValue tag{.key = std::string(kModelHistoryTag), .value = std::move(history)};
    TRY(UpsertTags(tx, found.ref.run_no, std::span(&tag, 1)));
    return BumpRun(tx, found.ref.run_no);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

}  // namespace stetig::tracking
