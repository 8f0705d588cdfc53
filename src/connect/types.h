// Plain values of connect: source repositories, their commits and branches, and builds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace stetig::connect {

/// A git repository that stetig follows.
struct SourceRepository {
  std::string id;    ///< ULID
  std::string name;  ///< chosen by people, unique: "churn-training"
  std::string url;   ///< as git takes it, without a password: "https://…", "ssh://…", "/srv/git/x"
  std::string project;         ///< id of the project it belongs to; empty: none
  int64_t poll_seconds = 300;  ///< 0: only when asked
  WallTime created;
  std::string created_by;
  std::optional<WallTime> synced;  ///< end of the last synchronisation that went well
  std::string last_error;          ///< of the last one, if it failed
};

/// One commit. Ids and times as git has them; texts made valid UTF-8 and cut to what is kept.
struct Commit {
  std::string sha;         ///< 40 or 64 hexadecimal digits, lower case
  std::string repository;  ///< id
  std::vector<std::string> parents;
  std::string author_name;
  std::string author_email;
  WallTime authored;
  WallTime committed;
  std::string subject;  ///< first line of the message
  std::string body;     ///< what follows; empty when read from the store
  /// Identity of the change, whatever it was applied to (`git patch-id --stable` decides the same);
  /// empty: a merge, an empty change, or one too large to be read.
  std::string patch;
  bool reachable = true;  ///< from a branch or tag; false after a rebase, force-push or deletion
};

enum class RefKind : unsigned char { kBranch, kTag };

/// A branch or a tag.
struct GitRef {
  RefKind kind = RefKind::kBranch;
  std::string name;  ///< without refs/heads/
  std::string sha;   ///< of the commit; of an annotated tag what it points to
  friend bool operator==(const GitRef&, const GitRef&) = default;
};

/// A branch or tag as the store has it.
struct Branch {
  std::string repository;  ///< id
  GitRef ref;
  WallTime moved;          ///< when stetig saw it move
  bool rewritten = false;  ///< its last move was no fast-forward
};

/// Where a commit names a record, in falling trust.
enum class MentionSource : unsigned char { kTrailer, kSubject, kMergeTitle, kBranch, kBody };

/// A key that a commit names: "CHURN-12".
struct Mention {
  std::string key;
  MentionSource source = MentionSource::kBody;
  std::string trailer;  ///< name of the trailer, of kTrailer
  std::string span;     ///< the text around it, at most 200 bytes
  friend bool operator==(const Mention&, const Mention&) = default;
};

/// Counts of one synchronisation.
struct SyncReport {
  int64_t commits = 0;       ///< new ones
  int64_t moved = 0;         ///< branches and tags made, moved or deleted
  int64_t unreachable = 0;   ///< commits that no branch or tag leads to any more
  int64_t links = 0;         ///< edges derived
  int64_t unknown_keys = 0;  ///< keys of projects stetig knows, naming no record
};

/// How a build ended.
enum class CiStatus : unsigned char { kRunning, kPassed, kFailed, kCancelled };

/// "running", "passed", "failed", "cancelled".
std::string_view CiStatusName(CiStatus status);
std::optional<CiStatus> ParseCiStatus(std::string_view name);
std::string_view RefKindName(RefKind kind);

/// What reports of a build say, in sums.
struct CiResults {
  std::optional<int64_t> tests;  ///< nothing: no test report
  int64_t failures = 0;
  int64_t errors = 0;
  int64_t skipped = 0;
  std::optional<double> line_coverage;  ///< 0 to 1; nothing: no coverage report
  std::optional<int64_t> findings;      ///< of analysers; nothing: no such report
  int64_t finding_errors = 0;           ///< of these, of level "error"
};

/// A build of any CI system. The same provider, external id and attempt are the same build.
struct CiRun {
  std::string id;           ///< ULID
  std::string provider;     ///< "gitlab", "github", "bamboo", or any name
  std::string external_id;  ///< the provider's: "1234567"
  int64_t attempt = 1;
  std::string project;     ///< id; empty: none
  std::string repository;  ///< URL as the build saw it; may be one that stetig does not follow
  std::string commit;      ///< full hash
  std::string branch;
  std::string name;  ///< of the job or workflow
  std::string url;
  CiStatus status = CiStatus::kRunning;
  CiResults results;
  WallTime recorded;
  std::string recorded_by;
  std::optional<WallTime> started;
  std::optional<WallTime> finished;
};

template <class T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;  ///< empty: the last page
};

}  // namespace stetig::connect
