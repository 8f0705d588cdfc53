// Polls as a use case: whose turn it is, and when the next one is due.
#include <algorithm>
#include <span>

#include "base/ids.h"
#include "connect/forge/impl.h"
#include "connect/forge/poller.h"
#include "connect/forge/reader.h"
#include "connect/forge/repository.h"

namespace stetig::connect::forge {
namespace {

constexpr std::chrono::seconds kWriteLimit{30};

/// Says that a poll of the repository runs, as long as it lives.
class Turn {
 public:
  Turn(Service::Impl& impl, std::string name) : impl_(impl), name_(std::move(name)) {
    MutexLock lock(impl_.mutex);
    taken_ = impl_.polling.insert(name_).second;
  }
  ~Turn() {
    if (!taken_) return;
    MutexLock lock(impl_.mutex);
    impl_.polling.erase(name_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool taken() const { return taken_; }

 private:
  Service::Impl& impl_;
  const std::string name_;
  bool taken_ = false;
};

double Chance() {
  uint64_t bits = 0;
  Random::System().Fill(std::as_writable_bytes(std::span(&bits, 1)));
  return static_cast<double>(bits >> 11U) / static_cast<double>(uint64_t{1} << 53U);
}

/// The repository's row after a poll that ended so.
Repository RowAfter(Repository row, const Status& ended, const PollReport& report, WallTime seen_to,
                    std::chrono::milliseconds asked, std::chrono::milliseconds every,
                    WallTime now) {
  if (ended.ok()) {
    row.polled = now;
    row.seen_to = std::max(row.seen_to, seen_to);
    row.failures = 0;
    row.trouble.clear();
    // Chance keeps many repositories from asking at once.
    const auto wait = report.complete
                          ? every / 2 + std::chrono::milliseconds(static_cast<int64_t>(
                                            static_cast<double>(every.count()) / 2 * Chance()))
                          : std::chrono::milliseconds(1'000);
    row.next_poll = {now.ms + wait.count()};
    return row;
  }
  ++row.failures;
  row.trouble = FirstBytes(ended.message(), kMaxText);
  row.next_poll = {now.ms + std::max(asked, Backoff(row.failures, Chance())).count()};
  return row;
}

}  // namespace

Task<PollReport> Service::Poll(std::string name, Deadline deadline) {
  const Turn turn(*impl_, name);
  if (!turn.taken()) {
    co_return Err(Code::kAborted, "a poll of this repository runs already", "poll_runs");
  }
  auto found = co_await impl_->Find(std::move(name), deadline);
  ASSIGN_OR_CO_RETURN(Repository repository, std::move(found));
  Status ended;
  PollReport report;
  std::chrono::milliseconds asked{0};
  WallTime seen_to;
  auto rest = impl_->RestFor(repository);
  if (!rest) {
    ended = rest.error();
  } else {
    Poller poller(*impl_, repository, *std::move(rest), deadline);
    ended = co_await poller.Run();
    report = poller.report();
    asked = poller.wait();
    seen_to = poller.seen_to();
  }
  Repository after = RowAfter(std::move(repository), ended, report, seen_to, asked,
                              impl_->options.poll_every, impl_->Now());
  auto write = [after = std::move(after)](store::Transaction& tx) {
    return repository::SavePoll(tx, after);
  };
  const Status saved = co_await impl_->db.Write(std::move(write), After(kWriteLimit));
  if (!ended.ok()) co_return Err(Status(ended));
  if (!saved.ok()) co_return Err(Status(saved));
  co_return report;
}

Task<std::vector<std::string>> Service::DuePolls(Deadline deadline) {
  auto listed = co_await List(deadline);
  ASSIGN_OR_CO_RETURN(const std::vector<Repository> all, std::move(listed));
  std::vector<std::string> due;
  for (const Repository& repository : all) {
    if (repository.next_poll <= impl_->Now()) due.push_back(repository.name);
  }
  co_return due;
}

}  // namespace stetig::connect::forge
