#include "connect/forge/worker.h"

#include <stop_token>

#include "base/log.h"
#include "io/loop.h"
#include "journal/service.h"

namespace stetig::connect::forge {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSendEvery{500};
constexpr milliseconds kLookEvery{1'000};
constexpr milliseconds kPruneEvery{3'600'000};
constexpr milliseconds kPause{10'000};  // after a failure of the store
constexpr milliseconds kSendLimit{120'000};
constexpr milliseconds kPollLimit{600'000};
constexpr milliseconds kStoreLimit{30'000};
constexpr int kEvents = 100;

void Complain(std::string_view work, const Status& status) {
  LOG(kWarning, "work for a forge is put off", {"work", work}, {"reason", status});
}

io::Awaitable<void> SendLoop(Service* service, std::stop_token stop) {
  milliseconds wait = kSendEvery;
  while ((co_await io::SleepUntil(After(wait), stop)).ok()) {
    auto sent = co_await service->SendDue(After(kSendLimit));
    wait = sent ? kSendEvery : kPause;
    if (!sent) Complain("commit statuses", sent.error());
  }
}

io::Awaitable<void> PollLoop(Service* service, std::stop_token stop) {
  milliseconds wait = kLookEvery;
  while ((co_await io::SleepUntil(After(wait), stop)).ok()) {
    auto due = co_await service->DuePolls(After(kStoreLimit));
    wait = due ? kLookEvery : kPause;
    if (!due) {
      Complain("polls", due.error());
      continue;
    }
    for (const std::string& name : *due) {
      if (stop.stop_requested()) co_return;
      std::string polled = name;
      auto done = co_await service->Poll(std::move(polled), After(kPollLimit));
      if (!done && done.error().code() != Code::kAborted) Complain("poll", done.error());
    }
  }
}

io::Awaitable<void> PruneLoop(Service* service, std::stop_token stop) {
  while ((co_await io::SleepUntil(After(kPruneEvery), stop)).ok()) {
    const Status done = co_await service->Prune(After(kStoreLimit));
    if (!done.ok()) Complain("old deliveries", done);
  }
}

Task<> Follow(Service* service, journal::Subscription* events) {
  auto next = co_await events->Next(kEvents, After(kLookEvery));
  ASSIGN_OR_CO_RETURN(std::vector<journal::Event> all, std::move(next));
  if (all.empty()) co_return OkStatus();
  const int64_t last = all.back().seq;
  for (journal::Event& event : all) {
    CO_TRY(co_await service->Report(std::move(event), After(kStoreLimit)));
  }
  co_return co_await events->Ack(last, After(kStoreLimit));
}

io::Awaitable<void> ReportLoop(Service* service, store::Database* db, std::stop_token stop) {
  journal::Journal journal(*db);
  while (!stop.stop_requested()) {
    journal::Filter filter{.kinds = {"ci_run.*", "gate_result.*"}};
    std::string name = "forge-statuses";
    auto opened = co_await journal.Subscribe(std::move(name), std::move(filter),
                                             journal::StartAt::kNow, After(kStoreLimit));
    if (!opened) {
      Complain("statuses of the journal", opened.error());
      static_cast<void>(co_await io::SleepUntil(After(kPause), stop));
      continue;
    }
    journal::Subscription events = *std::move(opened);
    Status status;
    while (status.ok() && !stop.stop_requested()) status = co_await Follow(service, &events);
    if (stop.stop_requested()) co_return;
    Complain("statuses of the journal", status);
    static_cast<void>(co_await io::SleepUntil(After(kPause), stop));
  }
}

}  // namespace

struct Worker::State {
  std::stop_source stop;
  io::EventLoop loop{"forge"};
};

Worker::Worker(Service& service, store::Database& db) : state_(std::make_unique<State>()) {
  state_->loop.Start();
  const std::stop_token stop = state_->stop.get_token();
  io::Spawn(state_->loop, SendLoop(&service, stop));
  io::Spawn(state_->loop, PollLoop(&service, stop));
  io::Spawn(state_->loop, PruneLoop(&service, stop));
  io::Spawn(state_->loop, ReportLoop(&service, &db, stop));
}

Worker::~Worker() { Stop(); }

void Worker::Stop() {
  if (!state_->loop.running()) return;
  state_->stop.request_stop();
  state_->loop.Stop();
}

}  // namespace stetig::connect::forge
