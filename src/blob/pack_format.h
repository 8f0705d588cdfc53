// Bytes of pack files (docs/formats/pack.md): encoders that cannot fail and parsers for bytes that
// may be anything. Pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/status.h"
#include "blob/ids.h"

namespace stetig::blob {

inline constexpr size_t kMaxPackBytes = size_t{64} << 20;
inline constexpr size_t kMaxPackEntries = 8192;
inline constexpr size_t kMaxEntryBytes = size_t{1} << 20;
inline constexpr size_t kPackHeaderBytes = 32;
inline constexpr size_t kEntryHeaderBytes = 56;
inline constexpr size_t kRecordBytes = 48;
inline constexpr size_t kTrailerBytes = 64;

enum class Codec : unsigned char { kRaw = 0, kZstd = 1 };

/// One entry of a pack: what the index keeps of it.
struct Record {
  Hash256 id{};
  uint32_t offset = 0;  ///< of the entry's header
  uint32_t stored_length = 0;
  uint32_t raw_length = 0;
  Kind kind = Kind::kChunk;
  Codec codec = Codec::kRaw;

  /// Bytes that the entry takes in its pack.
  size_t footprint() const { return kEntryHeaderBytes + stored_length; }
  friend bool operator==(const Record&, const Record&) = default;
};

std::array<std::byte, kPackHeaderBytes> EncodePackHeader(uint64_t number);
/// The pack's number. kDataLoss: not a pack header, or of another version.
Result<uint64_t> ParsePackHeader(std::span<const std::byte> bytes);

/// The header that stands before an entry's stored bytes; `record.offset` is not part of it.
std::array<std::byte, kEntryHeaderBytes> EncodeEntryHeader(const Record& record,
                                                           std::span<const std::byte> stored);
/// `bytes`: at least kEntryHeaderBytes, found at `offset`. Says how long the entry must be;
/// CheckEntry() says whether it is one. kDataLoss: nothing that could be an entry header.
Result<Record> ParseEntryHeader(std::span<const std::byte> bytes, uint32_t offset);
/// Holds header and stored bytes against the header's checksum. kDataLoss: they differ.
Status CheckEntry(std::span<const std::byte> header, std::span<const std::byte> stored);

void EncodeRecord(const Record& record, std::span<std::byte> into);
/// kDataLoss: a length, kind or codec that no entry can have.
Result<Record> ParseRecord(std::span<const std::byte> bytes);

/// Index and trailer of a pack whose header is `number`'s, sorting the records. They start at the
/// end of the last entry.
std::vector<std::byte> EncodePackEnd(uint64_t number, std::vector<Record> records);

/// Where the trailer says that the index stands.
struct Trailer {
  uint64_t index_offset = 0;
  uint32_t count = 0;
  Hash256 pack_hash{};
};
/// `bytes`: the last kTrailerBytes of a file of `file_size` bytes. kDataLoss: no trailer, or one
/// that does not fit the size.
Result<Trailer> ParseTrailer(std::span<const std::byte> bytes, uint64_t file_size);

/// The sorted records of a sealed pack. `header` and `index` are the file's bytes at the places
/// that the trailer gives. kDataLoss: the pack hash differs, or the records are not sorted or do
/// not tile the file.
Result<std::vector<Record>> ParseIndex(std::span<const std::byte> header,
                                       std::span<const std::byte> index, const Trailer& trailer);

/// Compresses `raw`; nothing unless at least a sixteenth is saved.
std::optional<std::vector<std::byte>> Compress(std::span<const std::byte> raw);
/// Whether compression is worth its time on data that looks like `sample`: it must save a quarter.
bool WorthCompressing(std::span<const std::byte> sample);

/// The raw bytes of an entry, decoded into `into` (raw_length bytes) and checked against its id.
/// kDataLoss: they differ.
Status DecodeEntry(const Record& record, std::span<const std::byte> stored,
                   std::span<std::byte> into);

}  // namespace stetig::blob
