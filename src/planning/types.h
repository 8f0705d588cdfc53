// Plain values of planning: records of a few kinds (project, requirement, task, …), each declared
// once in kinds.cc, and links between them and anything else.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json_value.h"

namespace stetig::planning {

/// What a field of a record holds; in brackets its form in JSON.
enum class FieldType : unsigned char {
  kText,      ///< one line, at most kMaxLine code points (string)
  kMarkdown,  ///< at most kMaxMarkdown bytes (string)
  kChoice,    ///< one of the field's choices (string)
  kInteger,   ///< (integer)
  kNumber,    ///< finite (number)
  kFlag,      ///< (true or false)
  kDate,      ///< a day, "2026-11-27" (string)
  kTime,      ///< milliseconds since the epoch, UTC (integer); RFC 3339 text is taken too
  kUser,      ///< name of a person, who need not have an account (string)
  kTexts,     ///< at most kMaxTexts lines (array of strings)
  kCriteria,  ///< conditions on metrics (array of strings); see criteria.h
  kObject,    ///< any JSON object of at most kMaxObject bytes, kMaxObjectDepth deep (object)
};

inline constexpr size_t kMaxLine = 500;
inline constexpr size_t kMaxMarkdown = size_t{256} << 10;
inline constexpr size_t kMaxTexts = 100;
inline constexpr size_t kMaxObject = size_t{64} << 10;
inline constexpr int kMaxObjectDepth = 32;  ///< arrays and objects inside each other

/// Who may set a field.
enum class Access : unsigned char {
  kWrite,     ///< at any time
  kOnCreate,  ///< with the record, and never again
  kRead,      ///< stetig alone
};

struct FieldDef {
  std::string_view name;
  FieldType type = FieldType::kText;
  std::string_view doc;  ///< one sentence
  bool required = false;
  bool versioned = false;  ///< a change makes a new version of the record and a new fingerprint
  Access access = Access::kWrite;
  std::span<const std::string_view> choices;
  std::string_view initial;  ///< of a choice: its value when none is given; empty: none
};

/// A move from one status to another. "*": from any.
struct Transition {
  std::string_view from;
  std::string_view to;
};

struct KindDef {
  std::string_view name;    ///< "requirement"
  std::string_view plural;  ///< "requirements"
  std::string_view doc;     ///< one sentence
  std::span<const FieldDef> fields;
  std::span<const std::string_view> statuses;  ///< the first is a new record's
  std::span<const Transition> transitions;
  /// A new version of a record in one of these statuses goes back to `reopened`.
  std::span<const std::string_view> settled;
  std::string_view reopened;

  const FieldDef* Find(std::string_view field) const;
};

/// Every kind, projects first; the order is that of documents.
std::span<const KindDef> Kinds();
/// CHECKs that there is one.
const KindDef& KindOf(std::string_view name);
const KindDef* FindKind(std::string_view name);
inline constexpr std::string_view kProject = "project";

/// A record. What every kind has is named here; the rest is in `fields` by the kind's table.
struct Record {
  std::string id;           ///< ULID
  std::string kind;         ///< KindDef::name
  std::string project;      ///< id of its project; a project's own
  std::string key;          ///< "CHURN-12"; a project's: "CHURN"
  int64_t number = 0;       ///< within the project, over all kinds; a project's: 0
  int64_t revision = 0;     ///< 1, 2, 3 …: of any change
  int64_t version = 0;      ///< 1, 2, 3 …: of the versioned fields
  std::string fingerprint;  ///< SHA-256 of the versioned fields, 64 hex digits
  std::string status;
  std::string title;
  std::string owner;
  WallTime created;
  std::string created_by;
  WallTime updated;
  std::string updated_by;
  json::Object fields;
};

/// What a record was at one revision.
struct Revision {
  int64_t revision = 0;
  int64_t version = 0;
  WallTime time;
  std::string actor;
  json::Object document;  ///< title, owner, status and fields
};

/// One end of a link: a record by its kind and id, or anything of the other modules ("run",
/// "model_version", …).
struct Ref {
  std::string type;
  std::string id;
  friend bool operator==(const Ref&, const Ref&) = default;
};

/// A typed, dated statement that two things belong together. Never changed but by its end and by
/// reviews.
struct Link {
  std::string id;
  std::string type;  ///< one of LinkTypes()
  Ref from;
  Ref to;
  std::string basis;     ///< "asserted" by a person or program, "derived" by a rule, "verified"
  std::string rule;      ///< of a derived link: which one
  std::string evidence;  ///< what it rests on, in words or as a URI
  std::string to_fingerprint;  ///< of the record at `to` when the link was last reviewed
  WallTime created;
  std::string created_by;
  std::optional<WallTime> ended;
  /// The record at `to` has another fingerprint by now: what `from` rests on has changed.
  bool suspect = false;
};

struct LinkTypeDef {
  std::string_view name;
  std::string_view doc;
};
std::span<const LinkTypeDef> LinkTypes();

template <class T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;  ///< empty: the last page
};

}  // namespace stetig::planning
