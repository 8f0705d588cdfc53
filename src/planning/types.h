// Plain values of planning: records of a few kinds (project, requirement, task, …), each declared
// once in kinds.cc, and links between them and anything else.
#pragma once

#include <cstdint>
#include <limits>
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
  /// Of an integer or a number: the least and the greatest value.
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
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
  /// The first `beginnings` statuses are those in which a record may be made; an import may use
  /// all.
  size_t beginnings = 1;
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

inline constexpr size_t kMaxAttachmentName = 200;                ///< bytes
inline constexpr uint64_t kMaxAttachment = uint64_t{256} << 20;  ///< bytes of one file
/// Of one record, all names together, removed ones too.
inline constexpr int64_t kMaxAttachmentVersions = 10'000;

/// A file that belongs to a record. Each upload under a name makes its next version; versions never
/// change, and their numbers are never given again.
struct Attachment {
  std::string record;  ///< id
  std::string name;
  int64_t version = 0;   ///< 1, 2, 3 … of the name
  std::string manifest;  ///< of the blob store, in hex
  int64_t size = 0;      ///< bytes
  std::string sha256;    ///< 64 hex digits
  std::string content_type;
  WallTime created;
  std::string created_by;
  friend bool operator==(const Attachment&, const Attachment&) = default;
};

/// Something recorded that speaks for a phase or for a box of the maturity page.
struct EvidenceItem {
  Ref ref;
  std::string title;
  std::string status;
  WallTime since;                 ///< when it came to count
  std::string basis = "derived";  ///< "asserted" by a person, "derived" by a rule, "verified"
  std::string joined = {};        ///< id of the thing by which it counts; often empty
  std::string note = {};          ///< of asserted evidence: what its author says
  std::string by = {};            ///< of asserted evidence: its author
  std::string link = {};          ///< of asserted evidence: id of the link, which can be ended
};

/// Where a project stands in one phase of CRISP-DM.
struct PhaseState {
  std::string name;   ///< "data_understanding"
  std::string title;  ///< "Data understanding"
  std::string status;
  std::string note;
  std::optional<WallTime> updated;  ///< nothing: nobody has set it
  std::string updated_by;
  int64_t asserted = 0;  ///< things that people named as its evidence
  int64_t derived = 0;   ///< things that rules found
};

struct PhaseEvidence {
  std::vector<EvidenceItem> items;  ///< asserted ones first, each newest first
  bool complete = true;             ///< false: there is more
  int64_t applied_seq = 0;          ///< events up to here are in the derived ones
};

enum class BoxState : unsigned char {
  kTicked,       ///< there is evidence
  kOpen,         ///< stetig records such things, and there is none
  kNotRecorded,  ///< there is none, and no part of stetig records such things yet
};

/// One line of the maturity page.
struct MaturityBox {
  int level = 0;
  std::string id;     ///< "1.metadata.code"
  std::string group;  ///< heading above it
  std::string title;
  std::string source;     ///< where the model of levels asks for it
  bool optional = false;  ///< the level can be reached without it
  BoxState state = BoxState::kOpen;
  std::string missing;                 ///< of kNotRecorded: what would record it
  int64_t count = 0;                   ///< pieces of evidence
  std::vector<EvidenceItem> evidence;  ///< the newest of them
};

struct Maturity {
  std::string project;       ///< id
  std::optional<int> level;  ///< all boxes up to here are ticked; nothing: not even level 0
  std::vector<MaturityBox> boxes;
  bool complete = true;  ///< false: the project is too large, evidence may be missing
  int64_t applied_seq = 0;
};

template <class T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;  ///< empty: the last page
};

}  // namespace stetig::planning
