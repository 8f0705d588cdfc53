// Time as a value: wall time in milliseconds for people and wire formats, steady deadlines for
// waits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace stetig {

/// Milliseconds since the Unix epoch, UTC: the unit of MLflow's wire format and of every stored
/// time.
struct WallTime {
  int64_t ms = 0;
  friend auto operator<=>(const WallTime&, const WallTime&) = default;
};

/// A point on the steady clock after which a wait gives up. Every wait takes one.
using Deadline = std::chrono::steady_clock::time_point;

/// Where code gets the wall time from, so that tests can set it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime Now() const = 0;
  /// The system's clock; lives for ever.
  static const Clock& System();
};

/// A clock that moves only when told. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime now = {1'700'000'000'000}) : ms_(now.ms) {}
  WallTime Now() const override { return {ms_.load()}; }
  void Advance(std::chrono::milliseconds by) { ms_.fetch_add(by.count()); }

 private:
  std::atomic<int64_t> ms_;
};

/// `Deadline` this far from now.
inline Deadline After(std::chrono::milliseconds span) {
  return std::chrono::steady_clock::now() + span;
}

}  // namespace stetig
