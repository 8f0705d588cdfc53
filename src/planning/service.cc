#include "planning/service.h"

#include <fmt/format.h>

#include "base/ids.h"
#include "base/text.h"
#include "planning/internal/impl.h"

namespace stetig::planning {
namespace {

Failure NotFound(std::string_view kind, std::string_view reference) {
  return Err(Code::kNotFound,
             fmt::format("{} '{}' not found", kind.empty() ? "record" : kind,
                         FirstCodePoints(reference, 80)),
             "record_not_found");
}

/// "CHURN-12" in its parts; number 0 for "CHURN".
struct Key {
  std::string_view project;
  int64_t number = 0;
};

std::optional<Key> ParseKey(std::string_view text) {
  if (IsProjectKey(text)) return Key{.project = text};
  const size_t dash = text.rfind('-');
  if (dash == std::string_view::npos || !IsProjectKey(text.substr(0, dash))) return std::nullopt;
  const auto number = ParseInt64(text.substr(dash + 1));
  if (!number || *number < 1) return std::nullopt;
  return Key{.project = text.substr(0, dash), .number = *number};
}

bool IsIdPrefix(std::string_view text) {
  return text.size() >= kMinPrefix && text.size() < 26 &&
         text.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string_view::npos;
}

Result<std::optional<repository::RecordRow>> FindByPrefix(store::Session& session,
                                                          std::string_view reference,
                                                          repository::Sight projects) {
  ASSIGN_OR_RETURN(auto rows, repository::FindByIdPrefix(session, reference, projects));
  if (rows.size() > 1) {
    return Err(Code::kInvalidArgument,
               fmt::format("'{}' is the begin of several ids ({}, {}, …), expected more characters",
                           reference, rows[0].record.id, rows[1].record.id),
               "ambiguous_prefix");
  }
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

}  // namespace

Service::Service(store::Database& db, const Clock& clock)
    : impl_(std::make_unique<Impl>(Impl{.db = db, .clock = clock})) {}
Service::~Service() = default;

repository::Sight SightOf(const Principal& who) {
  return who.scope ? &who.scope->projects : nullptr;
}

Status CheckMay(const Principal& who, std::string_view project) {
  if (who.MayInProject(project)) return OkStatus();
  return Status(Code::kPermissionDenied, access::DenialOf(who));
}

Result<repository::RecordRow> Resolve(store::Session& session, const Principal& who,
                                      std::string_view kind, std::string_view reference) {
  const repository::Sight projects = SightOf(who);
  std::optional<repository::RecordRow> found;
  if (IsUlid(reference)) {
    ASSIGN_OR_RETURN(found, repository::FindById(session, reference, projects));
  } else if (const auto key = ParseKey(reference)) {
    ASSIGN_OR_RETURN(found, repository::FindByKey(session, key->project, key->number, projects));
  }
  if (!found && IsIdPrefix(reference)) {
    ASSIGN_OR_RETURN(found, FindByPrefix(session, reference, projects));
  }
  if (!found) return NotFound(kind, reference);
  if (!kind.empty() && found->record.kind != kind) {
    return Err(
        Code::kNotFound,
        fmt::format("{} is a {}, expected a {}", found->record.key, found->record.kind, kind),
        "other_kind");
  }
  return std::move(*found);
}

Result<std::optional<int64_t>> ResolveProject(store::Session& session, const Principal& who,
                                              std::string_view reference) {
  if (reference.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const repository::RecordRow row, Resolve(session, who, kProject, reference));
  return row.record_no;
}

Content ContentOf(const Record& record) {
  return {.title = record.title,
          .owner = record.owner,
          .status = record.status,
          .fields = record.fields};
}

Status CheckLimit(int64_t limit) {
  if (limit >= 1 && limit <= kMaxPage) return OkStatus();
  return Err(Code::kInvalidArgument, fmt::format("limit is {}, expected 1 to {}", limit, kMaxPage));
}

}  // namespace stetig::planning
