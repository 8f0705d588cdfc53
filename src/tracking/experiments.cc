// Use cases of experiments.
#include <algorithm>
#include <utility>

#include "tracking/internal/events.h"
#include "tracking/internal/experiment_repository.h"
#include "tracking/internal/impl.h"
#include "tracking/internal/input_repository.h"
#include "tracking/internal/location.h"
#include "tracking/internal/run_repository.h"
#include "tracking/internal/sight.h"
#include "tracking/validate.h"

namespace stetig::tracking {
namespace {

constexpr size_t kMaxDatasetSummaries = 1000;
constexpr size_t kMaxDatasetExperiments = 20;
constexpr std::string_view kCustomViewPrefix = "mlflow.customView.view";
constexpr size_t kMaxCustomViews = 50;

bool IsCustomView(const KeyValue& tag) { return tag.key.starts_with(kCustomViewPrefix); }

/// `for_experiment`: empty, or " for experiment <id>".
Status TooManyCustomViews(std::string_view for_experiment) {
  return Status(Code::kInvalidArgument,
                fmt::format("Unable to create another custom view{}; the maximum number of custom "
                            "views per experiment is {}. Delete an "
                            "existing custom view before creating a new one.",
                            for_experiment, kMaxCustomViews));
}

Status ValidateNewTags(std::span<const KeyValue> tags) {
  if (std::ranges::count_if(tags, IsCustomView) > static_cast<ptrdiff_t>(kMaxCustomViews)) {
    return TooManyCustomViews("");
  }
  for (const KeyValue& tag : tags) {
    TRY(ValidateExperimentTag(tag));
  }
  return OkStatus();
}

/// Whether the experiment can take one more custom view (tags that MLflow's UI keeps its views in).
Status CheckRoomForCustomView(store::Session& session, int64_t no) {
  size_t count = 0;
  TRY(ReadExperimentTags(session, std::span(&no, 1),
                         [&](size_t, const KeyValue& tag) { count += IsCustomView(tag) ? 1 : 0; }));
  return count < kMaxCustomViews ? OkStatus()
                                 : TooManyCustomViews(fmt::format(" for experiment {}", no));
}

Result<Experiment> WithTags(store::Session& session, const ExperimentRow& row,
                            std::string_view default_root) {
  Experiment experiment = ToExperiment(row, default_root);
  TRY(ReadExperimentTags(session, std::span(&row.no, 1),
                         [&](size_t, KeyValue tag) { experiment.tags.push_back(std::move(tag)); }));
  return experiment;
}

/// Marks an experiment and its runs deleted or active. kNotFound when it is not in the other state,
/// as MLflow has it.
Status MarkExperiment(store::Transaction& tx, const Act& act, int64_t no, bool deleted) {
  ASSIGN_OR_RETURN(ExperimentRow row, GetExperimentRow(tx, act.who, no));
  if (row.deleted == deleted) {
    return Err(Code::kNotFound, fmt::format("No Experiment with id={} exists", no));
  }
  row.deleted = deleted;
  row.last_update_time = act.time.ms;
  TRY(UpdateExperimentRow(tx, row));
  TRY(MarkRunsOfExperiment(tx, no, deleted ? std::optional(act.time.ms) : std::nullopt));
  return Record(tx, act, deleted ? "experiment.deleted" : "experiment.restored", ExperimentRef(no),
                {}, {{"name", row.name}});
}

}  // namespace

Task<std::string> Service::CreateExperiment(Principal who, std::string name,
                                            std::string artifact_location,
                                            std::vector<KeyValue> tags, Deadline deadline) {
  CO_TRY(ValidateExperimentName(name));
  if (!artifact_location.empty()) {
    CO_TRY(ValidateArtifactLocation(artifact_location, impl_->options.default_artifact_root));
  }
  CO_TRY(ValidateNewTags(tags));
  auto write = [impl = impl_.get(), who = std::move(who), name = std::move(name),
                location = std::move(artifact_location), tags = std::move(tags),
                now = impl_->Now()](store::Transaction& tx) -> Result<std::string> {
    if (!who.MayInExperiment("")) {
      return Err(Code::kPermissionDenied, access::DenialOf(who));
    }
    ASSIGN_OR_RETURN(const int64_t no, NextExperimentNo(tx, name));
    ExperimentRow row{.no = no,
                      .name = name,
                      .artifact_location = location,
                      .creation_time = now.ms,
                      .last_update_time = now.ms};
    if (row.artifact_location.empty()) {
      row.artifact_location = AppendToUri(impl->options.default_artifact_root, std::to_string(no));
    }
    TRY(InsertExperiment(tx, row));
    TRY(UpsertExperimentTags(tx, no, tags));
    TRY(Record(tx, {who, now}, "experiment.created", ExperimentRef(no), {},
               {{"name", name}, {"artifact_location", row.artifact_location}}));
    return std::to_string(no);
  };
  auto created = co_await impl_->db.Write(std::move(write), deadline);
  co_return created;
}

Task<Experiment> Service::GetExperiment(Principal who, std::string id, Deadline deadline) {
  ASSIGN_OR_CO_RETURN(const int64_t no, ParseExperimentId(id));
  auto read = [impl = impl_.get(), who = std::move(who),
               no](store::Session& session) -> Result<Experiment> {
    ASSIGN_OR_RETURN(const ExperimentRow row, GetExperimentRow(session, who, no));
    return WithTags(session, row, impl->options.default_artifact_root);
  };
  auto experiment = co_await impl_->db.Read(std::move(read), deadline);
  co_return experiment;
}

Task<Experiment> Service::GetExperimentByName(Principal who, std::string name, Deadline deadline) {
  auto read = [impl = impl_.get(), who = std::move(who),
               name = std::move(name)](store::Session& session) -> Result<Experiment> {
    ASSIGN_OR_RETURN(const std::optional<ExperimentRow> row, FindExperimentByName(session, name));
    if (!row || !Sees(who, row->no)) {
      return Err(Code::kNotFound, fmt::format("Could not find experiment with name '{}'", name));
    }
    return WithTags(session, *row, impl->options.default_artifact_root);
  };
  auto experiment = co_await impl_->db.Read(std::move(read), deadline);
  co_return experiment;
}

Task<> Service::RenameExperiment(Principal who, std::string id, std::string new_name,
                                 Deadline deadline) {
  CO_TRY(ValidateExperimentName(new_name));
  ASSIGN_OR_CO_RETURN(const int64_t no, ParseExperimentId(id));
  auto write = [who = std::move(who), no, name = std::move(new_name),
                now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(ExperimentRow row, GetExperimentRow(tx, who, no));
    if (row.deleted) {
      return Err(Code::kFailedPrecondition, "Cannot rename a non-active experiment.");
    }
    if (row.name == name) {
      return OkStatus();
    }
    ASSIGN_OR_RETURN(const std::optional<ExperimentRow> taken, FindExperimentByName(tx, name));
    if (taken) {
      return Err(Code::kAlreadyExists, fmt::format("Experiment(name={}) already exists.", name));
    }
    const std::string old_name = std::exchange(row.name, name);
    row.last_update_time = now.ms;
    TRY(UpdateExperimentRow(tx, row));
    return Record(tx, {who, now}, "experiment.renamed", ExperimentRef(no), {},
                  {{"name", name}, {"old_name", old_name}});
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::DeleteExperiment(Principal who, std::string id, Deadline deadline) {
  ASSIGN_OR_CO_RETURN(const int64_t no, ParseExperimentId(id));
  auto write = [who = std::move(who), no, now = impl_->Now()](store::Transaction& tx) {
    return MarkExperiment(tx, {who, now}, no, /*deleted=*/true);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::RestoreExperiment(Principal who, std::string id, Deadline deadline) {
  ASSIGN_OR_CO_RETURN(const int64_t no, ParseExperimentId(id));
  auto write = [who = std::move(who), no, now = impl_->Now()](store::Transaction& tx) {
    return MarkExperiment(tx, {who, now}, no, /*deleted=*/false);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::SetExperimentTag(Principal who, std::string id, KeyValue tag, Deadline deadline) {
  CO_TRY(ValidateExperimentTag(tag));
  ASSIGN_OR_CO_RETURN(const int64_t no, ParseExperimentId(id));
  auto write = [who = std::move(who), no, tag = std::move(tag),
                now = impl_->Now()](store::Transaction& tx) -> Status {
    TRY(RequireActiveExperiment(tx, who, no));
    ASSIGN_OR_RETURN(const std::optional<std::string> old_value,
                     ReadExperimentTag(tx, no, tag.key));
    if (old_value == tag.value) {
      return OkStatus();
    }
    if (!old_value && IsCustomView(tag)) {
      TRY(CheckRoomForCustomView(tx, no));
    }
    TRY(UpsertExperimentTags(tx, no, std::span(&tag, 1)));
    return Record(tx, {who, now}, "experiment.tagged", ExperimentRef(no), {},
                  {{"key", tag.key}, {"value", tag.value}});
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::DeleteExperimentTag(Principal who, std::string id, std::string key,
                                    Deadline deadline) {
  ASSIGN_OR_CO_RETURN(const int64_t no, ParseExperimentId(id));
  auto write = [who = std::move(who), no, id = std::move(id), key = std::move(key),
                now = impl_->Now()](store::Transaction& tx) -> Status {
    TRY(RequireActiveExperiment(tx, who, no));
    ASSIGN_OR_RETURN(const std::optional<std::string> value, ReadExperimentTag(tx, no, key));
    if (!value) {
      return Err(Code::kNotFound,
                 fmt::format("No tag with name: {} in experiment with id {}", key, id));
    }
    TRY(DeleteExperimentTagRow(tx, no, key));
    return Record(tx, {who, now}, "experiment.untagged", ExperimentRef(no), {},
                  {{"key", key}, {"value", *value}});
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<std::vector<DatasetSummary>> Service::SearchDatasets(Principal who,
                                                          std::vector<std::string> experiment_ids,
                                                          Deadline deadline) {
  if (experiment_ids.empty()) {
    co_return Err(Code::kInvalidArgument,
                  "SearchDatasets request must specify at least one experiment_id.");
  }
  if (experiment_ids.size() > kMaxDatasetExperiments) {
    co_return Err(
        Code::kInvalidArgument,
        fmt::format(
            "SearchDatasets request cannot specify more than {} experiment_ids. Received {} "
            "experiment_ids.",
            kMaxDatasetExperiments, experiment_ids.size()));
  }
  std::vector<int64_t> numbers;
  for (const std::string& id : experiment_ids) {
    ASSIGN_OR_CO_RETURN(const int64_t no, ParseListedExperimentId(id));
    numbers.push_back(no);
  }
  KeepSeen(who, numbers);
  std::ranges::sort(numbers);
  numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
  auto read = [numbers = std::move(numbers)](store::Session& session) {
    return ReadDatasetSummaries(session, numbers, kMaxDatasetSummaries);
  };
  auto summaries = co_await impl_->db.Read(std::move(read), deadline);
  co_return summaries;
}

}  // namespace stetig::tracking
