// Requirements as Markdown files with front matter in a team's repository, and what has to happen
// so that files and server say the same.
//
//   ---
//   id: 01M8DD11675EC5SPQMN2QN0330     given by the server: identity, also when the file moves
//   key: CHURN-1
//   title: Accurate enough
//   status: approved                   the server's; shown only
//   type: quality
//   criteria:
//     - metrics.accuracy >= 0.9
//   synced: 5b0a3333…                  digest of what both ends said when they last agreed
//   ---
//   The text in Markdown.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_value.h"
#include "base/status.h"

namespace stetig::client {

/// One requirement, of a file or of the server.
struct Requirement {
  std::string path;  ///< of its file, relative to the repository; empty: none
  std::string id;    ///< empty: not on the server yet
  std::string key;
  std::string status;
  std::string synced;    ///< of a file; empty: never
  int64_t revision = 0;  ///< of the server
  json::Object content;  ///< what both ends may change: title, owner, type, criteria, source, text
};

/// kInvalidArgument names file and line: no front matter, wrong YAML, no title, a field that nobody
/// knows.
Result<Requirement> ReadRequirementFile(std::string_view text, const std::string& path);
/// What the server's JSON means. `path` as it knows it.
Requirement RequirementOfServer(const json::Value& record);
/// The file's text; `synced` becomes the digest of the content.
std::string WriteRequirementFile(const Requirement& requirement);
/// 64 hex digits; equal while the content is.
std::string DigestOf(const json::Object& content);

enum class SyncAction : unsigned char {
  kNone,      ///< both ends say the same
  kCreate,    ///< the file is new: make it on the server, then write the file
  kPush,      ///< the file changed: change the server
  kPull,      ///< the server changed, or has no file: write the file
  kMend,      ///< only what the server decides is out of date in the file: write it
  kConflict,  ///< both changed differently, or the server has deleted what the file still names
};
std::string_view SyncActionName(SyncAction action);

struct SyncStep {
  SyncAction action = SyncAction::kNone;
  std::optional<Requirement> file;
  std::optional<Requirement> server;
  std::string path;    ///< of the file to read or write
  std::string reason;  ///< of a conflict, in words
};

/// What to do, ordered by path. kInvalidArgument: two files name one requirement.
Result<std::vector<SyncStep>> PlanSync(const std::vector<Requirement>& files,
                                       const std::vector<Requirement>& server,
                                       const std::string& folder);

/// What has to be sent so that the server says what the file says: a merge patch.
json::Object ChangesOf(const json::Object& from, const json::Object& to);

}  // namespace stetig::client
