// One poll of one repository: what webhooks lost is asked for, bounded in requests and time, so
// that a poll without losses costs a few requests.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "connect/forge/impl.h"

namespace stetig::connect::forge {

/// One poll of one repository. A coroutine uses it on one loop.
class Poller {
 public:
  Poller(Service::Impl& impl, Repository repository, std::unique_ptr<Rest> rest, Deadline deadline)
      : impl_(impl),
        repository_(std::move(repository)),
        rest_(std::move(rest)),
        deadline_(deadline),
        root_("/repos/" + repository_.full_name) {}

  Task<> Run();
  PollReport report() const {
    return {.requests = rest_->requests(), .taken = taken_, .complete = complete_};
  }
  std::chrono::milliseconds wait() const { return rest_->wait(); }
  WallTime seen_to() const { return seen_to_; }

 private:
  Task<> Branches();
  Task<> Walk(std::string head);
  Task<> Requests();
  /// Whether what is known of it came from a poll and is as new.
  Task<bool> Settled(MergeRequest request);
  Task<> Request(MergeRequest request);
  Task<> Statuses();
  Task<> StatusesOf(std::string sha);
  Task<> Unresolved();
  Task<> Take(Facts facts);
  Task<bool> Polled(std::string kind, std::string key);
  /// A page of a list below the repository's root; `query` without the page.
  Task<Answer> Page(std::string path, std::string query, int page, std::string etag = {});
  /// No more requests or no more time: the rest is left to the next poll.
  bool Spent() {
    const bool spent = rest_->requests() >= impl_.options.requests ||
                       std::chrono::steady_clock::now() + std::chrono::seconds(5) > deadline_;
    complete_ = complete_ && !spent;
    return spent;
  }
  Intake MakeIntake() const {
    return {.repository_no = repository_.repository_no,
            .repository = repository_.name,
            .source = Source::kPoll,
            .now = impl_.Now(),
            .request_id = {}};
  }

  Service::Impl& impl_;
  const Repository repository_;
  const std::unique_ptr<Rest> rest_;
  const Deadline deadline_;
  const std::string root_;
  int64_t taken_ = 0;
  bool complete_ = true;
  WallTime seen_to_;
};

}  // namespace stetig::connect::forge
