#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "query/names.h"
#include "registry/internal/impl.h"
#include "registry/validate.h"

namespace stetig::registry {

namespace {

Failure NameTaken(const RegisteredModel& existing, bool wanted_prompt) {
  std::string_view name = existing.name;
  bool is_prompt = IsPrompt(existing.tags);
  if (is_prompt == wanted_prompt) {
    return Err(Code::kAlreadyExists, fmt::format("{} (name={}) already exists.",
                                                 is_prompt ? "Prompt" : "Registered Model", name));
  }
  return Err(Code::kAlreadyExists,
             fmt::format("Tried to create a {} with name '{}', but the name is already taken by a "
                         "{}. MLflow does not allow creating a model and a "
                         "prompt with the same name.",
                         wanted_prompt ? "prompt" : "registered model", name,
                         is_prompt ? "prompt" : "registered model"));
}

}  // namespace

Result<repository::ModelRow> RequireModel(store::Session& session, const Principal& who,
                                          const std::string& name) {
  ASSIGN_OR_RETURN(auto row, repository::FindModel(session, name));
  if (!row || !who.SeesModel(name)) {
    return Err(Code::kNotFound, fmt::format("Registered Model with name={} not found", name));
  }
  TRY(CheckMay(who, name));
  return *std::move(row);
}

Result<RegisteredModel> LoadModel(store::Session& session, const Principal& who,
                                  const std::string& name) {
  ASSIGN_OR_RETURN(repository::ModelRow row, RequireModel(session, who, name));
  TRY(repository::LoadModelParts(session, std::span(&row, 1)));
  return std::move(row.model);
}

Status RecordModel(store::Transaction& tx, const Principal& who, WallTime now, std::string kind,
                   const std::string& name, json::Object payload) {
  return journal::Append(tx, {.time = now,
                              .actor = who.user,
                              .kind = std::move(kind),
                              .subject = {"registered_model", name},
                              .payload = json::Dump(json::Value(std::move(payload))),
                              .request_id = who.request_id});
}

Service::Service(store::Database& db, tracking::Service& tracking, const Clock& clock)
    : impl_(std::make_unique<Impl>(Impl{db, tracking, clock})) {}
Service::~Service() = default;

Task<RegisteredModel> Service::CreateModel(Principal who, std::string name,
                                           std::vector<KeyValue> tags, std::string description,
                                           Deadline deadline) {
  CO_TRY(CheckModelName(name));
  for (const KeyValue& tag : tags) {
    CO_TRY(CheckTag(tag));
  }
  WallTime now = impl_->Now();
  auto write = [who, name, tags, description,
                now](store::Transaction& tx) -> Result<RegisteredModel> {
    ASSIGN_OR_RETURN(auto existing, repository::FindModel(tx, name));
    if (!existing) TRY(CheckMay(who, name));
    if (existing) {
      TRY(repository::LoadModelParts(tx, std::span(&*existing, 1)));
      return NameTaken(existing->model, IsPrompt(tags));
    }
    RegisteredModel model{
        .name = name, .creation_time = now, .last_update_time = now, .description = description};
    ASSIGN_OR_RETURN(int64_t model_no, repository::InsertModel(tx, model));
    for (const KeyValue& tag : tags) {
      TRY(repository::PutModelTag(tx, model_no, tag));
    }
    TRY(RecordModel(tx, who, now, "registered_model.created", name));
    return LoadModel(tx, who, name);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<RegisteredModel> Service::GetModel(Principal who, std::string name, Deadline deadline) {
  CO_TRY(CheckModelName(name));
  co_return co_await impl_->db.Read(
      [who, name](store::Session& s) { return LoadModel(s, who, name); }, deadline);
}

Task<RegisteredModel> Service::RenameModel(Principal who, std::string name, std::string new_name,
                                           Deadline deadline) {
  CO_TRY(CheckModelName(name));
  CO_TRY(CheckModelName(new_name, "new_name"));
  WallTime now = impl_->Now();
  auto write = [who, name, new_name, now](store::Transaction& tx) -> Result<RegisteredModel> {
    ASSIGN_OR_RETURN(repository::ModelRow row, RequireModel(tx, who, name));
    ASSIGN_OR_RETURN(auto taken, repository::FindModel(tx, new_name));
    if (taken && taken->model_no != row.model_no) {
      return Err(Code::kAlreadyExists,
                 fmt::format("Registered Model (name={}) already exists.", new_name));
    }
    TRY(repository::SetModelName(tx, row.model_no, new_name, now));
    TRY(repository::TouchVersions(tx, row.model_no, now));
    if (new_name != name) {
      TRY(RecordModel(tx, who, now, "registered_model.renamed", name, {{"new_name", new_name}}));
    }
    return LoadModel(tx, who, new_name);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<RegisteredModel> Service::UpdateModel(Principal who, std::string name, std::string description,
                                           Deadline deadline) {
  CO_TRY(CheckModelName(name));
  WallTime now = impl_->Now();
  auto write = [who, name, description, now](store::Transaction& tx) -> Result<RegisteredModel> {
    ASSIGN_OR_RETURN(repository::ModelRow row, RequireModel(tx, who, name));
    TRY(repository::SetModelDescription(tx, row.model_no, description, now));
    if (description != row.model.description) {
      TRY(RecordModel(tx, who, now, "registered_model.updated", name,
                      {{"description", description}}));
    }
    return LoadModel(tx, who, name);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<> Service::DeleteModel(Principal who, std::string name, Deadline deadline) {
  CO_TRY(CheckModelName(name));
  WallTime now = impl_->Now();
  auto write = [who, name, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(repository::ModelRow row, RequireModel(tx, who, name));
    TRY(repository::DeleteModel(tx, row.model_no));
    return RecordModel(tx, who, now, "registered_model.deleted", name);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<> Service::SetModelTag(Principal who, std::string name, KeyValue tag, Deadline deadline) {
  CO_TRY(CheckModelName(name));
  CO_TRY(CheckTag(tag));
  WallTime now = impl_->Now();
  auto write = [who, name, tag, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(repository::ModelRow row, RequireModel(tx, who, name));
    ASSIGN_OR_RETURN(const auto old_value, repository::FindModelTag(tx, row.model_no, tag.key));
    if (old_value == tag.value) {
      return OkStatus();
    }
    TRY(repository::PutModelTag(tx, row.model_no, tag));
    return RecordModel(tx, who, now, "registered_model.tag_set", name,
                       {{"key", tag.key}, {"value", tag.value}});
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<> Service::DeleteModelTag(Principal who, std::string name, std::string key,
                               Deadline deadline) {
  CO_TRY(CheckModelName(name));
  CO_TRY(query::CheckKey(key, "key"));
  WallTime now = impl_->Now();
  auto write = [who, name, key, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(repository::ModelRow row, RequireModel(tx, who, name));
    ASSIGN_OR_RETURN(const auto value, repository::FindModelTag(tx, row.model_no, key));
    if (!value) {
      return OkStatus();
    }
    TRY(repository::DeleteModelTag(tx, row.model_no, key));
    return RecordModel(tx, who, now, "registered_model.tag_deleted", name,
                       {{"key", key}, {"value", *value}});
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<std::vector<ModelVersion>> Service::GetLatestVersions(Principal who, std::string name,
                                                           std::vector<std::string> stages,
                                                           Deadline deadline) {
  CO_TRY(CheckModelName(name));
  auto read = [who, name, stages](store::Session& session) -> Result<std::vector<ModelVersion>> {
    ASSIGN_OR_RETURN(RegisteredModel model, LoadModel(session, who, name));
    std::vector<Stage> wanted;
    for (const std::string& stage : stages) {
      auto parsed = ParseStage(stage);
      if (!parsed) {
        return InvalidStage(stage);
      }
      wanted.push_back(*parsed);
    }
    std::vector<ModelVersion> out;
    for (const ModelVersion& version : model.latest_versions) {
      if (wanted.empty() || std::ranges::find(wanted, version.stage) != wanted.end()) {
        ASSIGN_OR_RETURN(ModelVersion full, LoadVersion(session, who, name, version.version));
        out.push_back(std::move(full));
      }
    }
    return out;
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

}  // namespace stetig::registry
