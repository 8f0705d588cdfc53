// What the use cases of connect share.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "connect/git.h"
#include "connect/key_book.h"
#include "connect/repository.h"
#include "connect/service.h"
#include "journal/service.h"

namespace stetig::connect {

/// Ids of repositories that are being synchronised: each once at a time.
class UnderWay {
 public:
  /// False: it is under way already.
  bool Begin(const std::string& id) {
    MutexLock lock(mutex_);
    return ids_.insert(id).second;
  }
  void End(const std::string& id) {
    MutexLock lock(mutex_);
    ids_.erase(id);
  }

 private:
  Mutex mutex_;
  std::set<std::string> ids_ GUARDED_BY(mutex_);
};

struct Service::Impl {
  Impl(store::Database& database, planning::Service& planner, ServiceOptions given)
      : db(database),
        planning(planner),
        clock(*given.clock),
        git(std::move(given.mirrors)),
        keys(planner) {}

  /// The id of the project that a reference names; empty for an empty one.
  Task<std::string> ProjectId(std::string reference, Deadline deadline);

  store::Database& db;
  planning::Service& planning;
  const Clock& clock;
  const Git git;
  KeyBook keys;
  UnderWay under_way;
};

/// kNotFound (detail repository_not_found).
Result<repository::SourceRow> RequireSource(store::Session& session, std::string_view reference);

/// 1 … kMaxPage, else kInvalidArgument.
Status CheckLimit(int64_t limit);
/// The place that a page token of the list `print` holds; 0 for an empty one.
Result<int64_t> PlaceOf(std::string_view token, uint64_t print);

std::string TokenOf(int64_t place, uint64_t print);

/// Cuts a list of limit + 1 rows to a page.
template <class Item, class Row, class Number, class Take>
Page<Item> ToPage(std::vector<Row> rows, int64_t limit, uint64_t print, Number number, Take take) {
  Page<Item> page;
  if (static_cast<int64_t>(rows.size()) > limit) {
    rows.pop_back();
    page.next_page_token = TokenOf(number(rows.back()), print);
  }
  for (Row& row : rows) page.items.push_back(take(row));
  return page;
}

}  // namespace stetig::connect
