// Opening a folder: which packs and runs are there, what a crash left behind, which records no run
// covers.
#include <algorithm>
#include <charconv>
#include <utility>

#include "blob/local/pack_folder.h"

namespace stetig::blob {
namespace {

constexpr size_t kOpenFiles = 64;

// The number of a file called "<16 hex digits><suffix>".
std::optional<uint64_t> NumberOf(const std::string& name, std::string_view suffix) {
  constexpr size_t kDigits = 16;
  uint64_t number = 0;
  if (name.size() != kDigits + suffix.size() || !name.ends_with(suffix)) {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, number, 16);
  return error == std::errc() && end == name.data() + kDigits ? std::optional(number)
                                                              : std::nullopt;
}

}  // namespace

PackFolder::PackFolder(io::Env& env, const std::string& folder, size_t pack_bytes)
    : env_(env),
      packs_folder_(folder + "/packs"),
      index_folder_(folder + "/index"),
      pack_bytes_(pack_bytes),
      files_(kOpenFiles),
      index_(std::make_shared<Index>()) {}

Result<std::unique_ptr<PackFolder>> PackFolder::Open(io::Env& env, const std::string& folder,
                                                     size_t pack_bytes) {
  std::unique_ptr<PackFolder> opened(new PackFolder(env, folder, pack_bytes));
  TRY(env.MakeFolders(opened->packs_folder_));
  TRY(env.MakeFolders(opened->index_folder_));
  TRY(opened->Recover());
  return opened;
}

Status PackFolder::Recover() {
  ASSIGN_OR_RETURN(const std::vector<io::FolderEntry> entries, env_.List(packs_folder_));
  std::vector<uint64_t> open;
  {
    MutexLock lock(mutex_);
    for (const io::FolderEntry& entry : entries) {
      if (const std::optional<uint64_t> number = NumberOf(entry.name, ".pack")) {
        packs_[*number].sealed = true;
        next_pack_ = std::max(next_pack_, *number + 1);
      } else if (const std::optional<uint64_t> growing = NumberOf(entry.name, ".open")) {
        open.push_back(*growing);
        next_pack_ = std::max(next_pack_, *growing + 1);
      }
    }
  }
  std::set<uint64_t> covered;
  TRY(LoadRuns(covered));
  std::ranges::sort(open);
  for (const uint64_t number : open) {
    TRY(RecoverOpenPack(number, number == open.back()));
  }
  for (const uint64_t number : SealedPacks()) {
    if (!covered.contains(number)) {
      TRY(LoadPack(number));
    }
  }
  return OkStatus();
}

Status PackFolder::LoadRuns(std::set<uint64_t>& covered) {
  ASSIGN_OR_RETURN(const std::vector<io::FolderEntry> entries, env_.List(index_folder_));
  std::vector<uint64_t> numbers;
  for (const io::FolderEntry& entry : entries) {
    if (const std::optional<uint64_t> number = NumberOf(entry.name, ".run")) {
      numbers.push_back(*number);
    } else {
      TRY(env_.Remove(index_folder_ + "/" + entry.name));  // a merge that a crash cut short
    }
  }
  std::ranges::sort(numbers, std::greater());
  auto index = std::make_shared<Index>();
  for (const uint64_t number : numbers) {
    Result<std::shared_ptr<const IndexRun>> run = IndexRun::Open(env_, index_folder_, number);
    if (!run && run.error().code() != Code::kDataLoss) {
      return Err(std::move(run).error());
    }
    bool needed = false;
    MutexLock lock(mutex_);
    next_run_ = std::max(next_run_, number + 1);
    if (run) {
      for (const uint64_t pack : (*run)->packs()) {
        next_pack_ = std::max(next_pack_, pack + 1);
        needed = needed || (packs_.contains(pack) && !covered.contains(pack));
      }
    }
    if (!needed) {  // damaged, or a newer run holds all of it
      TRY(env_.Remove(NumberedPath(index_folder_, number, ".run")));
      continue;
    }
    covered.insert((*run)->packs().begin(), (*run)->packs().end());
    index->runs.insert(index->runs.begin(), *run);
  }
  MutexLock lock(mutex_);
  index_ = std::move(index);
  return OkStatus();
}

Status PackFolder::LoadPack(uint64_t number) {
  ASSIGN_OR_RETURN(std::vector<Record> records, Records(number));
  std::ranges::sort(records, {}, &Record::id);
  MutexLock lock(mutex_);
  auto index = std::make_shared<Index>(*index_);
  index->memory.push_back(std::make_shared<MemoryRun>(MemoryRun{number, std::move(records)}));
  index_ = std::move(index);
  return OkStatus();
}

Status PackFolder::RecoverOpenPack(uint64_t number, bool newest) {
  const std::string path = NumberedPath(packs_folder_, number, ".open");
  Result<std::unique_ptr<ActivePack>> pack = ActivePack::Reopen(env_, packs_folder_, number);
  if (!pack) {
    if (pack.error().code() != Code::kDataLoss) {
      return Err(std::move(pack).error());
    }
    ASSIGN_OR_RETURN(const io::FileInfo info, env_.Stat(path));
    // Without a header nothing was ever acknowledged from it; should there be bytes nevertheless,
    // they are kept for a person to look at.
    return info.size <= kPackHeaderBytes
               ? env_.Remove(path)
               : env_.Rename(path, NumberedPath(packs_folder_, number, ".damaged"));
  }
  if (!newest) {
    TRY((*pack)->Close());
    TRY(env_.Rename(path, NumberedPath(packs_folder_, number, ".pack")));
    MutexLock lock(mutex_);
    packs_[number].sealed = true;
    return OkStatus();
  }
  MutexLock append(append_mutex_);
  active_ = *std::move(pack);
  MutexLock lock(mutex_);
  packs_[number] = Pack{};
  active_number_ = number;
  active_file_ = active_->file();
  active_end_ = synced_end_ = active_->end();
  for (const Record& record : active_->records()) {
    active_records_.emplace(record.id, record);
  }
  return OkStatus();
}

}  // namespace stetig::blob
