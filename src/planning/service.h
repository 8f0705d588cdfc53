// Use cases of planning: records of every kind, their history, and links between them and
// everything else.
//
// A *reference* names a record: its id, its key ("CHURN-12"; a project: "CHURN"; keys that a
// project had before go on working), or a part of the id of at least kMinPrefix characters from the
// start that fits one record only. Every change writes one journal event in the same transaction
// ("requirement.updated"; payload: key, title, status, revision, version, fingerprint and the names
// of the fields that changed). Common errors: kInvalidArgument, kNotFound, and the store's.
// Thread-safe; coroutines resume on the caller's loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"
#include "io/task.h"
#include "planning/types.h"
#include "store/database.h"

namespace stetig::planning {

using access::Principal;

inline constexpr size_t kMinPrefix = 6;
inline constexpr int64_t kMaxPage = 1000;

struct CreateRecord {
  std::string kind;
  std::string project;  ///< reference; empty for a project
  json::Object values;  ///< title, owner, status, and the kind's fields
  /// A repeated call of the same caller with the same key and values answers with the record that
  /// the first one made. Empty: every call makes one. At most 255 bytes.
  std::string idempotency_key;
  /// The record comes from elsewhere and keeps the status that it has there, whatever it is. The
  /// event says so.
  bool imported = false;
};

struct UpdateRecord {
  std::string kind;  ///< the record must be of it; empty: any
  std::string reference;
  json::Object changes;                ///< merge patch: null takes a field away
  std::optional<int64_t> if_revision;  ///< only if the record still has this revision
};

struct ListRecords {
  std::string kind;
  std::string project;  ///< reference; empty: all projects
  /// query/records.h. A flag is compared as the word 'true' or 'false', a list or an object as its
  /// compact JSON: labels LIKE '%"urgent"%'. What is not there fits neither a condition nor its
  /// NOT, but IS NULL.
  std::string filter;
  std::vector<std::string> order_by;
  int64_t limit = 100;  ///< 1 … kMaxPage
  std::string page_token;
};

struct NewLink {
  std::string type;
  Ref from;  ///< id: a reference where the type is a kind of record
  Ref to;
  std::string basis = "asserted";
  std::string rule;
  std::string evidence;
};

struct ListLinks {
  std::string project;
  std::optional<Ref> from;
  std::optional<Ref> to;
  std::string type;
  bool suspect_only = false;
  bool ended_too = false;
  int64_t limit = 100;
  std::string page_token;
};

/// A file whose bytes are in the blob store already.
struct NewAttachment {
  std::string kind;       ///< the record must be of it; empty: any
  std::string reference;  ///< of the record
  std::string name;       ///< see names.h
  std::string content_type = "application/octet-stream";
  std::string manifest = {};  ///< of the blob store
  uint64_t size = 0;
  std::string sha256 = {};
};

struct AttachmentRef {
  std::string kind;
  std::string reference;
  std::string name;
  std::optional<int64_t> version = {};  ///< nothing: the newest, or all of them
};

struct ListAttachments {
  std::string kind;
  std::string reference;
  std::string name;  ///< empty: the newest version of each name; else all versions of this one
  int64_t limit = 100;
  std::string page_token;
};

struct SetPhase {
  std::string project;  ///< reference
  std::string phase;    ///< its name
  std::optional<std::string> status;
  std::optional<std::string> note;  ///< at most kMaxLine code points
};

struct NewPhaseEvidence {
  std::string project;
  std::string phase;
  Ref thing;  ///< id: a reference where the type is a kind of record
  std::string note;
};

/// Borrows the database, which must have the migrations of journal and planning, and for phases and
/// maturity those of trace.
class Service {
 public:
  explicit Service(store::Database& db, const Clock& clock = Clock::System());
  ~Service();

  // Records (records.cc)
  /// kAlreadyExists (detail key_taken): another project has the key. kFailedPrecondition: a rule of
  /// the kind (rules.cc); detail initial_status: no record of the kind begins so;
  /// idempotency_key_reused: the key came with other values before.
  Task<Record> Create(Principal who, CreateRecord request, Deadline deadline);
  Task<Record> Get(std::string kind, std::string reference, Deadline deadline);
  Task<Page<Record>> List(ListRecords request, Deadline deadline);
  /// Changes nothing and writes no event when nothing differs. kFailedPrecondition: detail
  /// revision_mismatch, or a rule of the kind.
  Task<Record> Update(Principal who, UpdateRecord request, Deadline deadline);
  /// The record is no longer found; its events and revisions stay. A project must be empty.
  Task<> Delete(Principal who, std::string kind, std::string reference,
                std::optional<int64_t> if_revision, Deadline deadline);
  /// Newest first.
  Task<Page<Revision>> ListRevisions(std::string kind, std::string reference, int64_t limit,
                                     std::string page_token, Deadline deadline);

  // Links (links.cc)
  /// A link that says the same and has not ended is answered as it is.
  Task<Link> AddLink(Principal who, NewLink request, Deadline deadline);
  Task<Link> GetLink(std::string id, Deadline deadline);
  Task<Page<Link>> FindLinks(ListLinks request, Deadline deadline);
  /// Somebody has looked: the link is no longer suspect.
  Task<Link> ReviewLink(Principal who, std::string id, Deadline deadline);
  /// Repeating it changes nothing.
  Task<Link> EndLink(Principal who, std::string id, Deadline deadline);

  // Attachments (attachments.cc). Their journal events are about the record ("attachment.added",
  // "attachment.removed"); its revision, version and fingerprint do not change. kNotFound with
  // detail attachment_not_found.
  /// Whether Attach() would take the name and has room: ask before bytes are sent. Looks at neither
  /// manifest nor size. kFailedPrecondition: detail too_many_attachments.
  Task<> CheckAttachment(Principal who, NewAttachment request, Deadline deadline);
  /// Names bytes that are durable in the blob store. The bytes and the type of the newest version
  /// again are that version. Errors as above.
  Task<Attachment> Attach(Principal who, NewAttachment request, Deadline deadline);
  Task<Attachment> GetAttachment(Principal who, AttachmentRef ref, Deadline deadline);
  Task<Page<Attachment>> FindAttachments(Principal who, ListAttachments request, Deadline deadline);
  /// Without a version: all of them. The bytes go with a later sweep.
  Task<> RemoveAttachment(Principal who, AttachmentRef ref, Deadline deadline);
  /// Manifests that attachments name, each once, behind `after` in order, at most `limit`: roots of
  /// the blob store's sweep.
  Task<std::vector<std::string>> LiveManifests(std::string after, size_t limit, Deadline deadline);

  // Phases of CRISP-DM and maturity (phases.cc, maturity.cc). Derived evidence comes from the trace
  // graph, a moment behind the journal.
  /// All six, in their order.
  Task<std::vector<PhaseState>> ListPhases(Principal who, std::string project, Deadline deadline);
  /// Event "phase.changed", when something differs. kNotFound, detail phase_not_found.
  Task<PhaseState> ChangePhase(Principal who, SetPhase request, Deadline deadline);
  Task<PhaseEvidence> ListPhaseEvidence(Principal who, std::string project, std::string phase,
                                        Deadline deadline);
  /// A link of type "evidence" from the thing to the phase.
  Task<Link> AssertPhaseEvidence(Principal who, NewPhaseEvidence request, Deadline deadline);
  Task<Maturity> GetMaturity(Principal who, std::string project, Deadline deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stetig::planning
