// The one pack that grows: entries are appended to `<number>.open` until it is full, then it is
// sealed. After a crash its entries are found again by reading it; whatever does not fit its
// checksum and its id was never acknowledged and is cut off.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "blob/pack_format.h"
#include "io/file.h"

namespace stetig::blob {

/// An entry to store. `stored` is encoded by `codec` already; borrowed.
struct NewEntry {
  Hash256 id{};
  Kind kind = Kind::kChunk;
  Codec codec = Codec::kRaw;
  uint32_t raw_length = 0;
  std::span<const std::byte> stored;
};

/// "<folder>/<16 hex digits><suffix>"
std::string NumberedPath(const std::string& folder, uint64_t number, const char* suffix);

/// One thread at a time, except file(). Codes: those of io::File.
class ActivePack {
 public:
  /// Makes an empty pack whose name lasts through a power cut.
  static Result<std::unique_ptr<ActivePack>> Create(io::Env& env, const std::string& folder,
                                                    uint64_t number);

  /// Takes up a pack that an earlier process left behind. Its name and entries are on the medium
  /// afterwards. kDataLoss: the header is not that of pack `number`.
  static Result<std::unique_ptr<ActivePack>> Reopen(io::Env& env, const std::string& folder,
                                                    uint64_t number);

  /// Whether one more entry of this many stored bytes still fits, after `more` entries of
  /// `more_bytes` stored bytes.
  bool HasRoomFor(size_t stored, size_t more = 0, size_t more_bytes = 0) const;

  /// Writes the entries, which must fit. Their records, or the error with the pack as it was. Not
  /// synced.
  Result<std::vector<Record>> Append(std::span<const NewEntry> entries);

  /// Forgets every entry from `end` on, which must be a place where an entry ended.
  void CutBackTo(uint64_t end);

  /// Writes index and trailer behind the entries and syncs. The pack can still be appended to,
  /// which overwrites them.
  Status Close();

  uint64_t number() const { return number_; }
  /// Where the next entry goes.
  uint64_t end() const { return end_; }
  const std::vector<Record>& records() const { return records_; }
  const std::shared_ptr<io::File>& file() const { return file_; }

 private:
  ActivePack(uint64_t number, std::shared_ptr<io::File> file)
      : number_(number), file_(std::move(file)) {}

  const uint64_t number_;
  const std::shared_ptr<io::File> file_;
  uint64_t end_ = kPackHeaderBytes;
  std::vector<Record> records_;
  bool tail_ = false;  ///< bytes may stand behind end_
};

/// Records of the entries that stand whole, checked by content, from the start of a file of `size`
/// bytes on, whatever follows them. kDataLoss: the header is not that of pack `number`.
Result<std::vector<Record>> ScanEntries(io::File& file, uint64_t number, uint64_t size);

/// Records of a pack that has its trailer. kDataLoss: it has none, or it does not fit.
Result<std::vector<Record>> ReadPackIndex(io::File& file, uint64_t number);

}  // namespace stetig::blob
