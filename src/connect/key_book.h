// Finds the records that keys name, and remembers them for a while: a webhook must not
// ask the store for each key it names.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "io/task.h"
#include "journal/types.h"
#include "planning/service.h"

namespace stetig::connect {

/// Keys of projects that stetig knows, with their records; nothing: there is no such record (yet).
using Keys = std::map<std::string, std::optional<journal::Ref>, std::less<>>;

/// Thread-safe. Holds at most kMaxKept keys; a record that was found is believed in for a minute,
/// the lack of one for two seconds.
class KeyBook {
 public:
  static constexpr size_t kMaxKept = 20'000;
  explicit KeyBook(planning::Service& planning) : planning_(planning) {}

  /// Errors: the store's.
  Task<Keys> Find(std::vector<std::string> keys, Deadline deadline);
  /// The same, without what was remembered.
  Task<Keys> FindAnew(std::vector<std::string> keys, Deadline deadline);

 private:
  /// What is known of a key.
  struct Known {
    bool project = false;                ///< the project exists
    std::optional<journal::Ref> record;  ///< of a kind that code can be done for
    Deadline until;
  };
  std::optional<Known> Remembered(const std::string& key);
  void Remember(const std::string& key, const Known& known);
  Task<Known> Ask(std::string key, Deadline deadline);

  planning::Service& planning_;
  Mutex mutex_;
  std::unordered_map<std::string, Known> known_ GUARDED_BY(mutex_);
};

}  // namespace stetig::connect
