// The table of attachments; the only place with its SQL.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "planning/types.h"
#include "store/database.h"

namespace stetig::planning::repository {

/// The newest version of a name, or the one asked for; nothing that was removed.
Result<std::optional<Attachment>> FindAttachment(store::Session& session, int64_t record_no,
                                                 std::string_view name,
                                                 std::optional<int64_t> version);
/// The newest version of each name behind `after`, by name.
Result<std::vector<Attachment>> ListAttachments(store::Session& session, int64_t record_no,
                                                std::string_view after, int64_t limit);
/// Versions of one name below `before`, newest first.
Result<std::vector<Attachment>> ListAttachmentVersions(store::Session& session, int64_t record_no,
                                                       std::string_view name, int64_t before,
                                                       int64_t limit);

struct AttachmentCounts {
  int64_t rows = 0;          ///< of the record, removed ones too
  int64_t last_version = 0;  ///< of the name, removed ones too
};
Result<AttachmentCounts> CountAttachments(store::Session& session, int64_t record_no,
                                          std::string_view name);

Status InsertAttachment(store::Transaction& tx, int64_t record_no, const Attachment& attachment);
/// How many rows it marked: all versions of the name, or one.
Result<int64_t> RemoveAttachments(store::Transaction& tx, int64_t record_no, std::string_view name,
                                  std::optional<int64_t> version, WallTime now);

/// Manifests behind `after` that live rows name, each once, in order of name.
Result<std::vector<std::string>> AttachedManifests(store::Session& session, std::string_view after,
                                                   int64_t limit);

}  // namespace stetig::planning::repository
