// The tables of planning; the only place with their SQL.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "base/status.h"
#include "planning/types.h"
#include "query/filter.h"
#include "query/order_by.h"
#include "query/page_token.h"
#include "store/database.h"

namespace stetig::planning::repository {

struct RecordRow {
  int64_t record_no = 0;
  int64_t project_no = 0;  ///< record_no of the project; a project's own
  Record record;
};

/// Functions with `projects` find nothing in a project that it hides; null: nothing is hidden.
using Sight = const access::Realm*;

/// " AND …": what the column names is no project that `projects` hides.
void AddSeen(store::SqlBuilder& sql, store::Literal column, Sight projects);

/// What a list is asked for, parsed.
struct Listing {
  std::string_view kind;
  std::optional<int64_t> project_no;
  Sight projects = nullptr;
  query::Filter filter;
  std::vector<query::Order> orders;  ///< ends with a unique field
  std::vector<query::CursorValue> cursor;
  int64_t limit = 0;
};

Result<std::optional<RecordRow>> FindById(store::Session& session, std::string_view id,
                                          Sight projects = nullptr);
/// At most two, in order of id: more are not told apart.
Result<std::vector<RecordRow>> FindByIdPrefix(store::Session& session, std::string_view prefix,
                                              Sight projects);
/// By the project's key, present or former, and the number (0: the project itself).
Result<std::optional<RecordRow>> FindByKey(store::Session& session, std::string_view project_key,
                                           int64_t number, Sight projects);
/// Which of `ids` are records, deleted ones too, of projects that `projects` hides.
Result<std::vector<std::string>> HiddenOf(store::Session& session, std::span<const std::string> ids,
                                          const access::Realm& projects);
Result<std::vector<RecordRow>> List(store::Session& session, const Listing& listing);
/// The values by which a list went on behind `row`.
std::vector<query::CursorValue> CursorOf(const RecordRow& row,
                                         const std::vector<query::Order>& orders);
/// The number of records of `kind` in `status`, but for `except`.
Result<int64_t> CountInStatus(store::Session& session, int64_t project_no, std::string_view kind,
                              std::string_view status, int64_t except);
/// Records of a project that are not deleted, but for itself.
Result<int64_t> CountLive(store::Session& session, int64_t project_no);

/// Gives the row its numbers (record_no; for a project project_no too, else `number`) and inserts.
Status Insert(store::Transaction& tx, RecordRow& row);
/// Everything but identity; `deleted` hides it for ever.
Status Update(store::Transaction& tx, const RecordRow& row, bool deleted = false);
/// kAlreadyExists: another project has, or had, the key.
Status TakeKey(store::Transaction& tx, int64_t project_no, std::string_view key, WallTime now);

Status AddRevision(store::Transaction& tx, const RecordRow& row);
/// Newest first, those below `before`.
Result<std::vector<Revision>> Revisions(store::Session& session, int64_t record_no, int64_t before,
                                        int64_t limit);

struct MadeBefore {
  std::string digest;
  int64_t record_no = 0;
};
Result<std::optional<MadeBefore>> FindRequest(store::Session& session, std::string_view caller,
                                              std::string_view request_key);
Status KeepRequest(store::Transaction& tx, std::string_view caller, std::string_view request_key,
                   std::string_view digest, int64_t record_no);
Result<std::optional<RecordRow>> FindByNo(store::Session& session, int64_t record_no);

}  // namespace stetig::planning::repository
