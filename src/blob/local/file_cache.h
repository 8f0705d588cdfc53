// Open files of sealed packs, the least recently used closed first.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "io/file.h"

namespace stetig::blob {

/// Thread-safe. A file that was handed out stays open as long as somebody holds it.
class FileCache {
 public:
  explicit FileCache(size_t capacity) : capacity_(capacity) {}

  /// Null when it is not here.
  std::shared_ptr<io::File> Get(uint64_t number) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto it = by_number_.find(number);
    if (it == by_number_.end()) {
      return nullptr;
    }
    order_.splice(order_.begin(), order_, it->second);
    return it->second->second;
  }

  void Put(uint64_t number, std::shared_ptr<io::File> file) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (by_number_.contains(number)) {
      return;
    }
    order_.emplace_front(number, std::move(file));
    by_number_[number] = order_.begin();
    if (order_.size() > capacity_) {
      by_number_.erase(order_.back().first);
      order_.pop_back();
    }
  }

  void Drop(uint64_t number) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (const auto it = by_number_.find(number); it != by_number_.end()) {
      order_.erase(it->second);
      by_number_.erase(it);
    }
  }

 private:
  using Entry = std::pair<uint64_t, std::shared_ptr<io::File>>;

  const size_t capacity_;
  Mutex mutex_;
  std::list<Entry> order_ GUARDED_BY(mutex_);
  std::unordered_map<uint64_t, std::list<Entry>::iterator> by_number_ GUARDED_BY(mutex_);
};

}  // namespace stetig::blob
