// What each event of the journal says about the trace graph: one declarative table, rules.cc, which
// README.md explains to those who write events. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/json_value.h"
#include "journal/types.h"
#include "trace/types.h"

namespace stetig::trace {

/// The node exists; what is given replaces what was known.
struct NodeFact {
  NodeRef ref;
  bool created = false;  ///< a new thing, even if a deleted or renamed one had this id
  std::optional<std::string> title;
  std::optional<std::string> status;
  std::optional<bool> deleted;
  std::string key;          ///< a second id; empty: none
  json::Object attributes;  ///< scalars, set member by member
  friend bool operator==(const NodeFact&, const NodeFact&) = default;
};

/// The edge holds. Nothing new when it is open already with the same rule and basis.
struct LinkFact {
  std::string type;
  NodeRef from;
  NodeRef to;
  Basis basis = Basis::kAsserted;
  std::string rule;
  std::string evidence;
  std::optional<WallTime> valid_from;  ///< nothing: the event's time
  bool alone = false;  ///< ends the other open edges of this type and rule that lead to `to`
  friend bool operator==(const LinkFact&, const LinkFact&) = default;
};

/// The edge holds no longer.
struct EndFact {
  std::string type;
  NodeRef from;
  NodeRef to;
  std::string rule;                  ///< empty: by whatever rule
  std::optional<WallTime> valid_to;  ///< nothing: the event's time
  friend bool operator==(const EndFact&, const EndFact&) = default;
};

/// The node, and its parts ("old/3", "old@champion"), have new ids; the old ones still lead to
/// them.
struct RenameFact {
  std::string type;
  std::string old_id;
  std::string new_id;
  friend bool operator==(const RenameFact&, const RenameFact&) = default;
};

using Fact = std::variant<NodeFact, LinkFact, EndFact, RenameFact>;

struct Facts {
  std::vector<Fact> facts;            ///< in the order in which they apply
  std::vector<std::string> rejected;  ///< why parts of the event could not be read
};

/// What `event` says; nothing for a kind that no rule names. Never fails: events cannot be changed,
/// so what cannot be read is left out and said in `rejected`. Bounded: at most 64 links of one
/// event, 32 attributes of 512 bytes each, texts cut to 4 KiB. Thread-safe.
Facts Interpret(const journal::Event& event);

/// Types of parts that are renamed with a node, and what stands between the ids of node and part.
struct PartRule {
  std::string_view type;
  std::string_view part;
  char separator;
};
/// Of nodes of `type`.
std::vector<PartRule> PartsOf(std::string_view type);

}  // namespace stetig::trace
