#include "query/internal/attributes.h"

#include <array>

namespace stetig::query::internal {
namespace {

constexpr std::array kRunAttributes = {
    Attribute{.name = "run_id", .canonical = "run_id", .list = true},
    Attribute{.name = "run_name", .canonical = "run_name"},
    Attribute{.name = "run name", .canonical = "run_name", .order = false},
    Attribute{.name = "Run name", .canonical = "run_name", .order = false},
    Attribute{.name = "Run Name", .canonical = "run_name", .order = false},
    Attribute{.name = "status", .canonical = "status"},
    Attribute{.name = "user_id", .canonical = "user_id"},
    Attribute{.name = "artifact_uri", .canonical = "artifact_uri"},
    Attribute{.name = "start_time", .canonical = "start_time", .numeric = true},
    Attribute{.name = "created", .canonical = "start_time", .numeric = true},
    Attribute{.name = "Created", .canonical = "start_time", .numeric = true},
    Attribute{.name = "end_time", .canonical = "end_time", .numeric = true},
};
constexpr std::array kExperimentAttributes = {
    Attribute{.name = "name", .canonical = "name"},
    Attribute{.name = "experiment_id", .canonical = "experiment_id", .list = true},
    Attribute{.name = "creation_time", .canonical = "creation_time", .numeric = true},
    Attribute{.name = "last_update_time", .canonical = "last_update_time", .numeric = true},
};
constexpr std::array kModelAttributes = {
    Attribute{.name = "name", .canonical = "name", .list = true},
    Attribute{.name = "timestamp",
              .canonical = "last_updated_timestamp",
              .numeric = true,
              .filter = false},
    Attribute{.name = "last_updated_timestamp",
              .canonical = "last_updated_timestamp",
              .numeric = true,
              .filter = false},
};
constexpr std::array kVersionAttributes = {
    Attribute{.name = "name", .canonical = "name", .list = true},
    Attribute{.name = "version_number", .canonical = "version_number", .numeric = true},
    Attribute{.name = "run_id", .canonical = "run_id", .list = true, .order = false},
    Attribute{.name = "source_path", .canonical = "source_path", .order = false},
    Attribute{.name = "creation_timestamp",
              .canonical = "creation_timestamp",
              .numeric = true,
              .filter = false},
    Attribute{.name = "last_updated_timestamp",
              .canonical = "last_updated_timestamp",
              .numeric = true,
              .filter = false},
};
constexpr std::array kLoggedModelAttributes = {
    Attribute{.name = "name", .canonical = "name", .list = true},
    Attribute{.name = "model_id", .canonical = "model_id", .list = true},
    Attribute{.name = "model_type", .canonical = "model_type", .list = true},
    Attribute{.name = "status", .canonical = "status", .list = true},
    Attribute{.name = "source_run_id", .canonical = "source_run_id", .list = true},
    Attribute{.name = "creation_timestamp", .canonical = "creation_timestamp", .numeric = true},
    Attribute{.name = "creation_time", .canonical = "creation_timestamp", .numeric = true},
    Attribute{.name = "creation_timestamp_ms", .canonical = "creation_timestamp", .numeric = true},
    Attribute{
        .name = "last_updated_timestamp", .canonical = "last_updated_timestamp", .numeric = true},
    Attribute{.name = "last_updated_time", .canonical = "last_updated_timestamp", .numeric = true},
    Attribute{.name = "last_updated_timestamp_ms",
              .canonical = "last_updated_timestamp",
              .numeric = true},
};

}  // namespace

std::span<const Attribute> AttributesOf(Subject subject) {
  switch (subject) {
    case Subject::kRuns:
      return kRunAttributes;
    case Subject::kExperiments:
      return kExperimentAttributes;
    case Subject::kRegisteredModels:
      return kModelAttributes;
    case Subject::kModelVersions:
      return kVersionAttributes;
    case Subject::kLoggedModels:
      return kLoggedModelAttributes;
    case Subject::kRecords:  // records.cc knows them
      break;
  }
  return {};
}

const Attribute* FindAttribute(Subject subject, std::string_view name) {
  for (const Attribute& attribute : AttributesOf(subject)) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

}  // namespace stetig::query::internal

namespace stetig::query {

bool IsNumericAttribute(Subject subject, std::string_view key) {
  const internal::Attribute* attribute = internal::FindAttribute(subject, key);
  return attribute != nullptr && attribute->numeric;
}

}  // namespace stetig::query
