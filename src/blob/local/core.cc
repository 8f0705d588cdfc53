#include "blob/local/core.h"

namespace stetig::blob {

Task<> SyncGate::Wait(std::shared_ptr<SyncGate> self) {
  co_return co_await io::Suspend<Status>([&](auto done) {
    self->Add(
        [done = std::move(done)](Status status) mutable { std::move(done)(std::move(status)); });
  });
}

void SyncGate::Add(Waiter waiter) {
  {
    MutexLock lock(mutex_);
    waiting_.push_back(std::move(waiter));
    if (running_) {
      return;
    }
    running_ = true;
  }
  Launch();
}

void SyncGate::Start() {
  {
    MutexLock lock(mutex_);
    if (running_) {
      return;
    }
    running_ = true;
  }
  Launch();
}

void SyncGate::Launch() {
  Status submitted =
      pool_.Submit([self = shared_from_this()](const Status& admitted) { self->Work(admitted); });
  if (!submitted.ok()) {
    Work(submitted);
  }
}

void SyncGate::Work(const Status& admitted) {
  std::vector<Waiter> served;
  do {
    {
      MutexLock lock(mutex_);
      served = std::exchange(waiting_, {});
    }
    const Status status = admitted.ok() ? folder_->Sync() : admitted;
    for (Waiter& waiter : served) {
      waiter(status);
    }
    MutexLock lock(mutex_);
    running_ = !waiting_.empty();
    if (!running_) {
      return;
    }
  } while (true);
}

}  // namespace stetig::blob
