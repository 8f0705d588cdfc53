// Time-outs of many connections on one loop at almost no cost: moving a deadline forward is one
// store.
//
// A hashed wheel: an entry lies in the slot of some time not later than its deadline; when that
// slot comes, it is called or moved on.
#pragma once

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "io/loop.h"

namespace stetig::io {

/// Confined to its loop's thread. Deadlines are met to kTick; an idle wheel wakes nobody.
class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{20};

  /// Something with a deadline. Unlinks itself when destroyed.
  class Entry : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    virtual ~Entry() = default;
    /// The deadline has passed. The entry is no longer in the wheel; it may Set() itself again.
    virtual void OnTimeout() = 0;

   private:
    friend class TimerWheel;
    Deadline deadline_ = Deadline::max();
    uint64_t tick_ = 0;  // of the slot it lies in
  };

  explicit TimerWheel(const Executor& executor);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  /// Replaces the entry's deadline. Deadline::max() means none.
  void Set(Entry& entry, Deadline deadline);

  /// Gives up the loop's timer: no deadline is met any more. For owners that may outlive the loop.
  void ShutDown() { timer_.reset(); }

 private:
  using List = boost::intrusive::list<Entry, boost::intrusive::constant_time_size<false>>;
  static constexpr size_t kSlots = 1024;

  uint64_t TickOf(Deadline deadline) const;
  void Link(Entry& entry);
  void Arm(uint64_t tick);
  void Turn();

  const Deadline start_;
  std::shared_ptr<TimerWheel*> self_;  // outlives the wheel in a timer handler that comes late
  std::optional<Timer> timer_;
  uint64_t next_ = 0;            // first tick not yet handled
  uint64_t armed_ = UINT64_MAX;  // tick the timer waits for
  bool turning_ = false;
  std::array<List, kSlots> slots_;
};

}  // namespace stetig::io
