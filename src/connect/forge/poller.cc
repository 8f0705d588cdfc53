#include "connect/forge/poller.h"

#include <fmt/format.h>

#include <functional>
#include <iterator>

#include "connect/forge/document.h"
#include "connect/forge/payload.h"
#include "connect/forge/repository.h"

namespace stetig::connect::forge {
namespace {

constexpr int kPageSize = 50;
constexpr int kMaxPages = 200;
/// Of a list of one thing: commits or reviews of a request, statuses of a commit.
constexpr int kMaxWalk = 20;
/// Of a branch, from its head back to what a poll has seen before: 10,000 commits, and no more than
/// this of their messages in memory.
constexpr int kMaxHistory = 200;
constexpr size_t kMaxHistoryBytes = size_t{32} << 20;
constexpr std::chrono::seconds kWriteLimit{30};
/// Statuses of older commits are left alone: a first poll of a long history must not use up the
/// forge's patience.
constexpr std::chrono::milliseconds kStatusesFor = std::chrono::hours(24 * 30);
constexpr std::chrono::milliseconds kAskAgain = std::chrono::minutes(1);
constexpr int64_t kOverlap = 2'000;  // forges say whole seconds
constexpr int64_t kMaxUnresolved = 1'000;

}  // namespace

Task<Answer> Poller::Page(std::string path, std::string query, int page, std::string etag) {
  // GitHub and Gitea have other words for the size of a page; each passes over the other's.
  std::string target = fmt::format("{}{}?{}{}per_page={}&limit={}&page={}", root_, path, query,
                                   query.empty() ? "" : "&", kPageSize, kPageSize, page);
  co_return co_await rest_->Get(std::move(target), std::move(etag), deadline_);
}

Task<> Poller::Take(Facts facts) {
  if (facts.empty()) co_return OkStatus();
  Intake intake = MakeIntake();
  auto done = co_await impl_.Take(std::move(intake), std::move(facts), After(kWriteLimit));
  ASSIGN_OR_CO_RETURN(const Applied applied, std::move(done));
  taken_ += applied.taken;
  co_return OkStatus();
}

Task<bool> Poller::Polled(std::string kind, std::string key) {
  auto read = [no = repository_.repository_no, kind = std::move(kind),
               key = std::move(key)](store::Session& session) -> Result<bool> {
    ASSIGN_OR_RETURN(const auto row, repository::FindFact(session, no, kind, key));
    return row.has_value() && row->polled;
  };
  co_return co_await impl_.db.Read(std::move(read), After(kWriteLimit));
}

Task<> Poller::Branches() {
  Facts facts;
  WallTime date;
  for (int page = 1; page <= kMaxPages; ++page) {
    if (Spent()) co_return OkStatus();
    auto got = co_await Page("/branches", "", page);
    ASSIGN_OR_CO_RETURN(const Answer answer, std::move(got));
    if (date.ms == 0) date = answer.date.ms != 0 ? answer.date : impl_.Now();
    ASSIGN_OR_CO_RETURN(std::vector<Branch> branches, ParseBranches(answer.body, date));
    std::ranges::move(branches, std::back_inserter(facts.branches));
    if (!answer.more) break;
  }
  auto read = [no = repository_.repository_no](store::Session& session) {
    return repository::Branches(session, no);
  };
  auto rows = co_await impl_.db.Read(std::move(read), After(kWriteLimit));
  ASSIGN_OR_CO_RETURN(const auto known, std::move(rows));
  for (const repository::FactRow& row : known) {
    ASSIGN_OR_CO_RETURN(Branch branch, BranchFrom(row.document));
    const bool there =
        std::ranges::find(facts.branches, row.key, &Branch::name) != facts.branches.end();
    if (there || branch.head.empty() || row.version.at >= date) continue;
    branch.head.clear();
    branch.version = {.at = date, .rank = 0};
    facts.branches.push_back(std::move(branch));
  }
  std::vector<std::string> heads;
  for (const Branch& branch : facts.branches) {
    if (!branch.head.empty()) heads.push_back(branch.head);
  }
  // Heads last: a branch is known once its commits are.
  for (std::string& head : heads) CO_TRY(co_await Walk(std::move(head)));
  co_return co_await Take(std::move(facts));
}

Task<> Poller::Walk(std::string head) {
  std::vector<Commit> found;
  const std::string query = "stat=false&verification=false&files=false&sha=" + head;
  size_t bytes = 0;
  for (int page = 1; page <= kMaxHistory && bytes < kMaxHistoryBytes; ++page) {
    if (page == 1) {
      auto asked = co_await Polled("commit", head);
      ASSIGN_OR_CO_RETURN(const bool known, std::move(asked));
      if (known) co_return OkStatus();
    }
    if (Spent()) co_return OkStatus();
    auto got = co_await Page("/commits", query, page);
    ASSIGN_OR_CO_RETURN(const Answer answer, std::move(got));
    ASSIGN_OR_CO_RETURN(std::vector<Commit> commits, ParseCommits(answer.body));
    bool fresh = false;
    for (Commit& commit : commits) {
      auto asked = co_await Polled("commit", commit.sha);
      ASSIGN_OR_CO_RETURN(const bool known, std::move(asked));
      fresh = fresh || !known;
      bytes += commit.message.size();
      if (!known) found.push_back(std::move(commit));
    }
    if (!answer.more || !fresh) break;
  }
  // Oldest first and only now: what is known by a poll has all before it known, too.
  std::ranges::reverse(found);
  for (size_t at = 0; at < found.size(); at += kPageSize) {
    Facts facts;
    const size_t end = std::min(found.size(), at + kPageSize);
    for (size_t i = at; i < end; ++i) facts.commits.push_back(std::move(found[i]));
    CO_TRY(co_await Take(std::move(facts)));
  }
  co_return OkStatus();
}

Task<bool> Poller::Settled(MergeRequest request) {
  auto read = [no = repository_.repository_no,
               request = std::move(request)](store::Session& session) -> Result<bool> {
    ASSIGN_OR_RETURN(const auto row, repository::FindFact(session, no, "merge_request",
                                                          std::to_string(request.number)));
    return row.has_value() && row->polled && row->version.at == request.version.at &&
           row->document == ToDocument(request);
  };
  co_return co_await impl_.db.Read(std::move(read), After(kWriteLimit));
}

Task<> Poller::Request(MergeRequest request) {
  const std::string path = fmt::format("/pulls/{}", request.number);
  std::vector<Commit> commits;
  for (int page = 1; page <= kMaxWalk; ++page) {
    auto got = co_await Page(path + "/commits", "verification=false&files=false", page);
    ASSIGN_OR_CO_RETURN(const Answer answer, std::move(got));
    ASSIGN_OR_CO_RETURN(std::vector<Commit> more, ParseCommits(answer.body));
    std::ranges::move(more, std::back_inserter(commits));
    if (!answer.more) break;
  }
  Facts facts;
  for (int page = 1; page <= kMaxWalk; ++page) {
    auto got = co_await Page(path + "/reviews", "", page);
    ASSIGN_OR_CO_RETURN(const Answer answer, std::move(got));
    ASSIGN_OR_CO_RETURN(std::vector<Review> reviews, ParseReviews(answer.body, request.number));
    std::ranges::move(reviews, std::back_inserter(facts.reviews));
    if (!answer.more) break;
  }
  // Of each reviewer the last one counts; a push can touch an older one's time later.
  std::ranges::sort(facts.reviews, std::greater(),
                    [](const Review& review) { return review.version.rank; });
  std::vector<Review> last;
  for (Review& review : facts.reviews) {
    const bool known = std::ranges::any_of(
        last, [&](const Review& one) { return one.reviewer.id == review.reviewer.id; });
    if (!known) last.push_back(std::move(review));
  }
  facts.reviews = std::move(last);
  // Commits of a request whose branch is gone are found nowhere else.
  facts.commits = commits;
  facts.merge_requests.push_back(request);
  std::vector<std::string> named = KeysIn(facts);
  auto resolved = co_await impl_.keys.Find(std::move(named), After(kWriteLimit));
  ASSIGN_OR_CO_RETURN(Keys keys, std::move(resolved));
  auto write = [intake = MakeIntake(), facts = std::move(facts), commits = std::move(commits),
                request = std::move(request),
                keys = std::move(keys)](store::Transaction& tx) -> Result<Applied> {
    ASSIGN_OR_RETURN(const Applied applied, Apply(tx, intake, facts, keys));
    TRY(AddRequestCommits(tx, intake, request, commits, keys));
    return applied;
  };
  auto done = co_await impl_.db.Write(std::move(write), After(kWriteLimit));
  ASSIGN_OR_CO_RETURN(const Applied applied, std::move(done));
  taken_ += applied.taken;
  co_return OkStatus();
}

Task<> Poller::Requests() {
  const char* sort = repository_.shape == "gitea" ? "recentupdate" : "updated&direction=desc";
  const std::string query = fmt::format("state=all&sort={}", sort);
  const std::string target = "pulls";  // of the kept entity tag
  auto read = [no = repository_.repository_no, target](store::Session& session) {
    return repository::Etag(session, no, target);
  };
  auto known = co_await impl_.db.Read(std::move(read), After(kWriteLimit));
  ASSIGN_OR_CO_RETURN(const std::string before, std::move(known));
  std::string etag;
  for (int page = 1; page <= kMaxPages; ++page) {
    if (Spent()) co_return OkStatus();
    auto got = co_await Page("/pulls", query, page, page == 1 ? before : "");
    ASSIGN_OR_CO_RETURN(const Answer answer, std::move(got));
    if (answer.status == 304) co_return OkStatus();
    if (page == 1) etag = answer.etag;
    ASSIGN_OR_CO_RETURN(const std::vector<MergeRequest> requests, ParsePulls(answer.body));
    bool old = false;
    for (const MergeRequest& request : requests) {
      seen_to_ = std::max(seen_to_, request.version.at);
      old = old || request.version.at.ms < repository_.seen_to.ms - kOverlap;
      MergeRequest asked = request;
      auto settled = co_await Settled(std::move(asked));
      ASSIGN_OR_CO_RETURN(const bool done, std::move(settled));
      if (done) continue;
      if (Spent()) co_return OkStatus();
      MergeRequest taken = request;
      CO_TRY(co_await Request(std::move(taken)));
    }
    if (!answer.more || old) break;
  }
  if (etag.empty() || etag == before) co_return OkStatus();
  auto write = [no = repository_.repository_no, target, etag](store::Transaction& tx) {
    return repository::SaveEtag(tx, no, target, etag);
  };
  co_return co_await impl_.db.Write(std::move(write), After(kWriteLimit));
}

Task<> Poller::StatusesOf(std::string sha) {
  Facts facts;
  for (int page = 1; page <= kMaxWalk; ++page) {
    auto got = co_await Page(fmt::format("/commits/{}/statuses", sha), "", page);
    if (!got && got.error().code() == Code::kNotFound) break;  // pushed away
    ASSIGN_OR_CO_RETURN(const Answer answer, std::move(got));
    ASSIGN_OR_CO_RETURN(std::vector<CommitStatus> statuses, ParseStatuses(answer.body, sha));
    std::ranges::move(statuses, std::back_inserter(facts.statuses));
    if (!answer.more) break;
  }
  auto write = [intake = MakeIntake(), facts = std::move(facts),
                sha = std::move(sha)](store::Transaction& tx) -> Result<Applied> {
    ASSIGN_OR_RETURN(const Applied applied, Apply(tx, intake, facts, {}));
    TRY(repository::MarkAsked(tx, intake.repository_no, sha, intake.now));
    return applied;
  };
  auto done = co_await impl_.db.Write(std::move(write), After(kWriteLimit));
  ASSIGN_OR_CO_RETURN(const Applied applied, std::move(done));
  taken_ += applied.taken;
  co_return OkStatus();
}

Task<> Poller::Statuses() {
  if (Spent()) co_return OkStatus();
  const WallTime now = impl_.Now();
  const repository::Asking asking{
      .made_after = {now.ms - kStatusesFor.count()},
      .settle = impl_.options.settle.count(),
      .asked_before = {now.ms - kAskAgain.count()},
      .limit = impl_.options.requests};  // beyond it Spent() says that there are more
  auto read = [no = repository_.repository_no, asking](store::Session& session) {
    return repository::Unasked(session, no, asking);
  };
  auto rows = co_await impl_.db.Read(std::move(read), After(kWriteLimit));
  ASSIGN_OR_CO_RETURN(std::vector<std::string> commits, std::move(rows));
  for (std::string& sha : commits) {
    if (Spent()) co_return OkStatus();
    CO_TRY(co_await StatusesOf(std::move(sha)));
  }
  co_return OkStatus();
}

Task<> Poller::Unresolved() {
  auto read = [no = repository_.repository_no](store::Session& session) {
    return repository::Unresolved(session, no, kMaxUnresolved);
  };
  auto rows = co_await impl_.db.Read(std::move(read), After(kWriteLimit));
  ASSIGN_OR_CO_RETURN(const auto facts, std::move(rows));
  for (const auto& fact : facts) {
    std::vector<std::string> named = KeysIn(fact.first, fact.second.document);
    auto found = co_await impl_.keys.FindAnew(std::move(named), After(kWriteLimit));
    ASSIGN_OR_CO_RETURN(Keys keys, std::move(found));
    const bool any =
        std::ranges::any_of(keys, [](const auto& one) { return one.second.has_value(); });
    if (!any && !keys.empty()) continue;
    auto write = [intake = MakeIntake(), fact,
                  keys = std::move(keys)](store::Transaction& tx) -> Status {
      return Resolve(tx, intake, fact.first, fact.second.key, fact.second.document, keys);
    };
    CO_TRY(co_await impl_.db.Write(std::move(write), After(kWriteLimit)));
  }
  co_return OkStatus();
}

Task<> Poller::Run() {
  CO_TRY(co_await Branches());
  CO_TRY(co_await Requests());
  const bool listed = complete_;
  CO_TRY(co_await Statuses());
  CO_TRY(co_await Unresolved());
  if (!listed) seen_to_ = {};
  co_return OkStatus();
}

}  // namespace stetig::connect::forge
