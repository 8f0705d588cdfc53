#include "blob/local/active_pack.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/check.h"

namespace stetig::blob {
namespace {

// Entries below this are gathered with their headers, so that many small ones cost one write;
// larger ones are written in place.
constexpr size_t kGatherBelow = size_t{16} << 10;

Status ReadExactly(io::File& file, uint64_t offset, std::span<std::byte> into) {
  ASSIGN_OR_RETURN(const size_t got, file.ReadAt(offset, into));
  if (got != into.size()) {
    return Err(Code::kDataLoss,
               fmt::format("a pack ends within {} bytes at offset {}", into.size(), offset));
  }
  return OkStatus();
}

Status CheckHeader(io::File& file, uint64_t number, std::span<std::byte, kPackHeaderBytes> header) {
  TRY(ReadExactly(file, 0, header));
  ASSIGN_OR_RETURN(const uint64_t found, ParsePackHeader(header));
  if (found != number) {
    return Err(Code::kDataLoss, fmt::format("pack {} calls itself {}", number, found));
  }
  return OkStatus();
}

// The entry at `offset`, whole and checked by its content.
Result<Record> ReadWholeEntry(io::File& file, uint64_t offset, uint64_t size,
                              std::vector<std::byte>& stored, std::vector<std::byte>& raw) {
  std::array<std::byte, kEntryHeaderBytes> header{};
  if (offset + header.size() > size) {
    return Err(Code::kDataLoss, "no room for an entry");
  }
  TRY(ReadExactly(file, offset, header));
  ASSIGN_OR_RETURN(const Record record, ParseEntryHeader(header, static_cast<uint32_t>(offset)));
  if (offset + record.footprint() > size) {
    return Err(Code::kDataLoss, "an entry is cut off");
  }
  stored.resize(record.stored_length);
  raw.resize(record.raw_length);
  TRY(ReadExactly(file, offset + header.size(), stored));
  TRY(CheckEntry(header, stored));
  TRY(DecodeEntry(record, stored, raw));
  return record;
}

}  // namespace

std::string NumberedPath(const std::string& folder, uint64_t number, const char* suffix) {
  return fmt::format("{}/{:016x}{}", folder, number, suffix);
}

Result<std::unique_ptr<ActivePack>> ActivePack::Create(io::Env& env, const std::string& folder,
                                                       uint64_t number) {
  const std::string path = NumberedPath(folder, number, ".open");
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, env.Open(path, io::OpenMode::kCreateNew));
  std::unique_ptr<ActivePack> pack(new ActivePack(number, std::move(file)));
  Status written = pack->file_->WriteAt(0, EncodePackHeader(number));
  if (written.ok()) {
    written = env.SyncFolder(folder);
  }
  if (!written.ok()) {
    // A leftover without a header is swept away at the next start; here only the name matters for
    // the next attempt.
    static_cast<void>(env.Remove(path));
    return Err(std::move(written));
  }
  return pack;
}

Result<std::unique_ptr<ActivePack>> ActivePack::Reopen(io::Env& env, const std::string& folder,
                                                       uint64_t number) {
  const std::string path = NumberedPath(folder, number, ".open");
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, env.Open(path, io::OpenMode::kReadWrite));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  std::unique_ptr<ActivePack> pack(new ActivePack(number, std::move(file)));
  Result<std::vector<Record>> index = ReadPackIndex(*pack->file_, number);
  if (!index) {
    index = ScanEntries(*pack->file_, number, size);
    TRY(index);
  }
  // The process may have been killed before it synced bytes, trailer or name. Later uploads lean on
  // all of them.
  TRY(pack->file_->SyncData());
  TRY(env.SyncFolder(folder));
  pack->records_ = *std::move(index);
  for (const Record& record : pack->records_) {
    pack->end_ += record.footprint();
  }
  pack->tail_ = pack->end_ < size;
  return pack;
}

bool ActivePack::HasRoomFor(size_t stored, size_t more, size_t more_bytes) const {
  const size_t count = records_.size() + more + 1;
  const size_t bytes = end_ + more * kEntryHeaderBytes + more_bytes + kEntryHeaderBytes + stored;
  return count <= kMaxPackEntries && bytes + count * kRecordBytes + kTrailerBytes <= kMaxPackBytes;
}

Result<std::vector<Record>> ActivePack::Append(std::span<const NewEntry> entries) {
  if (tail_) {
    TRY(file_->Truncate(end_));
    tail_ = false;
  }
  std::vector<Record> records;
  records.reserve(entries.size());
  std::vector<std::byte> gathered;
  uint64_t written = end_;
  const auto flush = [&]() -> Status {
    TRY(file_->WriteAt(written, gathered));
    written += gathered.size();
    gathered.clear();
    return OkStatus();
  };
  tail_ = true;  // until all is written, garbage may stand behind end_
  for (const NewEntry& entry : entries) {
    CHECK(HasRoomFor(entry.stored.size(), records.size(),
                     written + gathered.size() - end_ - records.size() * kEntryHeaderBytes));
    const Record record{entry.id,
                        static_cast<uint32_t>(written + gathered.size()),
                        static_cast<uint32_t>(entry.stored.size()),
                        entry.raw_length,
                        entry.kind,
                        entry.codec};
    const std::array<std::byte, kEntryHeaderBytes> header = EncodeEntryHeader(record, entry.stored);
    gathered.insert(gathered.end(), header.begin(), header.end());
    if (entry.stored.size() < kGatherBelow) {
      gathered.insert(gathered.end(), entry.stored.begin(), entry.stored.end());
    } else {
      TRY(flush());
      TRY(file_->WriteAt(written, entry.stored));
      written += entry.stored.size();
    }
    records.push_back(record);
  }
  TRY(flush());
  tail_ = false;
  end_ = written;
  records_.insert(records_.end(), records.begin(), records.end());
  return records;
}

void ActivePack::CutBackTo(uint64_t end) {
  std::erase_if(records_, [&](const Record& record) { return record.offset >= end; });
  tail_ = tail_ || end < end_;
  end_ = end;
}

Status ActivePack::Close() {
  if (tail_) {
    TRY(file_->Truncate(end_));
  }
  tail_ = true;
  TRY(file_->WriteAt(end_, EncodePackEnd(number_, records_)));
  return file_->SyncData();
}

Result<std::vector<Record>> ScanEntries(io::File& file, uint64_t number, uint64_t size) {
  std::array<std::byte, kPackHeaderBytes> header{};
  TRY(CheckHeader(file, number, header));
  std::vector<std::byte> stored;
  std::vector<std::byte> raw;
  std::vector<Record> records;
  uint64_t end = header.size();
  while (records.size() < kMaxPackEntries) {
    Result<Record> record = ReadWholeEntry(file, end, size, stored, raw);
    if (!record) {
      if (record.error().code() != Code::kDataLoss) {
        return Err(std::move(record).error());
      }
      break;
    }
    end += record->footprint();
    records.push_back(*record);
  }
  return records;
}

Result<std::vector<Record>> ReadPackIndex(io::File& file, uint64_t number) {
  ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size < kPackHeaderBytes + kTrailerBytes) {
    return Err(Code::kDataLoss, fmt::format("a pack of {} bytes", size));
  }
  std::array<std::byte, kPackHeaderBytes> header{};
  TRY(CheckHeader(file, number, header));
  std::array<std::byte, kTrailerBytes> end{};
  TRY(ReadExactly(file, size - end.size(), end));
  ASSIGN_OR_RETURN(const Trailer trailer, ParseTrailer(end, size));
  std::vector<std::byte> index(trailer.count * kRecordBytes);
  TRY(ReadExactly(file, trailer.index_offset, index));
  return ParseIndex(header, index, trailer);
}

}  // namespace stetig::blob
