// Rules of planning that concern more than one field: status moves, limits of the board, triage.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "planning/internal/impl.h"
#include "planning/names.h"

namespace stetig::planning {
namespace {

Failure Refuse(std::string message, std::string detail) {
  return Err(Code::kFailedPrecondition, std::move(message), std::move(detail));
}

const json::Value* FieldOf(const Record& record, std::string_view name) {
  for (const auto& [field, value] : record.fields) {
    if (field == name) return &value;
  }
  return nullptr;
}

std::string TextOf(const Record& record, std::string_view name) {
  const json::Value* value = FieldOf(record, name);
  const std::string* text = value == nullptr ? nullptr : value->AsString();
  return text == nullptr ? std::string() : *text;
}

void SetField(Record& record, std::string_view name, json::Value value) {
  std::erase_if(record.fields, [&](const json::Member& member) { return member.first == name; });
  if (!value.IsNull()) record.fields.emplace_back(std::string(name), std::move(value));
}

Status CheckMove(const KindDef& kind, const Record& before, const Record& after) {
  if (MayMove(kind, before.status, after.status)) return OkStatus();
  std::vector<std::string_view> ways;
  for (const std::string_view status : kind.statuses) {
    if (status != before.status && MayMove(kind, before.status, status)) ways.push_back(status);
  }
  const std::string move =
      fmt::format("{} cannot go from '{}' to '{}'", before.key, before.status, after.status);
  return Refuse(ways.empty() ? fmt::format("{}: '{}' is final", move, before.status)
                             : fmt::format("{}, expected one of {}", move, fmt::join(ways, ", ")),
                "status_move");
}

/// Columns of the board: {"doing": 3} in the project's wip_limits.
Status CheckColumn(store::Session& session, const repository::RecordRow& row) {
  ASSIGN_OR_RETURN(const auto project, repository::FindByNo(session, row.project_no));
  const json::Value* limits = project ? FieldOf(project->record, "wip_limits") : nullptr;
  const json::Value* limit = limits == nullptr ? nullptr : limits->Find(row.record.status);
  if (limit == nullptr || limit->AsInt64() == nullptr) return OkStatus();
  ASSIGN_OR_RETURN(const int64_t there,
                   repository::CountInStatus(session, row.project_no, row.record.kind,
                                             row.record.status, row.record_no));
  if (there < *limit->AsInt64()) return OkStatus();
  return Refuse(fmt::format("column '{}' holds {} tasks, and {} allows {}: finish one first",
                            row.record.status, there, project->record.key, *limit->AsInt64()),
                "wip_limit");
}

/// {"doing": 3}: a column and a number.
Status CheckLimits(const Record& project) {
  const json::Value* limits = FieldOf(project, "wip_limits");
  if (limits == nullptr) return OkStatus();
  const KindDef& task = KindOf("task");
  for (const auto& [column, limit] : *limits->AsObject()) {
    const bool known = std::ranges::find(task.statuses, column) != task.statuses.end();
    if (known && limit.AsInt64() != nullptr && *limit.AsInt64() > 0) continue;
    return Err(Code::kInvalidArgument,
               fmt::format("field 'wip_limits' holds '{}': {}, expected a column ({}) and a number "
                           "above 0",
                           column, json::Dump(limit), fmt::join(task.statuses, ", ")),
               "invalid_field");
  }
  return OkStatus();
}

/// Hours to the first answer: of the priority, else of "normal".
std::optional<double> ResponseHours(const Record& level, const std::string& priority) {
  const json::Value* hours = FieldOf(level, "response_hours");
  if (hours == nullptr) return std::nullopt;
  for (const std::string_view name : {std::string_view(priority), std::string_view("normal")}) {
    const json::Value* value = hours->Find(name);
    if (value == nullptr) continue;
    if (const int64_t* integer = value->AsInt64()) return static_cast<double>(*integer);
    if (const double* number = value->AsDouble()) return *number;
  }
  return std::nullopt;
}

Status CheckHours(const Record& level) {
  const json::Value* hours = FieldOf(level, "response_hours");
  if (hours == nullptr) return OkStatus();
  constexpr double kMost = 24.0 * 366;
  const FieldDef* priorities = KindOf("change_request").Find("priority");
  for (const auto& [priority, value] : *hours->AsObject()) {
    const bool known =
        std::ranges::find(priorities->choices, priority) != priorities->choices.end();
    const double number = value.AsInt64() != nullptr    ? static_cast<double>(*value.AsInt64())
                          : value.AsDouble() != nullptr ? *value.AsDouble()
                                                        : -1;
    if (known && number > 0 && number <= kMost) continue;
    return Err(
        Code::kInvalidArgument,
        fmt::format("field 'response_hours' holds '{}': {}, expected a priority ({}) and "
                    "hours above 0, at most {}",
                    priority, json::Dump(value), fmt::join(priorities->choices, ", "), kMost),
        "invalid_field");
  }
  return OkStatus();
}

/// Days compare as their texts do.
Status CheckPeriod(const Record& level) {
  const std::string begins = TextOf(level, "begins");
  const std::string ends = TextOf(level, "ends");
  if (begins.empty() || ends.empty() || begins <= ends) return OkStatus();
  return Err(Code::kInvalidArgument,
             fmt::format("field 'ends' is {}, expected the day of 'begins' ({}) or a later one",
                         ends, begins),
             "invalid_field");
}

/// A bug fix names the service level that covers it, which decides when an answer is due. What was
/// promised stays, whatever becomes of the level, until priority or level of the request change.
Status CoverByLevel(store::Session& session, const Record* before, Record& change) {
  const std::string reference = TextOf(change, "service_level");
  if (before != nullptr && TextOf(*before, "service_level") == reference &&
      TextOf(*before, "priority") == TextOf(change, "priority")) {
    return OkStatus();
  }
  SetField(change, "respond_by", nullptr);
  if (reference.empty()) return OkStatus();
  ASSIGN_OR_RETURN(const repository::RecordRow level, Resolve(session, "service_level", reference));
  if (const auto hours = ResponseHours(level.record, TextOf(change, "priority"))) {
    constexpr double kHour = 3'600'000;
    SetField(change, "respond_by", change.created.ms + static_cast<int64_t>(*hours * kHour));
  }
  return OkStatus();
}

Status RulesOfChange(store::Session& session, const Principal& who, const Record* before,
                     Record& change) {
  TRY(CoverByLevel(session, before, change));
  const std::string triage = TextOf(change, "triage");
  const bool undecided = change.status == "open" || change.status == "rejected";
  if (!undecided && triage == "undecided") {
    return Refuse(
        fmt::format("status '{}' needs a triage, expected field 'triage' to be bug_fix or "
                    "change",
                    change.status),
        "triage_missing");
  }
  if (!undecided && triage == "bug_fix" && TextOf(change, "service_level").empty()) {
    return Refuse("a bug fix is covered by a service level, expected field 'service_level'",
                  "service_level_missing");
  }
  if (change.status == "approved" && (before == nullptr || before->status != "approved")) {
    SetField(change, "approved_by", who.user);
  } else if (undecided || change.status == "triaged") {
    SetField(change, "approved_by", nullptr);
  }
  return OkStatus();
}

/// {"attachment": "case.json"}: the case is a file of the record, which may be attached later.
Status CheckCase(const Record& feedback) {
  const json::Value* value = FieldOf(feedback, "case");
  if (value == nullptr || value->AsObject()->size() != 1) return OkStatus();
  const json::Value* name = value->Find("attachment");
  if (name == nullptr) return OkStatus();
  if (name->AsString() != nullptr && CheckAttachmentName(*name->AsString()).ok()) {
    return OkStatus();
  }
  return Err(Code::kInvalidArgument,
             fmt::format("field 'case' names the attachment {}, expected the name of a file",
                         FirstCodePoints(json::Dump(*name), 80)),
             "invalid_field");
}

}  // namespace

Status ApplyRules(store::Session& session, const Principal& who, const Record* before,
                  repository::RecordRow& row) {
  Record& record = row.record;
  const KindDef& kind = KindOf(record.kind);
  if (before != nullptr) TRY(CheckMove(kind, *before, record));
  const bool moved = before == nullptr || before->status != record.status;
  if (record.kind == "task" && moved) return CheckColumn(session, row);
  if (record.kind == kProject) return CheckLimits(record);
  if (record.kind == "service_level") {
    TRY(CheckPeriod(record));
    return CheckHours(record);
  }
  if (record.kind == "feedback") return CheckCase(record);
  if (record.kind == "change_request") return RulesOfChange(session, who, before, record);
  return OkStatus();
}

}  // namespace stetig::planning
