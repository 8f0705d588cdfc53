// The tables of the registry; the only place with their SQL. Functions run inside a store closure.
// `model_no` is the row key of a registered model and never leaves the module.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "registry/types.h"
#include "store/database.h"

namespace stetig::registry::repository {

struct ModelRow {
  int64_t model_no = 0;
  int64_t last_version = 0;
  RegisteredModel model;  ///< without tags, aliases and latest versions
};
struct VersionRow {
  int64_t model_no = 0;
  ModelVersion version;  ///< without tags and aliases
};

// Models.
Result<std::optional<ModelRow>> FindModel(store::Session& session, const std::string& name);
Result<int64_t> InsertModel(store::Transaction& tx, const RegisteredModel& model);
Status SetModelName(store::Transaction& tx, int64_t model_no, const std::string& name,
                    WallTime now);
Status SetModelDescription(store::Transaction& tx, int64_t model_no, const std::string& description,
                           WallTime now);
Status TouchModel(store::Transaction& tx, int64_t model_no, WallTime now);
Status DeleteModel(store::Transaction& tx, int64_t model_no);
Status PutModelTag(store::Transaction& tx, int64_t model_no, const KeyValue& tag);
Status DeleteModelTag(store::Transaction& tx, int64_t model_no, const std::string& key);
Result<std::optional<std::string>> FindModelTag(store::Session& session, int64_t model_no,
                                                const std::string& key);
/// Fills tags, aliases and latest_versions of all `rows` with one query each.
Status LoadModelParts(store::Session& session, std::span<ModelRow> rows);

// Versions.
Result<std::optional<VersionRow>> FindVersion(store::Session& session, const ModelRow& model,
                                              int64_t version);
/// The highest version that was not deleted.
Result<std::optional<int64_t>> FindLastVersion(store::Session& session, int64_t model_no);
/// Takes the next number of the model and stores the version under it; touches the model.
Result<int64_t> InsertVersion(store::Transaction& tx, const ModelRow& model,
                              const ModelVersion& version);
Status SetVersionDescription(store::Transaction& tx, const VersionRow& row,
                             const std::optional<std::string>& description, WallTime now);
Status SetVersionStage(store::Transaction& tx, int64_t model_no, int64_t version, Stage stage,
                       WallTime now);
/// The versions in `stage` but `except`, in order.
Result<std::vector<int64_t>> OthersInStage(store::Session& session, int64_t model_no,
                                           int64_t except, Stage stage);
Status TouchVersions(store::Transaction& tx, int64_t model_no, WallTime now);
Status DeleteVersion(store::Transaction& tx, const VersionRow& row);
Status PutVersionTag(store::Transaction& tx, const VersionRow& row, const KeyValue& tag);
Status DeleteVersionTag(store::Transaction& tx, const VersionRow& row, const std::string& key);
Result<std::optional<std::string>> FindVersionTag(store::Session& session, const VersionRow& row,
                                                  const std::string& key);
/// Fills tags, and aliases when asked, of all `rows`.
Status LoadVersionParts(store::Session& session, std::span<VersionRow> rows, bool aliases);

// Aliases.
Status PutAlias(store::Transaction& tx, int64_t model_no, const std::string& alias,
                int64_t version);
Status DeleteAlias(store::Transaction& tx, int64_t model_no, const std::string& alias);
Result<std::optional<int64_t>> FindAlias(store::Session& session, int64_t model_no,
                                         const std::string& alias);

/// Reads columns in the order of kModelColumns and kVersionColumns; search (search.cc) selects the
/// same columns.
ModelRow ModelOf(const store::Row& row);
VersionRow VersionOf(const store::Row& row);

}  // namespace stetig::registry::repository
