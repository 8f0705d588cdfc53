// Use case: search of runs.
#include <utility>

#include "tracking/internal/impl.h"
#include "tracking/internal/metric_settle.h"
#include "tracking/internal/run_repository.h"
#include "tracking/internal/sight.h"
#include "tracking/search/run_plan.h"
#include "tracking/search/run_query.h"
#include "tracking/search/run_snapshot.h"

namespace stetig::tracking {
namespace {

constexpr int kVersionColumn = 10;
constexpr int kFirstSortColumn = 11;

query::CursorValue SortValue(const store::Row& row, int column, const query::Field& field) {
  if (row.IsNull(column)) {
    return {};
  }
  if (IsTextKey(field)) {
    return std::string(row.Text(column));
  }
  return field.entity == query::Entity::kMetric ? query::CursorValue(row.Real(column))
                                                : query::CursorValue(row.Int(column));
}

/// A page, and snapshots of its runs that were not stored yet.
struct PageAndSnapshots {
  Page<Run> page;
  std::vector<Snapshot> snapshots;
};

struct Hits {
  std::vector<Run> items;
  std::vector<VersionedRun> runs;
  std::vector<query::CursorValue> cursor;  ///< of the last run of the page
  bool more = false;
};

Result<Hits> ReadHits(store::Session& session, const RunSearch& search, const RunPlan& plan) {
  Hits hits;
  const auto most = static_cast<size_t>(search.max_results);
  ASSIGN_OR_RETURN(const store::SqlBuilder sql, BuildRunQuery(search, plan, session.dialect()));
  TRY(session.Query(sql, [&](const store::Row& row) -> Status {
    if (hits.runs.size() == most) {
      hits.more = true;
      return OkStatus();
    }
    const RunRow run = ToRunRow(row);
    hits.items.push_back({.info = run.Info()});
    hits.runs.push_back({.ref = run.ref, .version = row.Int(kVersionColumn)});
    if (hits.runs.size() == most) {
      for (size_t i = 0; i < search.keys.size(); ++i) {
        const int column = kFirstSortColumn + 2 * static_cast<int>(i);
        hits.cursor.emplace_back(row.Int(column));
        hits.cursor.push_back(SortValue(row, column + 1, search.keys[i].field));
      }
    }
    return OkStatus();
  }));
  return hits;
}

Result<PageAndSnapshots> ReadPage(store::Session& session, const RunSearch& search) {
  ASSIGN_OR_RETURN(const RunPlan plan, ChooseRunPlan(session, search));
  ASSIGN_OR_RETURN(Hits hits, ReadHits(session, search, plan));
  if (plan.way == RunPlan::Way::kByMetric && !hits.more) {
    // Runs with NaN and without the metric follow: the whole order is needed.
    ASSIGN_OR_RETURN(hits, ReadHits(session, search, RunPlan{}));
  }
  PageAndSnapshots read;
  if (hits.more) {
    read.page.next_page_token = query::EncodePageToken(search.fingerprint, hits.cursor);
  }
  read.page.items = std::move(hits.items);
  ASSIGN_OR_RETURN(read.snapshots, ReadContents(session, hits.runs, read.page.items));
  return read;
}

/// Keeps snapshots for the next search, behind this one's back: nobody waits, and nothing is lost
/// when it fails.
void KeepLater(store::Database& db, std::vector<Snapshot> snapshots) {
  if (snapshots.empty()) {
    return;
  }
  constexpr std::chrono::seconds kPatience{5};
  db.SubmitWrite([snapshots = std::move(snapshots)](
                     store::Transaction& tx) { return KeepSnapshots(tx, snapshots); },
                 [](Status) {}, After(kPatience));
}

}  // namespace

Task<Page<Run>> Service::SearchRuns(Principal who, tracking::SearchRuns request,
                                    Deadline deadline) {
  ASSIGN_OR_CO_RETURN(RunSearch search, PrepareRunSearch(request));
  KeepSeen(who, search.experiment_nos);
  if (search.experiment_nos.empty()) {
    co_return Page<Run>();
  }
  auto settled = co_await SettleLogged(impl_->db, *impl_->options.clock, deadline);
  CO_TRY(std::move(settled));
  auto read = [search = std::move(search)](store::Session& session) {
    return ReadPage(session, search);
  };
  auto found = co_await impl_->db.Read(std::move(read), deadline);
  ASSIGN_OR_CO_RETURN(PageAndSnapshots pages, std::move(found));
  KeepLater(impl_->db, std::move(pages.snapshots));
  co_return std::move(pages.page);
}

}  // namespace stetig::tracking
