#include "io/wheel.h"

#include <algorithm>

namespace stetig::io {

TimerWheel::TimerWheel(const Executor& executor)
    : start_(std::chrono::steady_clock::now()),
      self_(std::make_shared<TimerWheel*>(this)),
      timer_(std::in_place, executor) {}

TimerWheel::~TimerWheel() { *self_ = nullptr; }

// Rounded up: an entry is never called early.
uint64_t TimerWheel::TickOf(Deadline deadline) const {
  const auto since = std::max(deadline - start_, Deadline::duration::zero());
  return static_cast<uint64_t>((since + kTick - Deadline::duration(1)) / kTick);
}

void TimerWheel::Set(Entry& entry, Deadline deadline) {
  entry.deadline_ = deadline;
  if (deadline == Deadline::max()) {
    return;  // a linked entry leaves the wheel when its slot comes
  }
  if (entry.is_linked()) {
    if (entry.tick_ <= TickOf(deadline)) {
      return;
    }
    entry.unlink();
  }
  Link(entry);
}

void TimerWheel::Link(Entry& entry) {
  const uint64_t now = TickOf(std::chrono::steady_clock::now());
  if (armed_ == UINT64_MAX && !turning_) {
    next_ = now;  // nothing was linked, so no slot was missed
  }
  entry.tick_ = std::clamp(TickOf(entry.deadline_), next_, next_ + kSlots - 1);
  slots_[entry.tick_ % kSlots].push_back(entry);
  if (entry.tick_ < armed_) {
    Arm(entry.tick_);
  }
}

void TimerWheel::Arm(uint64_t tick) {
  armed_ = tick;
  if (!timer_) {
    return;
  }
  timer_->expires_at(start_ + tick * kTick);
  timer_->async_wait([self = self_](const boost::system::error_code& ec) {
    if (!ec && *self != nullptr) {
      (*self)->Turn();
    }
  });
}

void TimerWheel::Turn() {
  const Deadline now = std::chrono::steady_clock::now();
  const auto reached = static_cast<uint64_t>((now - start_) / kTick);
  List due;
  if (reached >= next_) {
    // When the loop was held up for longer than a turn, every slot comes by once.
    const uint64_t passed = std::min<uint64_t>(reached + 1 - next_, kSlots);
    for (uint64_t tick = next_; tick < next_ + passed; ++tick) {
      due.splice(due.end(), slots_[tick % kSlots]);
    }
    next_ = reached + 1;
  }
  turning_ = true;
  armed_ = UINT64_MAX;
  while (!due.empty()) {
    Entry& entry = due.front();
    due.pop_front();
    if (entry.deadline_ <= now) {
      entry.deadline_ = Deadline::max();
      entry.OnTimeout();
    } else if (entry.deadline_ != Deadline::max()) {
      entry.tick_ = std::clamp(TickOf(entry.deadline_), next_, next_ + kSlots - 1);
      slots_[entry.tick_ % kSlots].push_back(entry);
    }
  }
  turning_ = false;
  for (uint64_t tick = next_; tick < next_ + kSlots; ++tick) {
    if (!slots_[tick % kSlots].empty()) {
      if (tick < armed_) {
        Arm(tick);
      }
      return;
    }
  }
}

}  // namespace stetig::io
