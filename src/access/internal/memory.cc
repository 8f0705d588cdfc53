#include "access/internal/memory.h"

#include <sys/random.h>

#include "base/check.h"
#include "base/digest.h"

namespace stetig::access::internal {

namespace {

size_t IdsOf(const Principal& principal) {
  if (!principal.scope) return 0;
  size_t count = 0;
  for (const Realm* realm :
       {&principal.scope->projects, &principal.scope->experiments, &principal.scope->models}) {
    count += realm->ids.size() + realm->rights.size();
  }
  return count;
}

}  // namespace

Memory::Memory(size_t capacity, size_t max_ids)
    : capacity_(capacity), max_ids_(max_ids), secret_(32, '\0') {
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
  const Entry& entry = it->second;
  return {.principal = entry.principal,
          .familiar = true,
          .stale = entry.fresh_until <= now,
          .until = entry.until};
}

void Memory::Remember(std::string_view kind, std::string_view credential,
                      const Principal& principal, Clock::time_point until,
                      Clock::time_point fresh_until, uint64_t generation) {
  std::string key = Key(kind, credential);
  const size_t ids = IdsOf(principal);
  MutexLock lock(mutex_);
  if (generation != generation_) {
    return;
  }
  if (entries_.size() >= capacity_ || ids_ + ids > max_ids_) {
    entries_.clear();
    ids_ = 0;
  }
  Entry& entry = entries_[std::move(key)];
  ids_ += ids;
  ids_ -= IdsOf(entry.principal);
  entry = {principal, until, fresh_until};
}

uint64_t Memory::generation() const {
  MutexLock lock(mutex_);
  return generation_;
}

void Memory::Forget() {
  MutexLock lock(mutex_);
  entries_.clear();
  ids_ = 0;
  ++generation_;
}

void Memory::Doubt() {
  MutexLock lock(mutex_);
  for (auto& [key, entry] : entries_) entry.fresh_until = {};
  ++generation_;
}

}  // namespace stetig::access::internal
