// How long the writer waits for a group to fill.
//
// Clients that wait for their answer before they write again fall into two halves that take turns:
// while one half's group is being synced the other half queues up, and every sync carries only half
// of them. A short wait after a commit, for those that were just answered to come back, joins the
// halves and nearly doubles what one sync carries. It is tried only while it works: when they do
// not come back in time (distant clients, open load) the writer stops waiting, and tries again ever
// more seldom.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace stetig::store {

/// Used by the writer's thread. A lone client never waits.
class Pacing {
 public:
  using Duration = std::chrono::nanoseconds;
  static constexpr size_t kSmallest = 4;  ///< below so many nobody waits for anybody
  static constexpr Duration kLongest = std::chrono::microseconds(500);
  static constexpr size_t kMaxSkips = 128;

  /// How many to wait for, and for how long after the first.
  size_t enough() const { return skips_ > 0 ? 1 : enough_; }
  Duration patience() const { return std::min(average_ / 3, kLongest); }

  /// A group was taken from the queue.
  void Gathered(size_t group) {
    if (skips_ > 0) {
      --skips_;
    } else if (enough_ > 1) {
      // Nearly all is as good as all: some clients come and go.
      next_skips_ = group * 8 >= enough_ * 7 ? 0 : std::min(next_skips_ * 2 + 1, kMaxSkips);
      skips_ = next_skips_;
    }
  }
  /// It has been answered; `waiting` have queued up meanwhile.
  void Committed(size_t group, size_t waiting, Duration took) {
    average_ = average_ == Duration::zero() ? took : (average_ * 7 + took) / 8;
    const size_t all = group + waiting;
    enough_ = all < kSmallest ? 1 : all;
  }

 private:
  size_t enough_ = 1;
  size_t skips_ = 0;
  size_t next_skips_ = 0;
  Duration average_{0};
};

}  // namespace stetig::store
