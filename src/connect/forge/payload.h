// Reads what forges of GitHub's shape (GitHub, Gitea, Forgejo) send: webhooks, and pages of their
// REST interface. Pure functions; thread-safe.
//
// What is missing is told from what is wrong: a member that may be left out is empty, one that is
// needed and missing, or of another type, is kInvalidArgument with its path ("pull_request.head.sha
// is a number, expected a string").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connect/forge/facts.h"

namespace stetig::connect::forge {

/// Longest webhook; GitHub's limit is higher, but what is beyond ours comes with the next poll.
inline constexpr size_t kMaxPayload = size_t{4} << 20;
/// Longest page of a REST answer.
inline constexpr size_t kMaxPageBytes = size_t{16} << 20;

/// `event`: X-GitHub-Event (or X-Gitea-Event). An event that says nothing that is kept gives a
/// delivery without facts. kInvalidArgument.
Result<Delivery> ParseWebhook(std::string_view event, std::string_view body);

/// A page of GET pulls. kInvalidArgument, as for the others.
Result<std::vector<MergeRequest>> ParsePulls(std::string_view page);
/// A page of GET pulls/{number}/reviews: reviews with a verdict, in the page's order.
Result<std::vector<Review>> ParseReviews(std::string_view page, int64_t merge_request);
/// A page of GET commits/{sha}/statuses.
Result<std::vector<CommitStatus>> ParseStatuses(std::string_view page, std::string_view sha);
/// A page of GET commits or pulls/{number}/commits, newest first as sent.
Result<std::vector<Commit>> ParseCommits(std::string_view page);
/// A page of GET branches. They carry no time: `at` is the forge's when it answered.
Result<std::vector<Branch>> ParseBranches(std::string_view page, WallTime at);

/// The body of POST statuses/{sha}.
std::string StatusBody(const CommitStatus& status);

}  // namespace stetig::connect::forge
