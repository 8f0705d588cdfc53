// Request messages of logged models and of the model registry.
#pragma once

#include "api/mlflow/requests.h"

namespace stetig::api::mlflow {

// Logged models.
struct CreateLoggedModel {
  Text experiment_id, name, model_type, source_run_id;
  std::vector<LooseTag> params, tags;
  static constexpr Field kFields[] = {Req<&CreateLoggedModel::experiment_id>("experiment_id"),
                                      Opt<&CreateLoggedModel::name>("name"),
                                      Opt<&CreateLoggedModel::model_type>("model_type"),
                                      Opt<&CreateLoggedModel::source_run_id>("source_run_id"),
                                      Opt<&CreateLoggedModel::params>("params"),
                                      Opt<&CreateLoggedModel::tags>("tags")};
};
struct FinalizeLoggedModel {
  Text model_id;
  EnumField<LoggedModelStatusNames> status;
  static constexpr Field kFields[] = {Req<&FinalizeLoggedModel::model_id>("model_id"),
                                      Req<&FinalizeLoggedModel::status>("status")};
};
struct SetLoggedModelTags {
  std::vector<LooseTag> tags;
  static constexpr Field kFields[] = {Opt<&SetLoggedModelTags::tags>("tags")};
};
struct LogLoggedModelParams {
  Text model_id;
  std::vector<KeyedValue> params;
  static constexpr Field kFields[] = {Req<&LogLoggedModelParams::model_id>("model_id"),
                                      Opt<&LogLoggedModelParams::params>("params")};
};
struct ListLoggedModelArtifacts {
  Text artifact_directory_path, page_token;
  static constexpr Field kFields[] = {
      Opt<&ListLoggedModelArtifacts::artifact_directory_path>("artifact_directory_path"),
      Opt<&ListLoggedModelArtifacts::page_token>("page_token")};
};
struct DatasetFilterMessage {
  Text dataset_name, dataset_digest;
  static constexpr Field kFields[] = {Opt<&DatasetFilterMessage::dataset_name>("dataset_name"),
                                      Opt<&DatasetFilterMessage::dataset_digest>("dataset_digest")};
};
struct OrderByMessage {
  Text field_name;
  std::optional<bool> ascending;
  Text dataset_name, dataset_digest;
  static constexpr Field kFields[] = {Opt<&OrderByMessage::field_name>("field_name"),
                                      Opt<&OrderByMessage::ascending>("ascending"),
                                      Opt<&OrderByMessage::dataset_name>("dataset_name"),
                                      Opt<&OrderByMessage::dataset_digest>("dataset_digest")};
};
struct SearchLoggedModels {
  std::vector<std::string> experiment_ids;
  Text filter;
  std::vector<DatasetFilterMessage> datasets;
  Int32 max_results;
  std::vector<OrderByMessage> order_by;
  Text page_token;
  static constexpr Field kFields[] = {Req<&SearchLoggedModels::experiment_ids>("experiment_ids"),
                                      Opt<&SearchLoggedModels::filter>("filter"),
                                      Opt<&SearchLoggedModels::datasets>("datasets"),
                                      Opt<&SearchLoggedModels::max_results>("max_results"),
                                      Opt<&SearchLoggedModels::order_by>("order_by"),
                                      Opt<&SearchLoggedModels::page_token>("page_token")};
};

// Registered models.
struct CreateRegisteredModel {
  Text name;
  std::vector<LooseTag> tags;
  Text description;
  static constexpr Field kFields[] = {Req<&CreateRegisteredModel::name>("name"),
                                      Opt<&CreateRegisteredModel::tags>("tags"),
                                      Opt<&CreateRegisteredModel::description>("description")};
};
struct ModelName {
  Text name;
  static constexpr Field kFields[] = {Req<&ModelName::name>("name")};
};
struct UpdateRegisteredModel {
  Text name, description;
  static constexpr Field kFields[] = {Req<&UpdateRegisteredModel::name>("name"),
                                      Opt<&UpdateRegisteredModel::description>("description")};
};
struct RenameRegisteredModel {
  Text name, new_name;
  static constexpr Field kFields[] = {Req<&RenameRegisteredModel::name>("name"),
                                      Req<&RenameRegisteredModel::new_name>("new_name")};
};
struct RegistrySearch {
  Text filter;
  Int64 max_results;
  std::vector<std::string> order_by;
  Text page_token;
  static constexpr Field kFields[] = {
      Opt<&RegistrySearch::filter>("filter"), Opt<&RegistrySearch::max_results>("max_results"),
      Opt<&RegistrySearch::order_by>("order_by"), Opt<&RegistrySearch::page_token>("page_token")};
};
struct GetLatestVersions {
  Text name;
  std::vector<std::string> stages;
  static constexpr Field kFields[] = {Req<&GetLatestVersions::name>("name"),
                                      Opt<&GetLatestVersions::stages>("stages")};
};
struct ModelKeyValue {
  Text name, key, value;
  static constexpr Field kFields[] = {Req<&ModelKeyValue::name>("name"),
                                      Req<&ModelKeyValue::key>("key"),
                                      Opt<&ModelKeyValue::value>("value")};
};
struct ModelKey {
  Text name, key;
  static constexpr Field kFields[] = {Req<&ModelKey::name>("name"), Req<&ModelKey::key>("key")};
};
struct SetAlias {
  Text name, alias, version;
  static constexpr Field kFields[] = {Req<&SetAlias::name>("name"), Req<&SetAlias::alias>("alias"),
                                      Req<&SetAlias::version>("version")};
};
struct AliasName {
  Text name, alias;
  static constexpr Field kFields[] = {Req<&AliasName::name>("name"),
                                      Req<&AliasName::alias>("alias")};
};

// Model versions.
struct CreateModelVersion {
  Text name, source, run_id;
  std::vector<LooseTag> tags;
  Text run_link, description, model_id;
  static constexpr Field kFields[] = {Req<&CreateModelVersion::name>("name"),
                                      Req<&CreateModelVersion::source>("source"),
                                      Opt<&CreateModelVersion::run_id>("run_id"),
                                      Opt<&CreateModelVersion::tags>("tags"),
                                      Opt<&CreateModelVersion::run_link>("run_link"),
                                      Opt<&CreateModelVersion::description>("description"),
                                      Opt<&CreateModelVersion::model_id>("model_id")};
};
struct VersionName {
  Text name, version;
  static constexpr Field kFields[] = {Req<&VersionName::name>("name"),
                                      Req<&VersionName::version>("version")};
};
struct LooseVersionName {
  Text name, version;
  static constexpr Field kFields[] = {Opt<&LooseVersionName::name>("name"),
                                      Opt<&LooseVersionName::version>("version")};
};
struct UpdateModelVersion {
  Text name, version, description;
  static constexpr Field kFields[] = {Req<&UpdateModelVersion::name>("name"),
                                      Req<&UpdateModelVersion::version>("version"),
                                      Opt<&UpdateModelVersion::description>("description")};
};
struct TransitionStage {
  Text name, version, stage;
  std::optional<bool> archive_existing_versions;
  static constexpr Field kFields[] = {
      Req<&TransitionStage::name>("name"), Req<&TransitionStage::version>("version"),
      Req<&TransitionStage::stage>("stage"),
      Opt<&TransitionStage::archive_existing_versions>("archive_existing_versions")};
};
struct VersionKeyValue {
  Text name, version, key, value;
  static constexpr Field kFields[] = {
      Req<&VersionKeyValue::name>("name"), Req<&VersionKeyValue::version>("version"),
      Req<&VersionKeyValue::key>("key"), Opt<&VersionKeyValue::value>("value")};
};
struct VersionKey {
  Text name, version, key;
  static constexpr Field kFields[] = {Req<&VersionKey::name>("name"),
                                      Req<&VersionKey::version>("version"),
                                      Req<&VersionKey::key>("key")};
};

}  // namespace stetig::api::mlflow
