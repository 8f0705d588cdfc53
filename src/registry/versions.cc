#include <fmt/format.h>

#include "query/names.h"
#include "registry/internal/impl.h"
#include "registry/source.h"
#include "registry/validate.h"

namespace stetig::registry {

Result<repository::VersionRow> RequireVersion(store::Session& session, const Principal& who,
                                              const std::string& name, int64_t version) {
  ASSIGN_OR_RETURN(auto model, repository::FindModel(session, name));
  if (model && who.SeesModel(name)) {
    TRY(CheckMay(who, name));
    ASSIGN_OR_RETURN(auto row, repository::FindVersion(session, *model, version));
    if (row) {
      return *std::move(row);
    }
  }
  return Err(Code::kNotFound,
             fmt::format("Model Version (name={}, version={}) not found", name, version));
}

Result<ModelVersion> LoadVersion(store::Session& session, const Principal& who,
                                 const std::string& name, int64_t version) {
  ASSIGN_OR_RETURN(repository::VersionRow row, RequireVersion(session, who, name, version));
  TRY(repository::LoadVersionParts(session, std::span(&row, 1), /*aliases=*/true));
  return std::move(row.version);
}

Status RecordVersion(store::Transaction& tx, const Principal& who, WallTime now, std::string kind,
                     const std::string& name, int64_t version, json::Object payload,
                     std::vector<journal::Ref> refs) {
  return journal::Append(tx, {.time = now,
                              .actor = who.user,
                              .kind = std::move(kind),
                              .subject = {"model_version", fmt::format("{}/{}", name, version)},
                              .refs = std::move(refs),
                              .payload = json::Dump(json::Value(std::move(payload))),
                              .request_id = who.request_id});
}

namespace {

Status RecordMove(store::Transaction& tx, const Principal& who, WallTime now,
                  const ModelVersion& moved, Stage to) {
  return RecordVersion(tx, who, now, "model_version.stage_changed", moved.name, moved.version,
                       {{"from", StageName(moved.stage)}, {"to", StageName(to)}});
}

}  // namespace

Task<ModelVersion> Service::CreateVersion(Principal who, CreateModelVersion request,
                                          Deadline deadline) {
  auto resolving = co_await ResolveSource(*this, impl_->tracking, who, request, deadline);
  ASSIGN_OR_CO_RETURN(ResolvedSource source, std::move(resolving));
  CO_TRY(CheckModelName(request.name));
  for (const KeyValue& tag : request.tags) {
    CO_TRY(CheckTag(tag));
  }
  WallTime now = impl_->Now();
  auto write = [who, request, source, now](store::Transaction& tx) -> Result<ModelVersion> {
    ASSIGN_OR_RETURN(repository::ModelRow model, RequireModel(tx, who, request.name));
    ModelVersion version{.name = request.name,
                         .creation_time = now,
                         .last_update_time = now,
                         .description = request.description,
                         .source = source.source,
                         .storage_location = source.storage_location,
                         .run_id = source.run_id,
                         .run_link = request.run_link,
                         .model_id = source.model_id};
    ASSIGN_OR_RETURN(int64_t number, repository::InsertVersion(tx, model, version));
    version.version = number;
    repository::VersionRow row{model.model_no, version};
    for (const KeyValue& tag : request.tags) {
      TRY(repository::PutVersionTag(tx, row, tag));
    }
    std::vector<journal::Ref> refs;
    if (!source.run_id.empty()) {
      refs.push_back({"run", source.run_id});
    }
    if (!source.model_id.empty()) {
      refs.push_back({"logged_model", source.model_id});
    }
    TRY(RecordVersion(tx, who, now, "model_version.created", request.name, number,
                      {{"source", source.source}}, std::move(refs)));
    if (!source.model_id.empty()) {
      TRY(tracking::NoteModelVersion(tx, who, source.model_id, request.name, number));
    }
    return LoadVersion(tx, who, request.name, number);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<ModelVersion> Service::GetVersion(Principal who, std::string name, std::string version,
                                       Deadline deadline) {
  CO_TRY(CheckModelName(name));
  ASSIGN_OR_CO_RETURN(int64_t number, ParseVersion(version));
  co_return co_await impl_->db.Read(
      [who, name, number](store::Session& s) { return LoadVersion(s, who, name, number); },
      deadline);
}

Task<ModelVersion> Service::UpdateVersion(Principal who, std::string name, std::string version,
                                          std::optional<std::string> description,
                                          Deadline deadline) {
  CO_TRY(CheckModelName(name));
  ASSIGN_OR_CO_RETURN(int64_t number, ParseVersion(version));
  WallTime now = impl_->Now();
  auto write = [who, name, number, description,
                now](store::Transaction& tx) -> Result<ModelVersion> {
    ASSIGN_OR_RETURN(repository::VersionRow row, RequireVersion(tx, who, name, number));
    TRY(repository::SetVersionDescription(tx, row, description, now));
    if (description != row.version.description) {
      TRY(RecordVersion(
          tx, who, now, "model_version.updated", name, number,
          {{"description", description ? json::Value(*description) : json::Value()}}));
    }
    return LoadVersion(tx, who, name, number);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<> Service::DeleteVersion(Principal who, std::string name, std::string version,
                              Deadline deadline) {
  CO_TRY(CheckModelName(name));
  ASSIGN_OR_CO_RETURN(int64_t number, ParseVersion(version));
  WallTime now = impl_->Now();
  auto write = [who, name, number, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(repository::VersionRow row, RequireVersion(tx, who, name, number));
    TRY(repository::DeleteVersion(tx, row));
    TRY(repository::TouchModel(tx, row.model_no, now));
    return RecordVersion(tx, who, now, "model_version.deleted", name, number);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<ModelVersion> Service::TransitionStage(Principal who, std::string name, std::string version,
                                            std::string stage, bool archive_existing,
                                            Deadline deadline) {
  auto target = ParseStage(stage);
  if (!target) {
    co_return InvalidStage(stage);
  }
  if (archive_existing && *target != Stage::kStaging && *target != Stage::kProduction) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("Model version transition cannot archive existing model versions "
                              "because '{}' is not an Active stage. Valid stages are "
                              "['Staging', 'Production']",
                              StageName(*target)));
  }
  CO_TRY(CheckModelName(name));
  ASSIGN_OR_CO_RETURN(int64_t number, ParseVersion(version));
  WallTime now = impl_->Now();
  auto write = [who, name, number, to = *target, archive_existing,
                now](store::Transaction& tx) -> Result<ModelVersion> {
    ASSIGN_OR_RETURN(repository::VersionRow row, RequireVersion(tx, who, name, number));
    TRY(repository::SetVersionStage(tx, row.model_no, number, to, now));
    TRY(repository::TouchModel(tx, row.model_no, now));
    if (to != row.version.stage) {
      TRY(RecordMove(tx, who, now, row.version, to));
    }
    if (archive_existing) {
      ASSIGN_OR_RETURN(const std::vector<int64_t> others,
                       repository::OthersInStage(tx, row.model_no, number, to));
      for (const int64_t other : others) {
        TRY(repository::SetVersionStage(tx, row.model_no, other, Stage::kArchived, now));
        TRY(RecordMove(tx, who, now, {.name = name, .version = other, .stage = to},
                       Stage::kArchived));
      }
    }
    return LoadVersion(tx, who, name, number);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<std::string> Service::GetDownloadUri(Principal who, std::string name, std::string version,
                                          Deadline deadline) {
  auto read = co_await GetVersion(who, name, version, deadline);
  ASSIGN_OR_CO_RETURN(ModelVersion found, std::move(read));
  co_return found.storage_location;
}

Task<> Service::SetVersionTag(Principal who, std::string name, std::string version, KeyValue tag,
                              Deadline deadline) {
  CO_TRY(CheckModelName(name));
  ASSIGN_OR_CO_RETURN(int64_t number, ParseVersion(version));
  CO_TRY(CheckTag(tag));
  WallTime now = impl_->Now();
  auto write = [who, name, number, tag, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(repository::VersionRow row, RequireVersion(tx, who, name, number));
    ASSIGN_OR_RETURN(const auto old_value, repository::FindVersionTag(tx, row, tag.key));
    if (old_value == tag.value) {
      return OkStatus();
    }
    TRY(repository::PutVersionTag(tx, row, tag));
    return RecordVersion(tx, who, now, "model_version.tag_set", name, number,
                         {{"key", tag.key}, {"value", tag.value}});
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<> Service::DeleteVersionTag(Principal who, std::string name, std::string version,
                                 std::string key, Deadline deadline) {
  CO_TRY(CheckModelName(name));
  ASSIGN_OR_CO_RETURN(int64_t number, ParseVersion(version));
  CO_TRY(query::CheckKey(key, "key"));
  WallTime now = impl_->Now();
  auto write = [who, name, number, key, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(repository::VersionRow row, RequireVersion(tx, who, name, number));
    ASSIGN_OR_RETURN(const auto value, repository::FindVersionTag(tx, row, key));
    if (!value) {
      return OkStatus();
    }
    TRY(repository::DeleteVersionTag(tx, row, key));
    return RecordVersion(tx, who, now, "model_version.tag_deleted", name, number,
                         {{"key", key}, {"value", *value}});
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

}  // namespace stetig::registry
