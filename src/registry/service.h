// Use cases of the model store: registered models, their versions, stages, aliases and tags. Texts
// of errors are MLflow's.
//
// Every use case that changes something runs one write closure and is replay-safe, but for
// CreateModelVersion: a repeated call makes a further version, as in MLflow (version numbers are
// its answer). Common errors: kInvalidArgument, kNotFound, kAlreadyExists, and the store's.
// Thread-safe; coroutines resume on the caller's loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"
#include "io/task.h"
#include "registry/types.h"
#include "store/database.h"
#include "tracking/service.h"

namespace stetig::registry {

using access::Principal;

struct CreateModelVersion {
  std::string name;
  std::string source;
  std::string run_id;
  std::vector<KeyValue> tags;
  std::string run_link;
  std::optional<std::string> description;
  std::string model_id;
};
struct SearchRequest {
  std::string filter;
  std::vector<std::string> order_by;
  std::optional<int64_t> max_results;
  std::string page_token;
};

/// Borrows the database and tracking (whose runs and logged models a version's source is checked
/// against).
class Service {
 public:
  Service(store::Database& db, tracking::Service& tracking, const Clock& clock = Clock::System());
  ~Service();

  // Registered models (models.cc)
  Task<RegisteredModel> CreateModel(Principal who, std::string name, std::vector<KeyValue> tags,
                                    std::string description, Deadline deadline);
  Task<RegisteredModel> GetModel(Principal who, std::string name, Deadline deadline);
  Task<RegisteredModel> RenameModel(Principal who, std::string name, std::string new_name,
                                    Deadline deadline);
  Task<RegisteredModel> UpdateModel(Principal who, std::string name, std::string description,
                                    Deadline deadline);
  Task<> DeleteModel(Principal who, std::string name, Deadline deadline);
  Task<Page<RegisteredModel>> SearchModels(Principal who, SearchRequest request, Deadline deadline);
  /// Newest version of each of `stages` (all when empty).
  Task<std::vector<ModelVersion>> GetLatestVersions(Principal who, std::string name,
                                                    std::vector<std::string> stages,
                                                    Deadline deadline);
  Task<> SetModelTag(Principal who, std::string name, KeyValue tag, Deadline deadline);
  Task<> DeleteModelTag(Principal who, std::string name, std::string key, Deadline deadline);

  // Versions (versions.cc). `version` is text as it came: "3".
  Task<ModelVersion> CreateVersion(Principal who, CreateModelVersion request, Deadline deadline);
  Task<ModelVersion> GetVersion(Principal who, std::string name, std::string version,
                                Deadline deadline);
  Task<ModelVersion> UpdateVersion(Principal who, std::string name, std::string version,
                                   std::optional<std::string> description, Deadline deadline);
  Task<> DeleteVersion(Principal who, std::string name, std::string version, Deadline deadline);
  Task<ModelVersion> TransitionStage(Principal who, std::string name, std::string version,
                                     std::string stage, bool archive_existing, Deadline deadline);
  Task<Page<ModelVersion>> SearchVersions(Principal who, SearchRequest request, Deadline deadline);
  Task<std::string> GetDownloadUri(Principal who, std::string name, std::string version,
                                   Deadline deadline);
  Task<> SetVersionTag(Principal who, std::string name, std::string version, KeyValue tag,
                       Deadline deadline);
  Task<> DeleteVersionTag(Principal who, std::string name, std::string version, std::string key,
                          Deadline deadline);

  // Aliases (aliases.cc)
  Task<> SetAlias(Principal who, std::string name, std::string alias, std::string version,
                  Deadline deadline);
  Task<> DeleteAlias(Principal who, std::string name, std::string alias, Deadline deadline);
  /// `latest` (any case) is the highest version. A missing alias is kInvalidArgument, as in MLflow.
  Task<ModelVersion> GetVersionByAlias(Principal who, std::string name, std::string alias,
                                       Deadline deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stetig::registry
