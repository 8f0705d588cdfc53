// Use cases of runs: their life and their row. What is logged into them: run_data.cc.
#include <algorithm>
#include <array>
#include <utility>

#include "base/ids.h"
#include "tracking/internal/events.h"
#include "tracking/internal/experiment_repository.h"
#include "tracking/internal/impl.h"
#include "tracking/internal/location.h"
#include "tracking/internal/logged_model_repository.h"
#include "tracking/internal/names.h"
#include "tracking/internal/run_changes.h"
#include "tracking/internal/run_repository.h"
#include "tracking/validate.h"

namespace stetig::tracking {
namespace {

/// Of equal keys the last wins, in the place of the first.
std::vector<KeyValue> WithoutRepeatedKeys(const std::vector<KeyValue>& tags) {
  std::vector<KeyValue> kept;
  for (const KeyValue& tag : tags) {
    const auto same = std::ranges::find(kept, tag.key, &KeyValue::key);
    if (same == kept.end()) {
      kept.push_back(tag);
    } else {
      same->value = tag.value;
    }
  }
  return kept;
}

/// Settles the name of a new run and puts it into the tag too.
Status SettleName(CreateRun& request) {
  request.tags = WithoutRepeatedKeys(request.tags);
  auto tag = std::ranges::find(request.tags, kRunNameTag, &KeyValue::key);
  const std::string tagged = tag == request.tags.end() ? "" : tag->value;
  if (!request.name.empty() && !tagged.empty() && request.name != tagged) {
    return Err(Code::kInvalidArgument,
               fmt::format("Both 'run_name' argument and 'mlflow.runName' tag are specified, but "
                           "with different values (run_name='{}', "
                           "mlflow.runName='{}').",
                           request.name, tagged));
  }
  if (request.name.empty()) {
    request.name = tagged.empty() ? GenerateName() : tagged;
  }
  if (tag == request.tags.end()) {
    request.tags.push_back({.key = std::string(kRunNameTag), .value = request.name});
  } else {
    tag->value = request.name;
  }
  return OkStatus();
}

Status MarkRunUseCase(store::Transaction& tx, const Act& act, std::string_view run_id,
                      bool deleted) {
  ASSIGN_OR_RETURN(const RunRow row, GetRunRow(tx, act.who, run_id));
  if (row.deleted == deleted) {
    return OkStatus();
  }
  TRY(MarkRun(tx, row.ref.run_no, deleted ? std::optional(act.time.ms) : std::nullopt));
  return Record(tx, act, deleted ? "run.deleted" : "run.restored", RunRefOf(run_id),
                {ExperimentRef(row.ref.experiment_no)});
}

}  // namespace

Task<Run> Service::CreateRun(Principal who, tracking::CreateRun request, Deadline deadline) {
  ASSIGN_OR_CO_RETURN(const int64_t experiment_no, ParseExperimentId(request.experiment_id));
  const Status name = SettleName(request);
  auto write = [impl = impl_.get(), who = std::move(who), request = std::move(request), name,
                experiment_no, run_id = NewUuidHex(impl_->Now()),
                now = impl_->Now()](store::Transaction& tx) -> Result<Run> {
    ASSIGN_OR_RETURN(const ExperimentForRun found, RequireExperimentForRun(tx, who, experiment_no));
    TRY(Status(name));  // MLflow looks at the experiment first
    const RunRow row{
        .ref = {.run_no = found.run_no, .experiment_no = experiment_no, .run_id = run_id},
        .name = request.name,
        .user_id = request.user_id,
        .status = RunStatus::kRunning,
        .start_time = request.start_time.value_or(now.ms),
        .end_time = std::nullopt,
        .artifact_uri =
            AppendToUri(ArtifactLocation(found.experiment, impl->options.default_artifact_root),
                        fmt::format("{}/artifacts", run_id))};
    TRY(InsertRun(tx, row));
    TRY(UpsertTags(tx, row.ref.run_no, request.tags));
    const Act act{who, now};
    TRY(Record(tx, act, "run.created", RunRefOf(run_id), {ExperimentRef(experiment_no)},
               {{"name", row.name}}));
    TRY(RecordCommit(tx, act, row.ref, request.tags));
    Run run;
    run.info = row.Info();
    run.tags = request.tags;
    return run;
  };
  auto created = co_await impl_->db.Write(std::move(write), deadline);
  co_return created;
}

Task<Run> Service::GetRun(Principal who, std::string run_id, Deadline deadline) {
  auto read = [who = std::move(who),
               run_id = std::move(run_id)](store::Session& session) -> Result<Run> {
    ASSIGN_OR_RETURN(const RunRow row, GetRunRow(session, who, run_id));
    Run run;
    run.info = row.Info();
    TRY(ReadRunData(session, std::span(&row.ref, 1), std::span(&run, 1)));
    return run;
  };
  auto run = co_await impl_->db.Read(std::move(read), deadline);
  co_return run;
}

Task<RunInfo> Service::GetRunInfo(Principal who, std::string run_id, Deadline deadline) {
  auto read = [who = std::move(who),
               run_id = std::move(run_id)](store::Session& session) -> Result<RunInfo> {
    ASSIGN_OR_RETURN(const RunRow row, GetRunRow(session, who, run_id));
    return row.Info();
  };
  auto info = co_await impl_->db.Read(std::move(read), deadline);
  co_return info;
}

Task<RunInfo> Service::UpdateRun(Principal who, tracking::UpdateRun request, Deadline deadline) {
  auto write = [who = std::move(who), request = std::move(request),
                now = impl_->Now()](store::Transaction& tx) -> Result<RunInfo> {
    ASSIGN_OR_RETURN(RunRow row, GetRunRow(tx, who, request.run_id));
    TRY(ChangeRun(tx, {who, now}, row,
                  {.status = request.status,
                   .end_time = request.end_time,
                   .name = request.name.value_or("")}));
    return row.Info();
  };
  auto info = co_await impl_->db.Write(std::move(write), deadline);
  co_return info;
}

Task<> Service::DeleteRun(Principal who, std::string run_id, Deadline deadline) {
  auto write = [who = std::move(who), run_id = std::move(run_id),
                now = impl_->Now()](store::Transaction& tx) {
    return MarkRunUseCase(tx, {who, now}, run_id, /*deleted=*/true);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<> Service::RestoreRun(Principal who, std::string run_id, Deadline deadline) {
  auto write = [who = std::move(who), run_id = std::move(run_id),
                now = impl_->Now()](store::Transaction& tx) {
    return MarkRunUseCase(tx, {who, now}, run_id, /*deleted=*/false);
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Result<Homes> ReadHomes(store::Session& session, std::span<const std::string> run_ids,
                        std::span<const std::string> model_ids) {
  Homes homes;
  TRY(ReadExperimentsOfRuns(session, run_ids, homes));
  TRY(ReadExperimentsOfModels(session, model_ids, homes));
  return homes;
}

Task<Homes> Service::FindHomes(std::vector<std::string> run_ids, std::vector<std::string> model_ids,
                               Deadline deadline) {
  auto read = [run_ids = std::move(run_ids), model_ids = std::move(model_ids)](
                  store::Session& session) { return ReadHomes(session, run_ids, model_ids); };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

}  // namespace stetig::tracking
