#include "connect/forge/payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/json_value.h"
#include "base/text.h"
#include "connect/forge/reader.h"

namespace stetig::connect::forge {
namespace {

using std::string_view;

constexpr string_view kHeads = "refs/heads/";
constexpr int64_t kMaxSeconds = int64_t{1} << 40;
constexpr string_view kPullHeads = "refs/pull/";

std::string CutMessage(string_view text) {
  if (text.size() <= kMaxMessage) return std::string(text);
  constexpr size_t kHalf = kMaxMessage / 2 - 8;
  string_view head = text.substr(0, kHalf);
  string_view tail = text.substr(text.size() - kHalf);
  while (!head.empty() && (static_cast<unsigned char>(head.back()) & 0xC0U) == 0x80U) {
    head.remove_suffix(1);
  }
  if (!head.empty() && static_cast<unsigned char>(head.back()) >= 0xC0U) head.remove_suffix(1);
  while (!tail.empty() && (static_cast<unsigned char>(tail.front()) & 0xC0U) == 0x80U) {
    tail.remove_prefix(1);
  }
  return fmt::format("{}\n…\n{}", head, tail);
}

/// A person, or nobody where the account was deleted (null).
Result<Person> ReadPerson(const Reader& user) {
  Person person;
  if (user.missing()) return person;
  ASSIGN_OR_RETURN(person.id, user.Int("id", 0));
  ASSIGN_OR_RETURN(person.login, user.Text("login", kMaxText));
  return person;
}

Result<Commit> ReadPushed(const Reader& from) {
  Commit commit;
  ASSIGN_OR_RETURN(commit.sha, from.Sha("id"));
  ASSIGN_OR_RETURN(const std::string message, from.NeedText("message"));
  commit.message = CutMessage(message);
  ASSIGN_OR_RETURN(commit.author, from.At("author").Text("name", kMaxText));
  ASSIGN_OR_RETURN(commit.at, from.Time("timestamp"));
  ASSIGN_OR_RETURN(commit.url, from.Text("url", kMaxText));
  return commit;
}

/// As GET commits sends it.
Result<Commit> ReadListed(const Reader& from) {
  Commit commit;
  ASSIGN_OR_RETURN(commit.sha, from.Sha("sha"));
  const Reader inner = from.At("commit");
  ASSIGN_OR_RETURN(const std::string message, inner.NeedText("message"));
  commit.message = CutMessage(message);
  ASSIGN_OR_RETURN(commit.author, inner.At("author").Text("name", kMaxText));
  // As in Gitea's pushes, where the author's time is the only one.
  ASSIGN_OR_RETURN(commit.at, inner.At("author").Time("date"));
  ASSIGN_OR_RETURN(commit.url, from.Text("html_url", kMaxText));
  return commit;
}

Result<MergeRequest> ReadPull(const Reader& from) {
  MergeRequest pull;
  ASSIGN_OR_RETURN(pull.number, from.NeedInt("number"));
  if (pull.number < 1) return from.Wrong("number", fmt::format("is {}", pull.number), "1 or more");
  ASSIGN_OR_RETURN(const std::string title, from.NeedText("title"));
  pull.title = FirstBytes(title, kMaxText);
  ASSIGN_OR_RETURN(pull.state, from.NeedText("state"));
  if (pull.state != "open" && pull.state != "closed") {
    return from.Wrong("state", fmt::format("is '{}'", FirstCodePoints(pull.state, 40)),
                      "open or closed");
  }
  ASSIGN_OR_RETURN(const WallTime merged, from.Time("merged_at"));
  if (pull.state == "closed") {
    ASSIGN_OR_RETURN(pull.closed_at, from.Time("closed_at"));
  }
  if (merged.ms != 0) {
    pull.state = "merged";
    pull.closed_at = merged;
    ASSIGN_OR_RETURN(pull.merge_commit, from.MaybeSha("merge_commit_sha"));
  }
  ASSIGN_OR_RETURN(pull.draft, from.Bool("draft"));
  ASSIGN_OR_RETURN(pull.source_branch, from.At("head").Text("ref", kMaxText));
  if (pull.source_branch.starts_with(kPullHeads)) {  // Gitea's, once the branch is deleted
    ASSIGN_OR_RETURN(pull.source_branch, from.At("head").Text("label", kMaxText));
  }
  ASSIGN_OR_RETURN(pull.head, from.At("head").MaybeSha("sha"));
  ASSIGN_OR_RETURN(pull.target_branch, from.At("base").Text("ref", kMaxText));
  ASSIGN_OR_RETURN(pull.author, ReadPerson(from.At("user")));
  ASSIGN_OR_RETURN(pull.url, from.Text("html_url", kMaxText));
  ASSIGN_OR_RETURN(pull.version.at, from.NeedTime("updated_at"));
  pull.version.rank = pull.state == "merged" ? 2 : pull.state == "closed" ? 1 : 0;
  return pull;
}

/// "approved" and so on for GitHub's words in either case and Gitea's; nothing for what is no
/// verdict.
std::string_view Verdict(string_view said) {
  const std::string word = AsciiLower(said);
  if (word == "approved" || word == "pull_request_review_approved") return "approved";
  if (word == "changes_requested" || word == "request_changes" ||
      word == "pull_request_review_rejected") {
    return "changes_requested";
  }
  return word == "dismissed" ? "dismissed" : string_view();
}

/// As GET reviews sends it, and GitHub's webhook. Nothing: no verdict.
Result<std::optional<Review>> ReadReview(const Reader& from, int64_t merge_request) {
  Review review{.merge_request = merge_request};
  ASSIGN_OR_RETURN(const std::string state, from.NeedText("state"));
  ASSIGN_OR_RETURN(const bool dismissed, from.Bool("dismissed"));
  review.state = dismissed ? "dismissed" : Verdict(state);
  if (review.state.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(review.reviewer, ReadPerson(from.At("user")));
  ASSIGN_OR_RETURN(review.commit, from.MaybeSha("commit_id"));
  ASSIGN_OR_RETURN(review.version.at, from.NeedTime("submitted_at"));
  ASSIGN_OR_RETURN(const WallTime updated, from.Time("updated_at"));
  review.version.at = std::max(review.version.at, updated);
  ASSIGN_OR_RETURN(review.version.rank, from.NeedInt("id"));
  return review;
}

Status ReadPush(const Reader& root, Delivery& out) {
  ASSIGN_OR_RETURN(const std::string ref, root.NeedText("ref"));
  ASSIGN_OR_RETURN(const std::string after, root.ShaOrZero("after"));
  ASSIGN_OR_RETURN(const std::string before, root.ShaOrZero("before"));
  const Reader commits = root.At("commits");
  ASSIGN_OR_RETURN(const size_t count, commits.Count());
  out.partial = count > kMaxCommits;
  for (size_t i = 0; i < std::min(count, kMaxCommits); ++i) {
    ASSIGN_OR_RETURN(Commit commit, ReadPushed(commits.At(i)));
    out.facts.commits.push_back(std::move(commit));
  }
  ASSIGN_OR_RETURN(const int64_t total, root.Int("total_commits", static_cast<int64_t>(count)));
  out.partial = out.partial || total > static_cast<int64_t>(count);
  if (!ref.starts_with(kHeads)) return OkStatus();  // a tag
  Branch branch{.name = FirstBytes(ref.substr(kHeads.size()), kMaxText),
                .head = after,
                .before = before,
                .version = {}};
  // GitHub says seconds since 1970 when it was pushed, Gitea when the repository last changed.
  const Reader repository = root.At("repository");
  if (auto pushed = repository.Int("pushed_at", 0); pushed && *pushed > 0) {
    branch.version.at.ms = std::min(*pushed, kMaxSeconds) * 1000;
  } else {
    ASSIGN_OR_RETURN(branch.version.at, repository.NeedTime("updated_at"));
  }
  out.facts.branches.push_back(std::move(branch));
  return OkStatus();
}

/// Gitea's own form names no review: the reviewer is who sent it, the time is the request's.
Status ReadGiteaReview(const Reader& root, const MergeRequest& pull, Delivery& out) {
  ASSIGN_OR_RETURN(const std::string type, root.At("review").NeedText("type"));
  const string_view state = Verdict(type);
  if (state.empty()) return OkStatus();
  Review review{.merge_request = pull.number,
                .reviewer = {},
                .state = std::string(state),
                .commit = pull.head,
                .version = {.at = pull.version.at, .rank = 0}};
  ASSIGN_OR_RETURN(review.reviewer, ReadPerson(root.At("sender")));
  out.facts.reviews.push_back(std::move(review));
  return OkStatus();
}

Status ReadPullEvent(const Reader& root, string_view event, Delivery& out) {
  ASSIGN_OR_RETURN(MergeRequest pull, ReadPull(root.At("pull_request")));
  if (event == "pull_request_review") {
    ASSIGN_OR_RETURN(auto review, ReadReview(root.At("review"), pull.number));
    if (review) out.facts.reviews.push_back(*std::move(review));
  } else if (event != "pull_request") {
    TRY(ReadGiteaReview(root, pull, out));
  }
  // GitHub's review events carry the request without some members, with its old time: no fact.
  if (event != "pull_request_review") out.facts.merge_requests.push_back(std::move(pull));
  return OkStatus();
}

Result<CommitStatus> ReadStatus(const Reader& from, string_view state_name, string_view sha) {
  CommitStatus status{.commit = std::string(sha)};
  if (sha.empty()) {
    ASSIGN_OR_RETURN(status.commit, from.Sha("sha"));
  }
  ASSIGN_OR_RETURN(const std::string context, from.NeedText("context"));
  status.context = FirstBytes(context, kMaxText);
  ASSIGN_OR_RETURN(status.state, from.NeedText(state_name));
  constexpr string_view kStates[] = {"pending", "success", "failure", "error"};
  if (status.state == "warning" || status.state == "skipped") {  // Gitea's; neither blocks
    status.state = "success";
  }
  if (std::ranges::find(kStates, status.state) == std::end(kStates)) {
    return from.Wrong(state_name, fmt::format("is '{}'", FirstCodePoints(status.state, 40)),
                      "pending, success, failure or error");
  }
  ASSIGN_OR_RETURN(status.description, from.Text("description", kMaxText));
  ASSIGN_OR_RETURN(status.url, from.Text("target_url", kMaxText));
  ASSIGN_OR_RETURN(status.version.rank, from.NeedInt("id"));
  ASSIGN_OR_RETURN(status.version.at, from.NeedTime("created_at"));
  return status;
}

/// Reads each element of a page.
template <class T, class Read>
Result<std::vector<T>> ReadPage(string_view page, Read read) {
  ASSIGN_OR_RETURN(const json::Value root,
                   json::Parse(page, {.bytes = kMaxPageBytes, .depth = 32}));
  const Reader list(&root, "");
  ASSIGN_OR_RETURN(const size_t count, list.Count());
  std::vector<T> out;
  for (size_t i = 0; i < count; ++i) TRY(read(list.At(i), out));
  return out;
}

/// The reader of a thing that is always one.
template <class T>
auto Each(Result<T> (*read)(const Reader&)) {
  return [read](const Reader& from, std::vector<T>& out) -> Status {
    ASSIGN_OR_RETURN(T one, read(from));
    out.push_back(std::move(one));
    return OkStatus();
  };
}

}  // namespace

Result<Delivery> ParseWebhook(string_view event, string_view body) {
  ASSIGN_OR_RETURN(const json::Value value, json::Parse(body, {.bytes = kMaxPayload, .depth = 32}));
  const Reader root(&value, "");
  Delivery out;
  if (event == "ping") return out;
  const Reader repository = root.At("repository");
  ASSIGN_OR_RETURN(out.repository_id, repository.NeedInt("id"));
  ASSIGN_OR_RETURN(out.repository, repository.NeedText("full_name"));
  if (event == "push") {
    TRY(ReadPush(root, out));
  } else if (event == "status") {
    ASSIGN_OR_RETURN(CommitStatus status, ReadStatus(root, "state", ""));
    out.facts.statuses.push_back(std::move(status));
  } else if (event == "pull_request" || event == "pull_request_review" ||
             event == "pull_request_approved" || event == "pull_request_rejected") {
    TRY(ReadPullEvent(root, event, out));
  }
  return out;
}

Result<std::vector<MergeRequest>> ParsePulls(string_view page) {
  return ReadPage<MergeRequest>(page, Each(ReadPull));
}

Result<std::vector<Review>> ParseReviews(string_view page, int64_t merge_request) {
  const auto read = [merge_request](const Reader& from, std::vector<Review>& out) -> Status {
    ASSIGN_OR_RETURN(const std::string state, from.NeedText("state"));
    if (Verdict(state).empty()) return OkStatus();  // pending ones have no time
    ASSIGN_OR_RETURN(auto review, ReadReview(from, merge_request));
    if (review) out.push_back(*std::move(review));
    return OkStatus();
  };
  return ReadPage<Review>(page, read);
}

Result<std::vector<CommitStatus>> ParseStatuses(string_view page, string_view sha) {
  const auto read = [sha](const Reader& from, std::vector<CommitStatus>& out) -> Status {
    // GitHub says "state"; Gitea says "status" here, though "state" in its webhook.
    ASSIGN_OR_RETURN(CommitStatus status,
                     ReadStatus(from, from.At("state").missing() ? "status" : "state", sha));
    out.push_back(std::move(status));
    return OkStatus();
  };
  return ReadPage<CommitStatus>(page, read);
}

Result<std::vector<Commit>> ParseCommits(string_view page) {
  return ReadPage<Commit>(page, Each(ReadListed));
}

Result<std::vector<Branch>> ParseBranches(string_view page, WallTime at) {
  const auto read = [at](const Reader& from, std::vector<Branch>& out) -> Status {
    Branch branch{.name = {}, .head = {}, .before = {}, .version = {.at = at, .rank = 0}};
    ASSIGN_OR_RETURN(const std::string name, from.NeedText("name"));
    branch.name = FirstBytes(name, kMaxText);
    const Reader commit = from.At("commit");  // "sha" is GitHub's word, "id" Gitea's
    ASSIGN_OR_RETURN(branch.head, commit.Sha(commit.At("sha").missing() ? "id" : "sha"));
    out.push_back(std::move(branch));
    return OkStatus();
  };
  return ReadPage<Branch>(page, read);
}

std::string StatusBody(const CommitStatus& status) {
  json::Object body = {
      {"state", status.state}, {"context", status.context}, {"description", status.description}};
  if (!status.url.empty()) body.emplace_back("target_url", status.url);
  return json::Dump(json::Value(std::move(body)));
}

}  // namespace stetig::connect::forge
