// Identifiers: a strong type per kind of thing, and the forms in which new ones are made.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"

namespace stetig {

/// The id of one kind of thing: `struct RunTag {}; using RunId = Id<RunTag>;`. A value; empty means
/// "none". Two kinds do not mix. Holds any text: whether it names something is for the store to
/// say.
template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}
  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  std::string value_;
};

/// A source of random bytes. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(std::span<std::byte> into) = 0;
  /// The kernel's generator, through a small buffer per thread that a fork throws away. Lives for
  /// ever.
  static Random& System();
};

/// A repeatable source for tests.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void Fill(std::span<std::byte> into) override;

 private:
  std::atomic<uint64_t> state_;
};

/// stetig's own ids: a ULID, 26 characters of Crockford's base 32, 48 bits of time and 80 random
/// bits. Sorts by time. Ids of one process are strictly increasing as long as the clock does not
/// step back by more than it is ahead: within one millisecond, or when the clock steps back, the
/// last id plus one is given.
class UlidGenerator {
 public:
  explicit UlidGenerator(Random& random = Random::System()) : random_(random) {}
  /// `now` before 1970 counts as 1970. Thread-safe.
  std::string Next(WallTime now);

 private:
  Random& random_;
  Mutex mutex_;
  uint64_t last_ms_ GUARDED_BY(mutex_) = 0;
  unsigned __int128 last_random_ GUARDED_BY(mutex_) = 0;
};

/// From the process's one generator.
std::string NewUlid(WallTime now);
/// Whether `text` has the form of a ULID (upper case).
bool IsUlid(std::string_view text);

/// MLflow's form of a run id: a UUID as 32 lower-case hex digits. Version 7 (RFC 9562, section 5.7:
/// 48 bits of Unix milliseconds, 74 random bits), so that ids made together lie together in every
/// index. `now` before 1970 counts as 1970.
std::string NewUuidHex(WallTime now, Random& random = Random::System());
/// MLflow's logged model ids: "m-" and such a UUID in hex.
std::string NewLoggedModelId(WallTime now, Random& random = Random::System());
/// A secret of 256 random bits as 43 characters of base64url.
std::string NewTokenSecret(Random& random = Random::System());

}  // namespace stetig

template <class Tag>
struct std::hash<stetig::Id<Tag>> {
  size_t operator()(const stetig::Id<Tag>& id) const { return std::hash<std::string>()(id.str()); }
};
template <class Tag>
struct fmt::formatter<stetig::Id<Tag>> : fmt::formatter<std::string_view> {
  auto format(const stetig::Id<Tag>& id, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(id.str(), context);
  }
};
