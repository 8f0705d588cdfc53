// What the journal keeps: one event for every change that an auditor, a trigger or a colleague
// could ask about.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace stetig::journal {

/// A thing that an event is about or refers to: {"run", "4f1c…"}, {"model_version", "iris/3"}.
/// Neither part is empty.
struct Ref {
  std::string type;
  std::string id;
  friend bool operator==(const Ref&, const Ref&) = default;
};

/// SHA-256 of an event's canonical bytes as an RFC 6962 leaf.
using LeafHash = std::array<std::byte, 32>;

/// What a reader sees in the place of a text that was erased.
inline constexpr const char* kErasedText = "erased";

/// One entry. Never changed and never deleted once its transaction has committed; only its personal
/// texts (the actor's name, and `texts`) can be erased, see erasure.h.
struct Event {
  int64_t seq = 0;  ///< 1, 2, 3 … without gaps, in order of commit; given by Append
  WallTime time;    ///< of the use case, from its clock
  std::string tenant = "default";
  std::string project;  ///< empty: of the whole installation
  std::string actor;    ///< user name, or "system"; erasable; at most 1,024 bytes
  std::string kind;     ///< "run.finished": noun, dot, past participle
  Ref subject;
  std::vector<Ref> refs;
  std::string payload = "{}";  ///< a JSON object as UTF-8 text, kept byte for byte
  std::string request_id;
  /// Personal texts (a comment, an address), erasable one by one; at most 64. What belongs to a
  /// person goes here and not into the payload, which stays for ever.
  std::vector<std::string> texts;
  /// Set by readers: places of what was erased, ascending: 0 the actor, n: texts[n - 1]. These read
  /// kErasedText.
  std::vector<int> erased;
  friend bool operator==(const Event&, const Event&) = default;
};

/// Which events a reader wants; an empty field asks for all.
struct Filter {
  std::vector<std::string>
      kinds;  ///< exact names, or "run.*" for every kind that starts with "run."; at most 64
  std::string tenant;
  std::string project;
  std::string actor;  ///< finds no event whose actor was erased
  Ref subject;        ///< type alone, or type and id
};

}  // namespace stetig::journal
