// Plain values of the model registry, in MLflow's words (protos `model_registry`).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tracking/types.h"

namespace stetig::registry {

using tracking::KeyValue;
using tracking::Page;

/// MLflow's stages; deprecated there, served in full here.
enum class Stage : unsigned char { kNone, kStaging, kProduction, kArchived };

struct Alias {
  std::string alias;
  int64_t version = 0;
};

struct ModelVersion {
  std::string name;
  int64_t version = 0;  ///< 1, 2, 3 …; never reused while the model lives
  WallTime creation_time;
  WallTime last_update_time;
  Stage stage = Stage::kNone;
  std::optional<std::string> description;
  std::string source;            ///< URI as registered
  std::string storage_location;  ///< where the bytes are: source with models:/ references resolved
  std::string run_id;
  std::string run_link;
  std::string model_id;  ///< logged model it was made of; empty: none
  std::vector<KeyValue> tags;
  std::vector<std::string>
      aliases;  ///< filled where MLflow fills it: not in searches and latest_versions
};

struct RegisteredModel {
  std::string name;
  WallTime creation_time;
  WallTime last_update_time;
  std::string description;
  std::vector<KeyValue> tags;
  std::vector<Alias> aliases;
  std::vector<ModelVersion> latest_versions;  ///< the newest of each stage
};

/// "None", "Staging", "Production", "Archived".
std::string_view StageName(Stage stage);
/// In any case; nothing for anything else.
std::optional<Stage> ParseStage(std::string_view name);

}  // namespace stetig::registry
