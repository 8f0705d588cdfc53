// What garbage collection and verification see of a folder.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "blob/local/pack_folder.h"

namespace stetig::blob {

std::vector<uint64_t> PackFolder::SealedPacks() const {
  MutexLock lock(mutex_);
  std::vector<uint64_t> numbers;
  for (const auto& [number, pack] : packs_) {
    if (pack.sealed) {
      numbers.push_back(number);
    }
  }
  return numbers;
}

std::optional<uint64_t> PackFolder::GrowingPack() const {
  MutexLock lock(mutex_);
  return active_file_ != nullptr ? std::optional(active_number_) : std::nullopt;
}

Result<std::vector<Record>> PackFolder::Records(uint64_t pack) {
  {
    MutexLock lock(mutex_);
    if (active_file_ != nullptr && pack == active_number_) {
      std::vector<Record> records;
      std::ranges::transform(active_records_, std::back_inserter(records),
                             [](const auto& entry) { return entry.second; });
      return records;
    }
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<io::File> file, OpenPack(pack));
  Result<std::vector<Record>> records = ReadPackIndex(*file, pack);
  if (records || records.error().code() != Code::kDataLoss) {
    return records;
  }
  // The index is damaged: what stands whole before the first damaged entry is still served.
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  return ScanEntries(*file, pack, size);
}

Status PackFolder::CheckPack(uint64_t pack) {
  {
    MutexLock lock(mutex_);
    if (active_file_ != nullptr && pack == active_number_) {
      return OkStatus();  // its index is in memory only
    }
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<io::File> file, OpenPack(pack));
  TRY(ReadPackIndex(*file, pack));
  return OkStatus();
}

Result<std::vector<std::byte>> PackFolder::ReadStored(uint64_t pack, const Record& record) {
  ASSIGN_OR_RETURN(const std::shared_ptr<io::File> file, OpenPack(pack));
  std::vector<std::byte> bytes(record.footprint());
  ASSIGN_OR_RETURN(const size_t got, file->ReadAt(record.offset, bytes));
  const std::span header = std::span(bytes).first(kEntryHeaderBytes);
  const std::span stored = std::span(bytes).subspan(kEntryHeaderBytes);
  if (got != bytes.size()) {
    return Err(Code::kDataLoss,
               fmt::format("pack {} ends within entry {}", pack, ToHex(record.id)));
  }
  ASSIGN_OR_RETURN(const Record found, ParseEntryHeader(header, record.offset));
  if (found != record) {
    return Err(Code::kDataLoss, fmt::format("pack {} has another entry than {} at {}", pack,
                                            ToHex(record.id), record.offset));
  }
  TRY(CheckEntry(header, stored));
  std::vector<std::byte> raw(record.raw_length);
  TRY(DecodeEntry(record, stored, raw));
  return std::vector<std::byte>(stored.begin(), stored.end());
}

std::vector<uint32_t> PackFolder::UpdateCandidate(uint64_t pack, std::vector<uint32_t> dead,
                                                  WallTime now, WallTime due) {
  MutexLock lock(mutex_);
  const auto it = packs_.find(pack);
  if (it == packs_.end() || !it->second.sealed || it->second.pins > 0) {
    return {};
  }
  std::optional<Candidate>& noted = it->second.candidate;
  if (dead.empty()) {
    noted.reset();
    return {};
  }
  std::vector<uint32_t> still;
  if (noted) {
    std::ranges::set_intersection(noted->dead, dead, std::back_inserter(still));
    if (noted->since > due) {
      noted->dead = std::move(still);
      return {};
    }
  }
  // Whoever acts on `still` does so now; all that is dead now waits for the next time.
  noted = Candidate{now, std::move(dead)};
  return still;
}

bool PackFolder::Retire(uint64_t pack, std::span<const uint32_t> doomed) {
  MutexLock lock(mutex_);
  const auto it = packs_.find(pack);
  if (it == packs_.end() || it->second.pins > 0 || it->second.retiring || !it->second.candidate ||
      !std::ranges::includes(it->second.candidate->dead, doomed)) {
    return false;
  }
  it->second.retiring = true;
  return true;
}

void PackFolder::Unretire(uint64_t pack) {
  MutexLock lock(mutex_);
  packs_.at(pack).retiring = false;
}

Status PackFolder::Remove(uint64_t pack) {
  {
    MutexLock lock(mutex_);
    packs_.erase(pack);
    auto index = std::make_shared<Index>(*index_);
    std::erase_if(index->memory, [&](const auto& run) { return run->pack == pack; });
    index_ = std::move(index);
  }
  files_.Drop(pack);
  return env_.Remove(NumberedPath(packs_folder_, pack, ".pack"));
}

}  // namespace stetig::blob
