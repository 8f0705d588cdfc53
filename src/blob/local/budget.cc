#include "blob/local/budget.h"

#include <algorithm>
#include <optional>

#include "io/loop.h"

namespace stetig::blob {

Share::~Share() {
  if (budget_ != nullptr) {
    budget_->GiveBack(bytes_);
  }
}

Task<Share> TransferBudget::Acquire(std::shared_ptr<TransferBudget> self, size_t bytes,
                                    Deadline deadline) {
  bytes = std::min(bytes, self->capacity_);
  const auto executor = co_await asio::this_coro::executor;
  std::optional<io::Timer> timer;
  if (deadline != Deadline::max()) {
    timer.emplace(executor, deadline);
  }
  Status served = co_await io::Suspend<Status>([&](auto done) {
    auto waiter =
        std::make_shared<Waiter>(Waiter{bytes, [done = std::move(done)](Status status) mutable {
                                          std::move(done)(std::move(status));
                                        }});
    if (timer) {
      timer->async_wait([self, waiter](const boost::system::error_code& error) {
        if (!error) {
          self->Expire(waiter);
        }
      });
    }
    self->Enqueue(waiter);
  });
  CO_TRY(std::move(served));
  co_return Share(std::move(self), bytes);
}

size_t TransferBudget::free() const {
  MutexLock lock(mutex_);
  return free_;
}

std::vector<std::shared_ptr<TransferBudget::Waiter>> TransferBudget::TakeServed() {
  std::vector<std::shared_ptr<Waiter>> served;
  while (!waiting_.empty() && waiting_.front()->bytes <= free_) {
    free_ -= waiting_.front()->bytes;
    served.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return served;
}

void TransferBudget::Enqueue(const std::shared_ptr<Waiter>& waiter) {
  std::vector<std::shared_ptr<Waiter>> served;
  {
    MutexLock lock(mutex_);
    waiting_.push_back(waiter);
    served = TakeServed();
  }
  for (const std::shared_ptr<Waiter>& one : served) {
    one->done(OkStatus());
  }
}

void TransferBudget::Expire(const std::shared_ptr<Waiter>& waiter) {
  std::vector<std::shared_ptr<Waiter>> served;
  {
    MutexLock lock(mutex_);
    if (std::erase(waiting_, waiter) == 0) {
      return;
    }
    served = TakeServed();
  }
  for (const std::shared_ptr<Waiter>& one : served) {
    one->done(OkStatus());
  }
  waiter->done(Err(Code::kDeadlineExceeded, "no memory for another transfer became free in time"));
}

void TransferBudget::GiveBack(size_t bytes) {
  std::vector<std::shared_ptr<Waiter>> served;
  {
    MutexLock lock(mutex_);
    free_ += bytes;
    served = TakeServed();
  }
  for (const std::shared_ptr<Waiter>& one : served) {
    one->done(OkStatus());
  }
}

}  // namespace stetig::blob
