#include "tracking/internal/model_history.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/json_value.h"
#include "query/names.h"
#include "tracking/internal/python_text.h"
#include "tracking/validate.h"

namespace stetig::tracking {
namespace {

constexpr std::array<std::string_view, 4> kMandatory = {"artifact_path", "flavors",
                                                        "utc_time_created", "run_id"};
constexpr std::array<std::string_view, 4> kCopied = {"artifact_path", "run_id", "utc_time_created",
                                                     "model_uuid"};

json::Value WithoutConfigs(const json::Value& flavors) {
  const json::Object* object = flavors.AsObject();
  if (object == nullptr) {
    return flavors;
  }
  json::Object kept;
  for (const auto& [name, flavor] : *object) {
    if (const json::Object* settings = flavor.AsObject()) {
      json::Object without;
      std::ranges::copy_if(*settings, std::back_inserter(without),
                           [](const json::Member& m) { return m.first != "config"; });
      kept.emplace_back(name, json::Value(std::move(without)));
    } else {
      kept.emplace_back(name, flavor);
    }
  }
  return json::Value(std::move(kept));
}

}  // namespace

Result<std::string> ModelHistoryEntry(std::string_view model_json) {
  const Result<json::Value> parsed = json::Parse(model_json, {}, /*nan_literals=*/true);
  if (!parsed || parsed->AsObject() == nullptr) {
    return Err(Code::kInvalidArgument,
               fmt::format("Malformed model info. \n {} \n is not a valid JSON.", model_json));
  }
  std::vector<std::string> missing;
  for (const std::string_view name : kMandatory) {
    if (parsed->Find(name) == nullptr) {
      missing.push_back(query::PythonRepr(name));
    }
  }
  if (!missing.empty()) {
    return Err(Code::kInvalidArgument, fmt::format("Model json is missing mandatory fields: {{{}}}",
                                                   fmt::join(missing, ", ")));
  }
  json::Value entry;
  for (const std::string_view name : kCopied) {
    if (const json::Value* value = parsed->Find(name); value != nullptr && !value->IsNull()) {
      entry.Set(name, *value);
    }
  }
  entry.Set("flavors", WithoutConfigs(*parsed->Find("flavors")));
  return PythonDump(entry);
}

Result<std::string> AppendToModelHistory(std::string_view history, std::string_view entry) {
  if (history.empty()) {
    return fmt::format("[{}]", entry);
  }
  ASSIGN_OR_RETURN(const json::Value list, json::Parse(history, {}, /*nan_literals=*/true));
  if (list.AsArray() == nullptr) {
    return Err(Code::kFailedPrecondition, fmt::format("tag {} holds no list", kModelHistoryTag));
  }
  std::vector<std::string> entries;
  for (const json::Value& item : *list.AsArray()) {
    entries.push_back(PythonDump(item));
  }
  if (std::ranges::find(entries, entry) == entries.end()) {
    entries.emplace_back(entry);
  }
  std::string text = fmt::format("[{}]", fmt::join(entries, ", "));
  TRY(query::CheckLength("value", kMaxModelHistory, text));
  return text;
}

}  // namespace stetig::tracking
