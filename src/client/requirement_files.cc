#include "client/requirement_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/digest.h"
#include "base/text.h"
#include "base/yaml.h"
#include "client/language.h"
#include "client/output.h"

namespace stetig::client {
namespace {

/// What both ends may change, in the order of the file. `text` is the body.
constexpr std::array<std::string_view, 5> kFields = {"title", "owner", "type", "criteria",
                                                     "source"};

std::string TextOf(const json::Value& value, std::string_view name) {
  const json::Value* member = value.Find(name);
  const std::string* text = member == nullptr ? nullptr : member->AsString();
  return text == nullptr ? std::string() : *text;
}

/// Empty means "not set" at both ends.
bool IsEmpty(const json::Value& value) {
  const std::string* text = value.AsString();
  const json::Array* list = value.AsArray();
  return value.IsNull() || (text != nullptr && text->empty()) || (list != nullptr && list->empty());
}

void AddContent(const json::Value& from, std::string_view name, json::Object& content) {
  const json::Value* value = from.Find(name);
  if (value != nullptr && !IsEmpty(*value)) content.emplace_back(std::string(name), *value);
}

/// The front matter and what follows it.
struct Parts {
  std::string_view front;
  std::string_view body;
};

std::optional<Parts> SplitFile(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const size_t first_end = text.find('\n');
  if (first_end == std::string_view::npos || Trim(text.substr(0, first_end)) != "---")
    return std::nullopt;
  for (size_t at = first_end + 1; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (Trim(text.substr(at, end - at)) == "---") {
      return Parts{.front = text.substr(first_end + 1, at - first_end - 1),
                   .body = end < text.size() ? text.substr(end + 1) : std::string_view()};
    }
    at = end + 1;
  }
  return std::nullopt;
}

Status CheckNames(const json::Value& front, const std::string& path) {
  constexpr std::array<std::string_view, 4> kOwn = {"id", "key", "status", "synced"};
  for (const auto& [name, value] : *front.AsObject()) {
    const bool known = std::ranges::find(kFields, name) != kFields.end() ||
                       std::ranges::find(kOwn, name) != kOwn.end();
    if (!known) {
      return Err(Code::kInvalidArgument,
                 Say("{}: unknown field '{}', expected some of {}, {}", path, name,
                     fmt::join(kOwn, ", "), fmt::join(kFields, ", ")));
    }
    const bool list = name == "criteria";
    if (!value.IsNull() && (list ? value.AsArray() == nullptr : value.AsString() == nullptr)) {
      return Err(Code::kInvalidArgument,
                 Say("{}: field '{}' is {}, expected {}", path, name, json::Dump(value),
                     list ? "a list" : "a text: quote it"));
    }
  }
  return OkStatus();
}

/// "Accurate enough!" as "accurate-enough".
std::string SlugOf(std::string_view title) {
  constexpr size_t kMost = 40;
  std::string slug;
  for (const char c : AsciiLower(title)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) slug += c;
    if (!plain && !slug.empty() && slug.back() != '-') slug += '-';
    if (slug.size() == kMost) break;
  }
  while (slug.ends_with('-')) slug.pop_back();
  return slug;
}

std::vector<std::string> Differing(const json::Object& a, const json::Object& b) {
  std::vector<std::string> names;
  for (const auto& [name, value] : ChangesOf(a, b)) names.push_back(name);
  return names;
}

SyncStep Compare(const Requirement& file, const Requirement& server) {
  SyncStep step{.file = file, .server = server, .path = file.path, .reason = {}};
  const bool same = file.content == server.content;
  const bool file_changed = DigestOf(file.content) != file.synced;
  const bool server_changed = DigestOf(server.content) != file.synced;
  if (same) {
    const bool current = !file_changed && file.status == server.status && file.key == server.key;
    step.action = current ? SyncAction::kNone : SyncAction::kMend;
  } else if (file_changed && server_changed) {
    step.action = SyncAction::kConflict;
    step.reason = Say("{} and {} both changed, and differ in {}", file.path, server.key,
                      fmt::format("{}", fmt::join(Differing(file.content, server.content), ", ")));
  } else {
    step.action = file_changed ? SyncAction::kPush : SyncAction::kPull;
  }
  return step;
}

}  // namespace

Result<Requirement> ReadRequirementFile(std::string_view text, const std::string& path) {
  const auto parts = SplitFile(text);
  if (!parts) {
    return Err(Code::kInvalidArgument,
               Say("{} does not begin with front matter, expected '---', fields, '---'", path));
  }
  ASSIGN_OR_RETURN(const json::Value front, ParseYaml(parts->front, path));
  if (front.AsObject() == nullptr) {
    return Err(Code::kInvalidArgument,
               Say("{}: the front matter is empty, expected a title", path));
  }
  TRY(CheckNames(front, path));
  Requirement requirement{.path = path,
                          .id = TextOf(front, "id"),
                          .key = TextOf(front, "key"),
                          .status = TextOf(front, "status"),
                          .synced = TextOf(front, "synced"),
                          .content = {}};
  for (const std::string_view name : kFields) AddContent(front, name, requirement.content);
  if (TextOf(front, "title").empty()) {
    return Err(Code::kInvalidArgument, Say("{}: field 'title' is missing", path));
  }
  std::string body(parts->body);
  std::erase(body, '\r');
  if (const std::string_view trimmed = Trim(body); !trimmed.empty()) {
    requirement.content.emplace_back("text", std::string(trimmed) + "\n");
  }
  return requirement;
}

Requirement RequirementOfServer(const json::Value& record) {
  Requirement requirement{.path = TextOf(record, "path"),
                          .id = TextOf(record, "id"),
                          .key = TextOf(record, "key"),
                          .status = TextOf(record, "status"),
                          .content = {}};
  const json::Value* revision = record.Find("revision");
  if (revision != nullptr && revision->AsInt64() != nullptr)
    requirement.revision = *revision->AsInt64();
  for (const std::string_view name : kFields) AddContent(record, name, requirement.content);
  if (const std::string text(Trim(TextOf(record, "text"))); !text.empty()) {
    requirement.content.emplace_back("text", text + "\n");
  }
  return requirement;
}

std::string WriteRequirementFile(const Requirement& requirement) {
  json::Object front = {{"id", requirement.id}, {"key", requirement.key}};
  std::string body;
  for (const auto& [name, value] : requirement.content) {
    if (name == "text") {
      body = *value.AsString();
    } else {
      front.emplace_back(name, value);
    }
    if (name == "title") front.emplace_back("status", requirement.status);
  }
  front.emplace_back("synced", DigestOf(requirement.content));
  return fmt::format("---\n{}---\n{}{}", ToYaml(json::Value(std::move(front))),
                     body.empty() ? "" : "\n", body);
}

std::string DigestOf(const json::Object& content) {
  return ToHex(Sha256(json::DumpSorted(json::Value(content))));
}

std::string_view SyncActionName(SyncAction action) {
  switch (action) {
    case SyncAction::kNone:
      return "unchanged";
    case SyncAction::kCreate:
      return "create";
    case SyncAction::kPush:
      return "push";
    case SyncAction::kPull:
      return "pull";
    case SyncAction::kMend:
      return "refresh";
    case SyncAction::kConflict:
      return "conflict";
  }
  return "";
}

Result<std::vector<SyncStep>> PlanSync(const std::vector<Requirement>& files,
                                       const std::vector<Requirement>& server,
                                       const std::string& folder) {
  std::map<std::string, const Requirement*> by_id;
  for (const Requirement& one : server) by_id.emplace(one.id, &one);
  std::map<std::string, std::string> seen;
  std::vector<SyncStep> steps;
  for (const Requirement& file : files) {
    if (file.id.empty()) {
      steps.push_back({.action = SyncAction::kCreate, .file = file, .path = file.path});
      continue;
    }
    if (const auto [at, added] = seen.emplace(file.id, file.path); !added) {
      return Err(Code::kInvalidArgument,
                 Say("{} and {} both name {}, expected one file: remove 'id', 'key' and 'synced' "
                     "from the copy",
                     at->second, file.path, file.id));
    }
    const auto known = by_id.find(file.id);
    if (known == by_id.end()) {
      steps.push_back({.action = SyncAction::kConflict,
                       .file = file,
                       .path = file.path,
                       .reason = Say("{} names {}, which the server does not have (any more)",
                                     file.path, file.key.empty() ? file.id : file.key)});
      continue;
    }
    steps.push_back(Compare(file, *known->second));
  }
  for (const Requirement& one : server) {
    if (seen.contains(one.id)) continue;
    const std::string name =
        fmt::format("{}-{}", one.key, SlugOf(TextOf(json::Value(one.content), "title")));
    const bool safe = IsNormalRelativePath(one.path) && one.path.starts_with(folder + "/");
    steps.push_back({.action = SyncAction::kPull,
                     .server = one,
                     .path = safe ? one.path : fmt::format("{}/{}.md", folder, name)});
  }
  std::ranges::sort(steps, {}, &SyncStep::path);
  return steps;
}

json::Object ChangesOf(const json::Object& from, const json::Object& to) {
  json::Object changes;
  const json::Value before{json::Object(from)};
  const json::Value after{json::Object(to)};
  for (const auto& [name, value] : to) {
    const json::Value* old_value = before.Find(name);
    if (old_value == nullptr || !(*old_value == value)) changes.emplace_back(name, value);
  }
  for (const auto& [name, value] : from) {
    if (after.Find(name) == nullptr) changes.emplace_back(name, nullptr);
  }
  return changes;
}

}  // namespace stetig::client
