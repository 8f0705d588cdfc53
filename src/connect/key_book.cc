#include "connect/key_book.h"

namespace stetig::connect {
namespace {

constexpr std::chrono::seconds kFoundFor{60};
constexpr std::chrono::seconds kMissingFor{2};
constexpr std::string_view kKinds[] = {"requirement", "task", "change_request"};

}  // namespace

std::optional<KeyBook::Known> KeyBook::Remembered(const std::string& key) {
  MutexLock lock(mutex_);
  const auto found = known_.find(key);
  if (found == known_.end()) return std::nullopt;
  if (found->second.until < std::chrono::steady_clock::now()) {
    known_.erase(found);
    return std::nullopt;
  }
  return found->second;
}

void KeyBook::Remember(const std::string& key, const Known& known) {
  MutexLock lock(mutex_);
  if (known_.size() >= kMaxKept) known_.clear();
  known_.insert_or_assign(key, known);
}

Task<KeyBook::Known> KeyBook::Ask(std::string key, Deadline deadline) {
  Known known;
  std::string any;
  std::string reference = key;
  auto record = co_await planning_.Get(std::move(any), std::move(reference), deadline);
  if (record) {
    known.project = true;
    for (const std::string_view kind : kKinds) {
      if (record->kind == kind) known.record = journal::Ref{record->kind, record->id};
    }
    // A key of another kind is settled: it leads nowhere.
    if (!known.record) known.project = false;
  } else if (record.error().code() != Code::kNotFound) {
    co_return Err(record.error());
  } else {
    std::string kind(planning::kProject);
    std::string project = key.substr(0, key.rfind('-'));
    auto found = co_await planning_.Get(std::move(kind), std::move(project), deadline);
    known.project = found.has_value();
    if (!found && found.error().code() != Code::kNotFound &&
        found.error().code() != Code::kInvalidArgument) {
      co_return Err(found.error());
    }
  }
  known.until = std::chrono::steady_clock::now() + (known.record ? kFoundFor : kMissingFor);
  Remember(key, known);
  co_return known;
}

Task<Keys> KeyBook::Find(std::vector<std::string> keys, Deadline deadline) {
  Keys out;
  for (const std::string& key : keys) {
    std::optional<Known> known = Remembered(key);
    if (!known) {
      std::string asked = key;
      auto found = co_await Ask(std::move(asked), deadline);
      ASSIGN_OR_CO_RETURN(known, std::move(found));
    }
    if (known->project) out.emplace(key, known->record);
  }
  co_return out;
}

Task<Keys> KeyBook::FindAnew(std::vector<std::string> keys, Deadline deadline) {
  {
    MutexLock lock(mutex_);
    for (const std::string& key : keys) known_.erase(key);
  }
  co_return co_await Find(std::move(keys), deadline);
}

}  // namespace stetig::connect
