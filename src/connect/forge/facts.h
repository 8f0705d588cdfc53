// What a forge says of a repository, as plain values: read from webhooks and from answers of its
// REST interface alike.
//
// Deliveries come late, twice, in any order or never. So each fact carries a Version made of what
// the forge itself says, and of two facts about one thing the one with the higher Version counts,
// whichever came first: the set of facts alone decides what is kept.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace stetig::connect::forge {

/// Forges say times in whole seconds, so `rank` breaks ties by what can only grow: the forge's own
/// number of the thing, merged after closed after open.
struct Version {
  WallTime at;       ///< the forge's clock
  int64_t rank = 0;  ///< among facts of one `at`
  friend auto operator<=>(const Version&, const Version&) = default;
};

struct Person {
  int64_t id = 0;     ///< the forge's, for ever; 0: not said
  std::string login;  ///< may change, and is personal
  friend bool operator==(const Person&, const Person&) = default;
};

/// Never changes.
struct Commit {
  std::string sha;      ///< 40 or 64 hex digits in lower case, as everywhere here
  std::string message;  ///< at most kMaxMessage bytes
  std::string author;   ///< a name; personal
  WallTime at;
  std::string url;
  friend bool operator==(const Commit&, const Commit&) = default;
};

struct Branch {
  std::string name;
  std::string head;    ///< empty: deleted
  std::string before;  ///< the head before this push; empty: not said, or a new branch
  Version version;
  friend bool operator==(const Branch&, const Branch&) = default;
};

struct MergeRequest {
  int64_t number = 0;
  std::string title;
  std::string state;  ///< "open", "closed", "merged"
  bool draft = false;
  std::string source_branch;
  std::string target_branch;
  std::string head;          ///< commit
  std::string merge_commit;  ///< empty unless merged
  WallTime closed_at;        ///< also of a merge; 0: open
  Person author;
  std::string url;
  Version version;
  friend bool operator==(const MergeRequest&, const MergeRequest&) = default;
};

/// Where a reviewer stands. Comments without a verdict are no reviews.
struct Review {
  int64_t merge_request = 0;
  Person reviewer;
  std::string state;   ///< "approved", "changes_requested", "dismissed"
  std::string commit;  ///< what was looked at; empty: not said
  Version version;
  friend bool operator==(const Review&, const Review&) = default;
};

struct CommitStatus {
  std::string commit;
  std::string context;  ///< who says so: "ci/build"
  std::string state;    ///< "pending", "success", "failure", "error"
  std::string description;
  std::string url;
  Version version;
  friend bool operator==(const CommitStatus&, const CommitStatus&) = default;
};

struct Facts {
  std::vector<Commit> commits;
  std::vector<Branch> branches;
  std::vector<MergeRequest> merge_requests;
  std::vector<Review> reviews;
  std::vector<CommitStatus> statuses;
  bool empty() const {
    return commits.empty() && branches.empty() && merge_requests.empty() && reviews.empty() &&
           statuses.empty();
  }
};

/// What one webhook says.
struct Delivery {
  int64_t repository_id = 0;
  std::string repository;  ///< "owner/name"
  Facts facts;
  /// It says itself that it does not say all (a push of more commits than it lists): the next poll
  /// has the rest.
  bool partial = false;
};

// Longer texts are cut; a message keeps its begin and its end, where trailers stand.
inline constexpr size_t kMaxMessage = 16 * 1024;
inline constexpr size_t kMaxText = 1'000;
/// Commits of one push; more are left to the poll.
inline constexpr size_t kMaxCommits = 2'000;

}  // namespace stetig::connect::forge
