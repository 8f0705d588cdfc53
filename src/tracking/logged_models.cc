// Use cases of logged models. Their search: logged_model_search.cc.
#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "query/names.h"
#include "tracking/internal/events.h"
#include "tracking/internal/experiment_repository.h"
#include "tracking/internal/impl.h"
#include "tracking/internal/location.h"
#include "tracking/internal/logged_model_repository.h"
#include "tracking/internal/names.h"
#include "tracking/internal/python_text.h"
#include "tracking/validate.h"

namespace stetig::tracking {
namespace {

std::string_view StatusName(LoggedModelStatus status) {
  switch (status) {
    case LoggedModelStatus::kPending:
      return "PENDING";
    case LoggedModelStatus::kReady:
      return "READY";
    case LoggedModelStatus::kUploadFailed:
      return "UPLOAD_FAILED";
  }
  return "UNKNOWN";
}

Result<LoggedModel> WholeModel(store::Session& session, const LoggedModelRow& row) {
  ASSIGN_OR_RETURN(std::vector<LoggedModel> models, ReadLoggedModels(session, std::span(&row, 1)));
  return std::move(models.front());
}

/// The params to write: those not logged yet. kInvalidArgument: one has another value, or two of
/// the request contradict each other.
Result<std::vector<KeyValue>> NewModelParams(std::vector<KeyValue> logged,
                                             std::span<const KeyValue> params,
                                             std::string_view model_id) {
  std::vector<KeyValue> added;
  for (const KeyValue& param : params) {
    const auto known = std::ranges::find(logged, param.key, &KeyValue::key);
    if (known == logged.end()) {
      logged.push_back(param);
      added.push_back(param);
    } else if (known->value != param.value) {
      return Err(Code::kInvalidArgument,
                 fmt::format("Changing param values is not allowed. Param with key='{}' was "
                             "already logged with value='{}' for model "
                             "ID='{}'. Attempted logging new value '{}'.",
                             param.key, known->value, model_id, param.value));
    }
  }
  return added;
}

constexpr std::string_view kModelVersionsTag = "mlflow.modelVersions";

/// The text of kModelVersionsTag with one version more: [{"name": "fraud", "version": 1}].
std::string WithVersion(std::span<const KeyValue> tags, std::string_view name, int64_t version) {
  json::Array entries;
  if (const auto tag = std::ranges::find(tags, kModelVersionsTag, &KeyValue::key);
      tag != tags.end()) {
    const Result<json::Value> parsed = json::Parse(tag->value);
    if (parsed && parsed->AsArray() != nullptr) {
      entries = *parsed->AsArray();
    }
  }
  json::Value entry(json::Object{{"name", name}, {"version", version}});
  if (std::ranges::find(entries, entry) == entries.end()) {
    entries.push_back(std::move(entry));
  }
  return PythonDump(json::Value(std::move(entries)));
}

}  // namespace

Task<LoggedModel> Service::CreateLoggedModel(Principal who, tracking::CreateLoggedModel request,
                                             Deadline deadline) {
  CO_TRY(ValidateLoggedModelName(request.name));
  ASSIGN_OR_CO_RETURN(const int64_t experiment_no, ParseExperimentId(request.experiment_id));
  if (request.name.empty()) {
    request.name = GenerateName();
  }
  auto write = [impl = impl_.get(), who = std::move(who), request = std::move(request),
                experiment_no, id = NewLoggedModelId(impl_->Now()),
                now = impl_->Now()](store::Transaction& tx) -> Result<LoggedModel> {
    ASSIGN_OR_RETURN(const ExperimentRow experiment,
                     RequireActiveExperiment(tx, who, experiment_no));
    ASSIGN_OR_RETURN(const std::vector<KeyValue> params, NewModelParams({}, request.params, id));
    ASSIGN_OR_RETURN(const int64_t no, NextLoggedModelNo(tx));
    const LoggedModelRow row{.no = no,
                             .model_id = id,
                             .experiment_no = experiment_no,
                             .name = request.name,
                             .model_type = request.model_type,
                             .source_run_id = request.source_run_id,
                             .artifact_uri = AppendToUri(
                                 ArtifactLocation(experiment, impl->options.default_artifact_root),
                                 fmt::format("models/{}/artifacts", id)),
                             .status = LoggedModelStatus::kPending,
                             .creation_time = now.ms,
                             .last_update_time = now.ms};
    TRY(InsertLoggedModel(tx, row));
    TRY(UpsertLoggedModelParams(tx, no, params));
    TRY(UpsertLoggedModelTags(tx, no, request.tags));
    std::vector<journal::Ref> refs = {ExperimentRef(experiment_no)};
    if (!row.source_run_id.empty()) {
      refs.push_back(RunRefOf(row.source_run_id));
    }
    TRY(Record(tx, {who, now}, "logged_model.created", LoggedModelRef(id), std::move(refs),
               {{"name", row.name}, {"model_type", row.model_type}}));
    return WholeModel(tx, row);
  };
  auto created = co_await impl_->db.Write(std::move(write), deadline);
  co_return created;
}

Task<LoggedModel> Service::GetLoggedModel(Principal who, std::string model_id, bool allow_deleted,
                                          Deadline deadline) {
  auto read = [who = std::move(who), model_id = std::move(model_id),
               allow_deleted](store::Session& session) -> Result<LoggedModel> {
    ASSIGN_OR_RETURN(const LoggedModelRow row,
                     GetLoggedModelRow(session, who, model_id, allow_deleted));
    return WholeModel(session, row);
  };
  auto model = co_await impl_->db.Read(std::move(read), deadline);
  co_return model;
}

Task<LoggedModel> Service::FinalizeLoggedModel(Principal who, std::string model_id,
                                               LoggedModelStatus status, Deadline deadline) {
  auto write = [who = std::move(who), model_id = std::move(model_id), status,
                now = impl_->Now()](store::Transaction& tx) -> Result<LoggedModel> {
    ASSIGN_OR_RETURN(LoggedModelRow row,
                     GetLoggedModelRow(tx, who, model_id, /*allow_deleted=*/true));
    if (row.status != status) {
      row.status = status;
      row.last_update_time = now.ms;
      TRY(UpdateLoggedModelRow(tx, row));
      TRY(Record(tx, {who, now}, "logged_model.finalized", LoggedModelRef(model_id),
                 {ExperimentRef(row.experiment_no)}, {{"status", StatusName(status)}}));
    }
    return WholeModel(tx, row);
  };
  auto model = co_await impl_->db.Write(std::move(write), deadline);
  co_return model;
}

Task<> Service::DeleteLoggedModel(Principal who, std::string model_id, Deadline deadline) {
  auto write = [who = std::move(who), model_id = std::move(model_id),
                now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(LoggedModelRow row,
                     GetLoggedModelRow(tx, who, model_id, /*allow_deleted=*/true));
    if (row.deleted) {
      return OkStatus();
    }
    row.deleted = true;
    row.last_update_time = now.ms;
    TRY(UpdateLoggedModelRow(tx, row));
    return Record(tx, {who, now}, "logged_model.deleted", LoggedModelRef(model_id),
                  {ExperimentRef(row.experiment_no)});
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::SetLoggedModelTags(Principal who, std::string model_id, std::vector<KeyValue> tags,
                                   Deadline deadline) {
  auto write = [who = std::move(who), model_id = std::move(model_id),
                tags = std::move(tags)](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const LoggedModelRow row,
                     GetLoggedModelRow(tx, who, model_id, /*allow_deleted=*/true));
    return UpsertLoggedModelTags(tx, row.no, tags);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Status NoteModelVersion(store::Transaction& tx, const Principal& who, std::string_view model_id,
                        std::string_view name, int64_t version) {
  ASSIGN_OR_RETURN(const LoggedModelRow row,
                   GetLoggedModelRow(tx, who, model_id, /*allow_deleted=*/true));
  ASSIGN_OR_RETURN(const LoggedModel model, WholeModel(tx, row));
  const KeyValue tag{std::string(kModelVersionsTag), WithVersion(model.tags, name, version)};
  return UpsertLoggedModelTags(tx, row.no, std::span(&tag, 1));
}

Task<> Service::DeleteLoggedModelTag(Principal who, std::string model_id, std::string key,
                                     Deadline deadline) {
  auto write = [who = std::move(who), model_id = std::move(model_id),
                key = std::move(key)](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const LoggedModelRow row,
                     GetLoggedModelRow(tx, who, model_id, /*allow_deleted=*/true));
    ASSIGN_OR_RETURN(const int64_t deleted, DeleteLoggedModelTagRow(tx, row.no, key));
    if (deleted == 0) {
      return Err(Code::kNotFound, fmt::format("No tag with key {} found for model with ID {}.",
                                              query::PythonRepr(key), query::PythonRepr(model_id)));
    }
    return OkStatus();
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::LogLoggedModelParams(Principal who, std::string model_id,
                                     std::vector<KeyValue> params, Deadline deadline) {
  auto write = [who = std::move(who), model_id = std::move(model_id),
                params = std::move(params)](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const LoggedModelRow row,
                     GetLoggedModelRow(tx, who, model_id, /*allow_deleted=*/true));
    ASSIGN_OR_RETURN(std::vector<KeyValue> logged, ReadLoggedModelParams(tx, row.no));
    ASSIGN_OR_RETURN(const std::vector<KeyValue> added,
                     NewModelParams(std::move(logged), params, model_id));
    return UpsertLoggedModelParams(tx, row.no, added);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

}  // namespace stetig::tracking
