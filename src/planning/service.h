// Use cases of planning: records of every kind, their history, and links between them and
// everything else.
//
// What a project's members keep to themselves (access/principal.h) is not there for others: reads
// say kNotFound as for what does not exist, lists and counts leave it out. A write that is seen but
// not allowed in the project is kPermissionDenied.
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
  /// Whether created_by and updated_by may be compared and ordered by; if not, only `= 'their own
  /// name'` is allowed.
  bool persons = true;
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

/// Borrows the database, which must have the migrations of journal and planning.
class Service {
 public:
  explicit Service(store::Database& db, const Clock& clock = Clock::System());
  ~Service();

  // Records (records.cc)
  /// kAlreadyExists (detail key_taken): another project has the key. kFailedPrecondition: a rule of
  /// the kind (rules.h); detail idempotency_key_reused: the key came with other values before.
  Task<Record> Create(Principal who, CreateRecord request, Deadline deadline);
  Task<Record> Get(Principal who, std::string kind, std::string reference, Deadline deadline);
  /// kPermissionDenied, detail activity_hidden: see ListRecords::persons.
  Task<Page<Record>> List(Principal who, ListRecords request, Deadline deadline);
  /// Changes nothing and writes no event when nothing differs. kFailedPrecondition: detail
  /// revision_mismatch, or a rule of the kind.
  Task<Record> Update(Principal who, UpdateRecord request, Deadline deadline);
  /// The record is no longer found; its events and revisions stay. A project must be empty.
  Task<> Delete(Principal who, std::string kind, std::string reference,
                std::optional<int64_t> if_revision, Deadline deadline);
  /// Newest first.
  Task<Page<Revision>> ListRevisions(Principal who, std::string kind, std::string reference,
                                     int64_t limit, std::string page_token, Deadline deadline);
  /// Which of `ids` are records, deleted ones too, that `who` does not see. At most 1,000 ids.
  Task<std::vector<std::string>> HiddenOf(Principal who, std::vector<std::string> ids,
                                          Deadline deadline);

  // Links (links.cc)
  /// A link that says the same and has not ended is answered as it is.
  Task<Link> AddLink(Principal who, NewLink request, Deadline deadline);
  Task<Link> GetLink(Principal who, std::string id, Deadline deadline);
  Task<Page<Link>> FindLinks(Principal who, ListLinks request, Deadline deadline);
  /// Somebody has looked: the link is no longer suspect.
  Task<Link> ReviewLink(Principal who, std::string id, Deadline deadline);
  /// Repeating it changes nothing.
  Task<Link> EndLink(Principal who, std::string id, Deadline deadline);

  // The same for stetig itself, which sees every project: subscribers, connectors.
  Task<Record> Get(std::string kind, std::string reference, Deadline deadline) {
    return Get(Principal(), std::move(kind), std::move(reference), deadline);
  }
  Task<Page<Record>> List(ListRecords request, Deadline deadline) {
    return List(Principal(), std::move(request), deadline);
  }
  Task<Page<Revision>> ListRevisions(std::string kind, std::string reference, int64_t limit,
                                     std::string page_token, Deadline deadline) {
    return ListRevisions(Principal(), std::move(kind), std::move(reference), limit,
                         std::move(page_token), deadline);
  }
  Task<Link> GetLink(std::string id, Deadline deadline) {
    return GetLink(Principal(), std::move(id), deadline);
  }
  Task<Page<Link>> FindLinks(ListLinks request, Deadline deadline) {
    return FindLinks(Principal(), std::move(request), deadline);
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stetig::planning
