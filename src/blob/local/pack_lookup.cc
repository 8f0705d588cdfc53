// Look-ups, reads and the merging of indexes.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "blob/local/pack_folder.h"

namespace stetig::blob {
namespace {

// Packs whose records are kept in memory until a run takes them over.
constexpr size_t kMemoryRuns = 8;
// A look-up starts anew when a pack went away under it; the copies were in place before, so it
// succeeds the second time.
constexpr int kAttempts = 3;

}  // namespace

bool PackFolder::Usable(const Placed& placed, bool reuse) const {
  const auto it = packs_.find(placed.pack);
  return it != packs_.end() && !(reuse && it->second.retiring);
}

Result<std::optional<Placed>> PackFolder::Find(const Hash256& id, bool reuse, Pins* pins) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::shared_ptr<const Index> index;
    {
      MutexLock lock(mutex_);
      if (pins != nullptr) {
        TRY(CheckGeneration(*pins));
      }
      if (const auto it = active_records_.find(id); it != active_records_.end()) {
        if (pins != nullptr) {
          Pin(active_number_, it->second.offset, *pins);
        }
        return Placed{it->second, active_number_};
      }
      index = index_;
    }
    bool again = false;
    ASSIGN_OR_RETURN(const std::vector<Placed> found, FindIn(*index, id, again));
    MutexLock lock(mutex_);
    for (const Placed& placed : found) {
      if (!Usable(placed, reuse)) {
        again = again || !packs_.contains(placed.pack);
        continue;
      }
      if (pins != nullptr) {
        TRY(CheckGeneration(*pins));
        Pin(placed.pack, placed.record.offset, *pins);
      }
      return placed;
    }
    if (!again) {
      break;
    }
  }
  return std::nullopt;
}

Result<std::vector<Placed>> PackFolder::FindIn(const Index& index, const Hash256& id,
                                               bool& dropped) {
  std::vector<Placed> found;
  for (auto it = index.memory.rbegin(); it != index.memory.rend(); ++it) {
    const MemoryRun& run = **it;
    for (const Record& record : std::ranges::equal_range(run.records, id, {}, &Record::id)) {
      found.push_back({record, run.pack});
    }
  }
  for (auto it = index.runs.rbegin(); it != index.runs.rend(); ++it) {
    Result<std::vector<Placed>> in_run = (*it)->Find(id);
    if (!in_run) {
      if (in_run.error().code() != Code::kDataLoss) {
        return Err(std::move(in_run).error());
      }
      TRY(DropRun(**it));
      dropped = true;
      continue;
    }
    found.insert(found.end(), in_run->begin(), in_run->end());
  }
  return found;
}

Status PackFolder::DropRun(const IndexRun& run) {
  std::vector<std::shared_ptr<const MemoryRun>> loaded;
  for (const uint64_t number : run.packs()) {
    {
      MutexLock lock(mutex_);
      if (!packs_.contains(number)) {
        continue;
      }
    }
    ASSIGN_OR_RETURN(std::vector<Record> records, Records(number));
    std::ranges::sort(records, {}, &Record::id);
    loaded.push_back(std::make_shared<MemoryRun>(MemoryRun{number, std::move(records)}));
  }
  {
    MutexLock lock(mutex_);
    auto index = std::make_shared<Index>(*index_);
    if (std::erase_if(index->runs,
                      [&](const auto& other) { return other->number() == run.number(); }) == 0) {
      return OkStatus();  // somebody else was faster
    }
    index->memory.insert(index->memory.begin(), loaded.begin(), loaded.end());
    index_ = std::move(index);
  }
  return env_.Remove(NumberedPath(index_folder_, run.number(), ".run"));
}

Result<bool> PackFolder::Reuse(const Hash256& id, Pins& pins) {
  ASSIGN_OR_RETURN(const std::optional<Placed> placed, Find(id, /*reuse=*/true, &pins));
  return placed.has_value();
}

Result<Placed> PackFolder::Locate(const Hash256& id) {
  ASSIGN_OR_RETURN(const std::optional<Placed> placed, Find(id, /*reuse=*/false, nullptr));
  if (!placed) {
    return Err(Code::kNotFound, fmt::format("{} is not stored", ToHex(id)));
  }
  return *placed;
}

Result<Record> PackFolder::Stat(const Hash256& id) {
  ASSIGN_OR_RETURN(const Placed placed, Locate(id));
  return placed.record;
}

Result<std::shared_ptr<io::File>> PackFolder::OpenPack(uint64_t pack) {
  {
    MutexLock lock(mutex_);
    if (pack == active_number_ && active_file_ != nullptr) {
      return active_file_;
    }
  }
  if (std::shared_ptr<io::File> file = files_.Get(pack)) {
    return file;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<io::File> file,
                   env_.Open(NumberedPath(packs_folder_, pack, ".pack"), io::OpenMode::kRead));
  files_.Put(pack, file);
  return file;
}

Status PackFolder::ReadPlaced(const Placed& placed, std::span<std::byte> into) {
  ASSIGN_OR_RETURN(const std::shared_ptr<io::File> file, OpenPack(placed.pack));
  const Record& record = placed.record;
  std::vector<std::byte> encoded;
  std::span<std::byte> stored = into;
  if (record.codec != Codec::kRaw) {
    encoded.resize(record.stored_length);
    stored = encoded;
  }
  ASSIGN_OR_RETURN(const size_t got, file->ReadAt(record.offset + kEntryHeaderBytes, stored));
  if (got != stored.size()) {
    return Err(Code::kDataLoss,
               fmt::format("pack {} ends within entry {}", placed.pack, ToHex(record.id)));
  }
  return DecodeEntry(record, stored, into);
}

Status PackFolder::ReadInto(const Hash256& id, std::span<std::byte> into) {
  Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ASSIGN_OR_RETURN(const Placed placed, Locate(id));
    if (placed.record.raw_length != into.size()) {
      return Err(Code::kDataLoss, fmt::format("{} has {} bytes, expected {}", ToHex(id),
                                              placed.record.raw_length, into.size()));
    }
    status = ReadPlaced(placed, into);
    if (status.code() != Code::kNotFound) {
      return status;
    }
  }
  return Err(Code::kDataLoss, fmt::format("the pack that holds {} is missing", ToHex(id)));
}

Result<std::vector<std::byte>> PackFolder::Read(const Hash256& id) {
  ASSIGN_OR_RETURN(const Record record, Stat(id));
  std::vector<std::byte> bytes(record.raw_length);
  TRY(ReadInto(id, bytes));
  return bytes;
}

Status PackFolder::Maintain() {
  std::shared_ptr<const Index> index;
  std::set<uint64_t> present;
  uint64_t number = 0;
  {
    MutexLock lock(mutex_);
    if (merging_ || index_->memory.size() < kMemoryRuns) {
      return OkStatus();
    }
    merging_ = true;
    index = index_;
    number = next_run_++;
    for (const auto& [pack, state] : packs_) {
      present.insert(pack);
    }
  }
  const Result<MergedRun> merged = Merge(*index, number, present);
  std::vector<uint64_t> old;
  {
    MutexLock lock(mutex_);
    merging_ = false;
    if (!merged) {
      return merged.error();
    }
    const auto taken = [&](const auto& list, const auto& item) {
      return std::ranges::find(list, item) != list.end();
    };
    auto next = std::make_shared<Index>(*index_);
    std::erase_if(next->memory, [&](const auto& run) { return taken(index->memory, run); });
    for (const auto& run : merged->replaced) {
      std::erase(next->runs, run);
      old.push_back(run->number());
    }
    next->runs.push_back(merged->run);
    index_ = std::move(next);
  }
  for (const uint64_t run : old) {
    TRY(env_.Remove(NumberedPath(index_folder_, run, ".run")));
  }
  return OkStatus();
}

Result<PackFolder::MergedRun> PackFolder::Merge(const Index& index, uint64_t number,
                                                const std::set<uint64_t>& present) {
  MergedRun merged;
  std::vector<PlacedSource> sources;
  std::vector<uint64_t> packs;
  uint64_t records = 0;
  for (const auto& run : index.memory) {
    sources.emplace_back(
        [run = run.get(), at = size_t{0}]() mutable -> Result<std::optional<Placed>> {
          if (at == run->records.size()) {
            return std::nullopt;
          }
          return Placed{run->records[at++], run->pack};
        });
    packs.push_back(run->pack);
    records += run->records.size();
  }
  // Newest first, as long as they are not much larger than what is merged already: as many runs as
  // the logarithm of the packs.
  for (auto it = index.runs.rbegin(); it != index.runs.rend() && (*it)->count() <= 2 * records;
       ++it) {
    sources.push_back((*it)->Scan());
    packs.insert(packs.end(), (*it)->packs().begin(), (*it)->packs().end());
    records += (*it)->count();
    merged.replaced.push_back(*it);
  }
  std::erase_if(packs, [&](uint64_t pack) { return !present.contains(pack); });
  ASSIGN_OR_RETURN(
      merged.run, IndexRun::Write(env_, index_folder_, number, std::move(packs), std::move(sources),
                                  [&](uint64_t pack) { return present.contains(pack); }));
  return merged;
}

}  // namespace stetig::blob
