// Remembers recent successes of Authenticate for a short time, bounded, under keyed hashes.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "access/principal.h"
#include "base/mutex.h"

namespace stetig::access::internal {

class Memory {
 public:
  using Clock = std::chrono::steady_clock;
  /// At most `capacity` entries, with at most `max_ids` names of things in their scopes together;
  /// when full, all are forgotten (an attacker can only make the server check again).
  explicit Memory(size_t capacity = 10'000, size_t max_ids = 1'000'000);

  struct Found {
    std::optional<Principal> principal;  ///< while the success counts
    bool familiar = false;  ///< these credentials were right once, and nothing has changed since
    bool stale = false;     ///< the principal's rights are to be read again
    Clock::time_point until;
  };
  /// `kind` separates passwords from tokens; `credential` is hashed with this process's key and
  /// never kept.
  Found Find(std::string_view kind, std::string_view credential, Clock::time_point now) const;
  /// `generation`: as it was before what proves the success was read. Nothing is remembered when
  /// Forget() or Doubt() was called since: the proof may be of a password or right that is no
  /// longer. The success counts until `until`, the rights in it until `fresh_until`.
  void Remember(std::string_view kind, std::string_view credential, const Principal& principal,
                Clock::time_point until, Clock::time_point fresh_until, uint64_t generation);
  uint64_t generation() const;
  /// After any change of users or tokens.
  void Forget();
  /// After a change of rights alone: who has come in stays in, what they may is read again.
  void Doubt();

 private:
  struct Entry {
    Principal principal;
    Clock::time_point until;
    Clock::time_point fresh_until;
  };
  std::string Key(std::string_view kind, std::string_view credential) const;

  const size_t capacity_;
  const size_t max_ids_;
  std::string secret_;  ///< constant after construction
  mutable Mutex mutex_;
  std::unordered_map<std::string, Entry> entries_ GUARDED_BY(mutex_);
  size_t ids_ GUARDED_BY(mutex_) = 0;
  uint64_t generation_ GUARDED_BY(mutex_) = 0;
};

}  // namespace stetig::access::internal
