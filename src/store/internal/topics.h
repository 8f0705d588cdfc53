// Who listens to which topic.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "store/database.h"

namespace stetig::store {

/// Thread-safe. Shared with the listeners' handles, which may outlive the database.
class Topics : public std::enable_shared_from_this<Topics> {
 public:
  Listener Listen(const Topic& topic, std::function<void()> wake);
  /// Calls the listeners of each of `announced`. Listeners may come and go meanwhile.
  void Wake(const std::vector<const Topic*>& announced);

 private:
  struct Entry {
    const Topic* topic;
    std::function<void()> wake;
  };
  void Remove(const Entry* entry);

  Mutex mutex_;
  std::vector<std::shared_ptr<Entry>> entries_ GUARDED_BY(mutex_);
};

}  // namespace stetig::store
