// The values of a record, checked against its kind's table.
#pragma once

#include <string>
#include <string_view>

#include "base/json_value.h"
#include "base/status.h"
#include "planning/types.h"

namespace stetig::planning {

/// The part of a record that its writers decide.
struct Content {
  std::string title;
  std::string owner;
  std::string status;
  json::Object fields;  ///< in the order of the kind's table; absent: not set
};

/// A new record's content: initial values, then `values` (title, owner, status and fields of the
/// kind; null means "not set"). kInvalidArgument names the field, what was found and what was
/// expected.
Result<Content> NewContent(const KindDef& kind, const json::Object& values);

/// `content` after a JSON merge patch (RFC 7396) of its top level: null takes a field away, and a
/// choice that has an initial value back to it. The status is not checked against the kind's
/// transitions. Errors as above.
Result<Content> Patched(const KindDef& kind, Content content, const json::Object& changes);

/// SHA-256 in hex over the canonical JSON of title and versioned fields: equal while nothing that
/// others rest on has changed.
std::string FingerprintOf(const KindDef& kind, const Content& content);

/// Whether the kind lets a record go from one status to the other.
bool MayMove(const KindDef& kind, std::string_view from, std::string_view to);

/// Whether `text` is a project's key: 2 to 16 characters A–Z, 0–9 and _, a letter first.
bool IsProjectKey(std::string_view text);

}  // namespace stetig::planning
