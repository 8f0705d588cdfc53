// The events that tracking writes into the journal; README.md lists them with their payloads.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"
#include "base/status.h"
#include "journal/types.h"
#include "store/database.h"

namespace stetig::tracking {

/// Name and text of a payload's member.
using EventField = std::pair<std::string_view, std::string_view>;

/// Who acts and when: what all events of one use case share. Borrowed for the call.
struct Act {
  const access::Principal& who;
  WallTime time;
};

/// Appends one event to the journal within `tx`. Errors: as journal::Append.
Status Record(store::Transaction& tx, const Act& act, std::string_view kind, journal::Ref subject,
              std::vector<journal::Ref> refs = {}, std::initializer_list<EventField> payload = {});

journal::Ref ExperimentRef(int64_t experiment_no);
journal::Ref RunRefOf(std::string_view run_id);
journal::Ref LoggedModelRef(std::string_view model_id);
/// A dataset version: "<experiment>/<name>/<digest>".
journal::Ref DatasetRef(int64_t experiment_no, std::string_view name, std::string_view digest);
journal::Ref ArtifactRef(std::string_view path);

}  // namespace stetig::tracking
