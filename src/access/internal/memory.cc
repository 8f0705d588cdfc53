#include "access/internal/memory.h"

#include <sys/random.h>

#include "base/check.h"
#include "base/digest.h"

namespace stetig::access::internal {

Memory::Memory(size_t capacity) : capacity_(capacity), secret_(32, '\0') {
  CHECK(getrandom(secret_.data(), secret_.size(), 0) == static_cast<ssize_t>(secret_.size()));
}

std::string Memory::Key(std::string_view kind, std::string_view credential) const {
  std::string text(kind);
  text.push_back('\0');
  text.append(credential);
  auto mac = HmacSha256(secret_, text);
  return {reinterpret_cast<const char*>(mac.data()), mac.size()};
}

Memory::Found Memory::Find(std::string_view kind, std::string_view credential,
                           Clock::time_point now) const {
  std::string key = Key(kind, credential);
  MutexLock lock(mutex_);
  auto it = entries_.find(key);
  if (it == entries_.end()) {
    return {};
  }
  if (it->second.until <= now) {
    return {.principal = std::nullopt, .familiar = true};
  }
  return {.principal = it->second.principal, .familiar = true};
}

void Memory::Remember(std::string_view kind, std::string_view credential,
                      const Principal& principal, Clock::time_point until, uint64_t generation) {
  std::string key = Key(kind, credential);
  MutexLock lock(mutex_);
  if (generation != generation_) {
    return;
  }
  if (entries_.size() >= capacity_) {
    entries_.clear();
  }
  entries_[std::move(key)] = {principal, until};
}

uint64_t Memory::generation() const {
  MutexLock lock(mutex_);
  return generation_;
}

void Memory::Forget() {
  MutexLock lock(mutex_);
  entries_.clear();
  ++generation_;
}

}  // namespace stetig::access::internal
