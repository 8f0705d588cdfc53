// What of the things that events, links and the trace graph name a principal does not see.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "access/principal.h"
#include "api/context.h"
#include "journal/types.h"
#include "trace/types.h"

namespace stetig::api {

/// Things that are hidden, by type and id.
using HiddenThings = std::set<std::pair<std::string, std::string>>;

/// Which of `refs` are records of projects, or experiments, runs, logged models, registered models,
/// versions, data sets and artifacts, that `who` does not see. Asks the store only when something
/// can be hidden.
Task<HiddenThings> FindHidden(Context* context, access::Principal who,
                              std::vector<journal::Ref> refs, Deadline deadline);

/// The events that `who` sees: of no hidden project, about no hidden thing; what concerns people
/// (users, groups, tokens, settings) only for the person, auditors and admins. Actors that are not
/// shown to `who` are empty (docs/access.md).
Task<std::vector<journal::Event>> SeenEvents(Context* context, access::Principal who,
                                             std::vector<journal::Event> events, Deadline deadline);

/// Whether `who` is shown what other people did: an auditor, or everybody when the server says so.
Task<bool> ShowsOthers(Context* context, access::Principal who, Deadline deadline);

/// For questions to the trace graph; null when `who` sees everything.
std::shared_ptr<const trace::Sight> SightOf(const access::Principal& who);

}  // namespace stetig::api
