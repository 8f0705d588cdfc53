#include "blob/local/pack_folder.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/check.h"

namespace stetig::blob {

Pins::Pins(PackFolder& folder)
    : folder_(&folder), generation_([&] {
        MutexLock lock(folder.mutex_);
        return folder.generation_;
      }()) {}

Pins::~Pins() {
  MutexLock lock(folder_->mutex_);
  for (const uint64_t pack : packs_) {
    const auto it = folder_->packs_.find(pack);
    CHECK(it != folder_->packs_.end() && it->second.pins > 0);
    --it->second.pins;
  }
}

PackFolder::~PackFolder() {
  MutexLock append(append_mutex_);
  if (active_ != nullptr && RollBackIfLost().ok()) {
    // Only a convenience for the next start, which would read the pack through otherwise.
    static_cast<void>(active_->Close());
  }
}

Status PackFolder::CheckGeneration(const Pins& pins) const {
  if (pins.generation_ != generation_) {
    return Err(Code::kUnavailable,
               "bytes that were not yet on the medium were lost; send the file again");
  }
  return OkStatus();
}

Status PackFolder::CheckIntact(const Pins& pins) const {
  MutexLock lock(mutex_);
  return CheckGeneration(pins);
}

void PackFolder::Pin(uint64_t pack, uint32_t offset, Pins& pins) {
  Pack& held = packs_.at(pack);
  if (pins.packs_.insert(pack).second) {
    ++held.pins;
  }
  if (held.candidate) {
    std::vector<uint32_t>& dead = held.candidate->dead;
    const auto it = std::ranges::lower_bound(dead, offset);
    if (it != dead.end() && *it == offset) {
      dead.erase(it);
    }
  }
}

Status PackFolder::Append(std::span<const NewEntry> entries, Pins& pins) {
  MutexLock append(append_mutex_);
  TRY(RollBackIfLost());
  while (!entries.empty()) {
    const bool full = active_ != nullptr && active_->end() >= pack_bytes_;
    if (active_ == nullptr || full || !active_->HasRoomFor(entries.front().stored.size())) {
      TRY(Rotate());
    }
    std::vector<NewEntry> batch;
    size_t taken = 0;
    {
      MutexLock lock(mutex_);
      TRY(CheckGeneration(pins));
      std::unordered_set<Hash256, HashOfHash> in_batch;
      size_t bytes = 0;
      for (; taken < entries.size() &&
             active_->HasRoomFor(entries[taken].stored.size(), batch.size(), bytes);
           ++taken) {
        const NewEntry& entry = entries[taken];
        if (const auto it = active_records_.find(entry.id); it != active_records_.end()) {
          Pin(active_number_, it->second.offset, pins);
        } else if (in_batch.insert(entry.id).second) {
          batch.push_back(entry);
          bytes += entry.stored.size();
        }
      }
    }
    ASSIGN_OR_RETURN(const std::vector<Record> records, active_->Append(batch));
    MutexLock lock(mutex_);
    TRY(CheckGeneration(
        pins));  // a sync failed meanwhile: these entries are forgotten before anybody saw them
    for (const Record& record : records) {
      active_records_.emplace(record.id, record);
      Pin(active_number_, record.offset, pins);
    }
    active_end_ = active_->end();
    entries = entries.subspan(taken);
  }
  return OkStatus();
}

Status PackFolder::RollBackIfLost() {
  uint64_t end = 0;
  {
    MutexLock lock(mutex_);
    if (!std::exchange(roll_back_, false)) {
      return OkStatus();
    }
    end = active_end_;
  }
  active_->CutBackTo(end);
  return OkStatus();
}

void PackFolder::ForgetUnsynced() {
  std::erase_if(active_records_, [&](const auto& entry) REQUIRES(mutex_) {
    return entry.second.offset >= synced_end_;
  });
  active_end_ = synced_end_;
  roll_back_ = true;
  ++generation_;
}

Status PackFolder::Sync() {
  MutexLock sync(sync_mutex_);
  std::shared_ptr<io::File> file;
  uint64_t end = 0;
  {
    MutexLock lock(mutex_);
    if (active_end_ == synced_end_) {
      return OkStatus();
    }
    file = active_file_;
    end = active_end_;
  }
  // The pack stays the active one meanwhile: sealing needs sync_mutex_. One sync at a time, since
  // the system tells of a lost page once.
  Status synced = file->SyncData();
  MutexLock lock(mutex_);
  if (!synced.ok()) {
    ForgetUnsynced();
    return synced;
  }
  synced_end_ = end;
  return OkStatus();
}

uint64_t PackFolder::unsynced() const {
  MutexLock lock(mutex_);
  return active_end_ - synced_end_;
}

Status PackFolder::Rotate() {
  if (active_ != nullptr) {
    TRY(SealActive());
  }
  uint64_t number = 0;
  {
    MutexLock lock(mutex_);
    number = next_pack_++;
  }
  ASSIGN_OR_RETURN(active_, ActivePack::Create(env_, packs_folder_, number));
  MutexLock lock(mutex_);
  packs_[number] = Pack{};
  active_number_ = number;
  active_file_ = active_->file();
  active_end_ = synced_end_ = active_->end();
  return OkStatus();
}

Status PackFolder::SealActive() {
  const uint64_t number = active_->number();
  {
    MutexLock sync(sync_mutex_);
    Status closed = active_->Close();
    MutexLock lock(mutex_);
    if (!closed.ok()) {
      ForgetUnsynced();
      return closed;
    }
    synced_end_ = active_end_;
  }
  TRY(env_.Rename(NumberedPath(packs_folder_, number, ".open"),
                  NumberedPath(packs_folder_, number, ".pack")));
  auto run = std::make_shared<MemoryRun>(MemoryRun{number, active_->records()});
  std::ranges::sort(run->records, {}, &Record::id);
  files_.Put(number, active_->file());
  active_.reset();
  MutexLock lock(mutex_);
  auto index = std::make_shared<Index>(*index_);
  index->memory.push_back(std::move(run));
  index_ = std::move(index);
  packs_.at(number).sealed = true;
  active_records_.clear();
  active_file_.reset();
  active_number_ = 0;
  active_end_ = synced_end_ = 0;
  return OkStatus();
}

}  // namespace stetig::blob
