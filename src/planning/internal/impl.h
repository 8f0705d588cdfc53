// What the use cases of planning share.
#pragma once

#include <string>
#include <string_view>

#include "journal/service.h"
#include "planning/fields.h"
#include "planning/repository.h"
#include "planning/service.h"

namespace stetig::planning {

struct Service::Impl {
  store::Database& db;
  const Clock& clock;
};

/// The record that a reference names. kNotFound; kInvalidArgument: a prefix fits more than one, or
/// the record is of another kind.
/// What `who` does not see is not there: the same answer, whatever the reference.
Result<repository::RecordRow> Resolve(store::Session& session, const Principal& who,
                                      std::string_view kind, std::string_view reference);
/// The place of a project by its reference; none for an empty one.
Result<std::optional<int64_t>> ResolveProject(store::Session& session, const Principal& who,
                                              std::string_view reference);
/// The projects that `who` does not see, or null.
repository::Sight SightOf(const Principal& who);
/// kPermissionDenied: `who` may not do in this project (its id; empty: in none) what they do.
Status CheckMay(const Principal& who, std::string_view project);

Content ContentOf(const Record& record);

/// 1 … kMaxPage, else kInvalidArgument.
Status CheckLimit(int64_t limit);

/// Rules that concern more than one field (rules.cc): who may go where, and what follows. May set
/// fields that only stetig sets. `before`: null for a new record. kFailedPrecondition names the
/// rule and what is missing.
Status ApplyRules(store::Session& session, const Principal& who, const Record* before,
                  repository::RecordRow& row);

}  // namespace stetig::planning
