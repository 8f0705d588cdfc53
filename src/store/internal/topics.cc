#include "store/internal/topics.h"

#include <algorithm>

namespace stetig::store {

Listener Topics::Listen(const Topic& topic, std::function<void()> wake) {
  auto entry = std::make_shared<Entry>(&topic, std::move(wake));
  {
    MutexLock lock(mutex_);
    entries_.push_back(entry);
  }
  return Listener(std::shared_ptr<void>(entry.get(), [self = shared_from_this()](void* gone) {
    self->Remove(static_cast<Entry*>(gone));
  }));
}

void Topics::Remove(const Entry* entry) {
  MutexLock lock(mutex_);
  std::erase_if(entries_,
                [entry](const std::shared_ptr<Entry>& kept) { return kept.get() == entry; });
}

void Topics::Wake(const std::vector<const Topic*>& announced) {
  if (announced.empty()) {
    return;
  }
  std::vector<std::shared_ptr<Entry>> called;
  {
    MutexLock lock(mutex_);
    for (const auto& entry : entries_) {
      if (std::ranges::find(announced, entry->topic) != announced.end()) {
        called.push_back(entry);
      }
    }
  }
  for (const auto& entry : called) {
    entry->wake();
  }
}

}  // namespace stetig::store
