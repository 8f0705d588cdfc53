// The table of builds; the only place with its SQL. Functions run inside a store closure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connect/types.h"
#include "store/database.h"

namespace stetig::connect::repository {

struct CiRunListing {
  std::string project;
  std::string commit;
  std::string status;
  int64_t before = 0;
  int64_t limit = 100;
};
struct CiRunRow {
  int64_t ci_run_no = 0;
  CiRun run;
};

Result<std::optional<CiRunRow>> FindCiRun(store::Session& session, std::string_view provider,
                                          std::string_view external_id, int64_t attempt);
/// By id or the start of one; at most two.
Result<std::vector<CiRunRow>> FindCiRuns(store::Session& session, std::string_view id);
Status InsertCiRun(store::Transaction& tx, const CiRun& run);
Status SetCiRun(store::Transaction& tx, const CiRunRow& row);
/// Newest first.
Result<std::vector<CiRunRow>> ListCiRuns(store::Session& session, const CiRunListing& listing);

}  // namespace stetig::connect::repository
