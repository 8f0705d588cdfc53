// The table of links; the only place with its SQL.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "planning/types.h"
#include "store/database.h"

namespace stetig::planning::repository {

struct LinkRow {
  int64_t link_no = 0;
  int64_t project_no = 0;
  Link link;  ///< `suspect` by what the record at `to` is now
};

struct LinkListing {
  std::optional<int64_t> project_no;  ///< that of either end
  std::optional<Ref> from;
  std::optional<Ref> to;
  std::string_view type;  ///< empty: all
  bool suspect_only = false;
  bool ended_too = false;
  int64_t after = 0;
  int64_t limit = 0;
};

Result<std::optional<LinkRow>> FindLink(store::Session& session, std::string_view id);
/// The one that says the same and has not ended.
Result<std::optional<LinkRow>> FindLiveLink(store::Session& session, const Link& link);
Result<std::vector<LinkRow>> ListLinks(store::Session& session, const LinkListing& listing);
/// Gives the row its number.
Status InsertLink(store::Transaction& tx, LinkRow& row);
Status EndLink(store::Transaction& tx, int64_t link_no, WallTime now);
Status SetLinkFingerprint(store::Transaction& tx, int64_t link_no, std::string_view fingerprint);

}  // namespace stetig::planning::repository
