#include "base/clock.h"

namespace stetig {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime Now() const override {
    auto since = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
  }
};

}  // namespace

const Clock& Clock::System() {
  static const SystemClock clock;
  return clock;
}

}  // namespace stetig
