#include "maintenance.h"

#include <fmt/format.h>

#include <stop_token>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "trace/projector.h"

namespace stetig::app {
namespace {

constexpr auto kAuditPause = std::chrono::minutes(1);  // after a failure
constexpr size_t kManifestPage = 10'000;
constexpr int64_t kTilesAtOnce = 64;  // half a megabyte, some milliseconds of the writer

/// Hands the rows' manifests to the sweep, page by page, one source after the other.
class LiveManifests final : public blob::RootSource {
 public:
  explicit LiveManifests(const std::vector<ManifestSource>& sources) : sources_(sources) {}

  Task<std::vector<blob::ManifestId>> Next() override {
    std::vector<std::string> names;
    while (names.empty() && source_ < sources_.size()) {
      auto read = co_await sources_[source_](after_, kManifestPage, After(std::chrono::minutes(1)));
      ASSIGN_OR_CO_RETURN(names, std::move(read));
      if (names.empty()) {
        ++source_;
        after_.clear();
      }
    }
    std::vector<blob::ManifestId> ids;
    for (const std::string& name : names) {
      auto id = blob::ManifestId::FromHex(name);
      if (!id) {
        co_return Err(Code::kDataLoss,
                      fmt::format("a row names '{}', expected a manifest id", name));
      }
      ids.push_back(*id);
    }
    if (!names.empty()) {
      after_ = names.back();
    }
    co_return ids;
  }

 private:
  const std::vector<ManifestSource>& sources_;
  size_t source_ = 0;
  std::string after_;
};

void Report(std::string_view what, const Status& status) {
  if (status.code() == Code::kUnavailable || status.code() == Code::kResourceExhausted) {
    LOG(kWarning, "background work is put off", {"work", what}, {"reason", status});
  } else if (status.code() != Code::kCancelled) {
    LOG(kError, "background work failed", {"work", what}, {"reason", status});
  }
}

using std::chrono::milliseconds;

io::Awaitable<void> FoldLoop(tracking::Service* tracking, milliseconds every,
                             std::stop_token stop) {
  while ((co_await io::SleepUntil(After(every), stop)).ok()) {
    auto folded = co_await tracking->FoldMetrics(After(std::chrono::minutes(5)), stop);
    if (!folded) {
      Report("fold metrics", folded.error());
    }
  }
}

io::Awaitable<void> SweepLoop(const std::vector<ManifestSource>* sources, blob::Store* blobs,
                              milliseconds every, std::stop_token stop) {
  while ((co_await io::SleepUntil(After(every), stop)).ok()) {
    LiveManifests roots(*sources);
    blob::SweepOptions options{.stop = stop};
    auto swept = co_await blobs->Sweep(&roots, std::move(options));
    if (!swept) {
      Report("sweep artifacts", swept.error());
    } else {
      LOG(kInfo, "artifacts swept", {"live_bytes", swept->live_bytes},
          {"dead_bytes", swept->dead_bytes}, {"bytes_freed", swept->bytes_freed});
    }
  }
}

Task<> Audit(journal::Audit* audit, journal::note::SignerKey key, journal::CheckpointPace* pace,
             std::stop_token stop) {
  for (int64_t filled = kTilesAtOnce; filled == kTilesAtOnce && !stop.stop_requested();) {
    auto done = co_await audit->FillTiles(kTilesAtOnce, After(std::chrono::minutes(1)));
    ASSIGN_OR_CO_RETURN(filled, std::move(done));
  }
  const Deadline now = std::chrono::steady_clock::now();
  auto signed_size = co_await audit->SignCheckpoint(std::move(key), pace->Least(now),
                                                    After(std::chrono::minutes(1)));
  ASSIGN_OR_CO_RETURN(const int64_t size, std::move(signed_size));
  if (size > 0) {
    pace->Signed(now);
  }
  co_return OkStatus();
}

io::Awaitable<void> AuditLoop(store::Database* db, journal::note::SignerKey key, milliseconds every,
                              std::stop_token stop) {
  journal::Audit audit(*db);
  journal::CheckpointPace pace;
  milliseconds wait = every;
  while ((co_await io::SleepUntil(After(wait), stop)).ok()) {
    const Status done = co_await Audit(&audit, key, &pace, stop);
    if (!done.ok()) {
      Report("tiles and checkpoints of the journal", done);
    }
    wait = done.ok() ? every : milliseconds(kAuditPause);
  }
}

/// Keeps the trace graph at the journal's end.
io::Awaitable<void> TraceLoop(store::Database* db, milliseconds every, std::stop_token stop) {
  trace::Projector projector(*db);
  while (!stop.stop_requested()) {
    const Status followed = co_await projector.Follow(After(every));
    if (followed.ok()) continue;
    Report("trace graph", followed);
    static_cast<void>(co_await io::SleepUntil(After(kAuditPause), stop));
  }
}

io::Awaitable<void> LookLoop(const std::function<bool()>* lost, const std::function<void()>* act,
                             milliseconds every, std::stop_token stop) {
  while ((co_await io::SleepUntil(After(every), stop)).ok()) {
    if ((*lost)()) {
      LOG(kError, "the data folder was removed or replaced under the server, which stops");
      (*act)();
      co_return;
    }
  }
}

/// How many of the loops still run.
class Running {
 public:
  void Begin() {
    MutexLock lock(mutex_);
    ++count_;
  }
  void End() {
    {
      MutexLock lock(mutex_);
      --count_;
    }
    changed_.NotifyAll();
  }
  /// How many are left when all have ended or `until` has passed.
  int Wait(Deadline until) {
    MutexLock lock(mutex_);
    while (count_ > 0 && std::chrono::steady_clock::now() < until) {
      changed_.WaitUntil(mutex_, until);
    }
    return count_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ GUARDED_BY(mutex_) = 0;
};

io::Awaitable<void> Counted(io::Awaitable<void> inner, Running* running) {
  co_await std::move(inner);
  running->End();
}

}  // namespace

struct Maintenance::State {
  Running running;
  std::stop_source stop;
  std::vector<ManifestSource> sources;
  std::function<bool()> lost;
  std::function<void()> act;
  Times times;
  io::EventLoop loop{"maintenance"};  // goes first, with the coroutines that use the others

  void Run(io::Awaitable<void> work) {
    running.Begin();
    io::Spawn(loop, Counted(std::move(work), &running));
  }
};

Maintenance::Maintenance(tracking::Service& tracking, std::vector<ManifestSource> sources,
                         blob::Store& blobs, store::Database& db, journal::note::SignerKey key,
                         std::function<bool()> lost, std::function<void()> act, Times times)
    : state_(std::make_unique<State>()) {
  state_->sources = std::move(sources);
  state_->lost = std::move(lost);
  state_->act = std::move(act);
  state_->times = times;
  state_->loop.Start();
  const std::stop_token stop = state_->stop.get_token();
  state_->Run(LookLoop(&state_->lost, &state_->act, times.look, stop));
  state_->Run(FoldLoop(&tracking, times.fold, stop));
  state_->Run(SweepLoop(&state_->sources, &blobs, times.sweep, stop));
  state_->Run(AuditLoop(&db, std::move(key), times.audit, stop));
  state_->Run(TraceLoop(&db, times.trace, stop));
}

Maintenance::~Maintenance() { static_cast<void>(Stop()); }

Status Maintenance::Stop() {
  if (!state_->loop.running()) {
    return OkStatus();
  }
  state_->stop.request_stop();
  const int left = state_->running.Wait(After(state_->times.patience));
  state_->loop.Stop();
  return left == 0 ? OkStatus()
                   : Err(Code::kDeadlineExceeded, "background work did not end in time");
}

}  // namespace stetig::app
