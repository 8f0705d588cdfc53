#include "blob/pack_format.h"

#include <blake3.h>
#include <fmt/format.h>
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace stetig::blob {
namespace {

constexpr uint32_t kVersion = 1;
constexpr char kPackMagic[] = "stetigPK";
constexpr char kEndMagic[] = "stetigPF";
constexpr char kEntryMagic[] = "sENT";
constexpr int kZstdLevel = 1;

bool HasMagic(std::span<const std::byte> bytes, size_t at, const char* magic, size_t size) {
  return std::memcmp(bytes.data() + at, magic, size) == 0;
}

uint64_t Checksum(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

uint64_t EntryChecksum(std::span<const std::byte> header, std::span<const std::byte> stored) {
  return XXH3_64bits_withSeed(stored.data(), stored.size(), Checksum(header.first(48)));
}

Hash256 PackHash(std::span<const std::byte> header, std::span<const std::byte> index) {
  blake3_hasher hasher;
  blake3_hasher_init(&hasher);
  blake3_hasher_update(&hasher, header.data(), header.size());
  blake3_hasher_update(&hasher, index.data(), index.size());
  Hash256 hash{};
  blake3_hasher_finalize(&hasher, reinterpret_cast<uint8_t*>(hash.data()), hash.size());
  return hash;
}

Hash256 LoadHash(std::span<const std::byte> bytes, size_t at) {
  Hash256 hash{};
  std::memcpy(hash.data(), bytes.data() + at, hash.size());
  return hash;
}

// Lengths, kind and codec that an entry can have.
bool Plausible(uint32_t raw, uint32_t stored, unsigned kind, unsigned codec) {
  const bool lengths = raw >= 1 && raw <= kMaxEntryBytes && stored >= 1 && stored <= raw;
  return lengths && kind >= 1 && kind <= 3 && codec <= 1 && (codec == 1 || stored == raw);
}

bool ById(const Record& a, const Record& b) {
  return std::pair(a.id, a.offset) < std::pair(b.id, b.offset);
}

// Compression contexts are large and thread-safe only one at a time: one per thread.
struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

size_t CompressInto(std::span<const std::byte> raw, std::span<std::byte> into) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  CHECK(context != nullptr);
  return ZSTD_compressCCtx(context.get(), into.data(), into.size(), raw.data(), raw.size(),
                           kZstdLevel);
}

}  // namespace

std::array<std::byte, kPackHeaderBytes> EncodePackHeader(uint64_t number) {
  std::array<std::byte, kPackHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kPackMagic, 8);
  StoreLe<uint32_t>(bytes, 8, kVersion);
  StoreLe<uint64_t>(bytes, 16, number);
  StoreLe<uint64_t>(bytes, 24, Checksum(std::span(bytes).first(24)));
  return bytes;
}

Result<uint64_t> ParsePackHeader(std::span<const std::byte> bytes) {
  if (bytes.size() < kPackHeaderBytes || !HasMagic(bytes, 0, kPackMagic, 8)) {
    return Err(Code::kDataLoss, "no pack header");
  }
  if (LoadLe<uint64_t>(bytes, 24) != Checksum(bytes.first(24))) {
    return Err(Code::kDataLoss, "pack header does not match its checksum");
  }
  if (LoadLe<uint32_t>(bytes, 8) != kVersion || LoadLe<uint32_t>(bytes, 12) != 0) {
    return Err(Code::kDataLoss,
               fmt::format("pack version {}, expected {}", LoadLe<uint32_t>(bytes, 8), kVersion));
  }
  return LoadLe<uint64_t>(bytes, 16);
}

std::array<std::byte, kEntryHeaderBytes> EncodeEntryHeader(const Record& record,
                                                           std::span<const std::byte> stored) {
  std::array<std::byte, kEntryHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kEntryMagic, 4);
  bytes[4] = static_cast<std::byte>(record.kind);
  bytes[5] = static_cast<std::byte>(record.codec);
  StoreLe<uint32_t>(bytes, 8, record.raw_length);
  StoreLe<uint32_t>(bytes, 12, record.stored_length);
  std::memcpy(bytes.data() + 16, record.id.data(), record.id.size());
  StoreLe<uint64_t>(bytes, 48, EntryChecksum(bytes, stored));
  return bytes;
}

Result<Record> ParseEntryHeader(std::span<const std::byte> bytes, uint32_t offset) {
  if (bytes.size() < kEntryHeaderBytes || !HasMagic(bytes, 0, kEntryMagic, 4)) {
    return Err(Code::kDataLoss, fmt::format("no entry at offset {}", offset));
  }
  const auto kind = std::to_integer<unsigned>(bytes[4]);
  const auto codec = std::to_integer<unsigned>(bytes[5]);
  const auto raw = LoadLe<uint32_t>(bytes, 8);
  const auto stored = LoadLe<uint32_t>(bytes, 12);
  if (LoadLe<uint16_t>(bytes, 6) != 0 || !Plausible(raw, stored, kind, codec)) {
    return Err(
        Code::kDataLoss,
        fmt::format("the entry header at offset {} holds values that no entry can have", offset));
  }
  return Record{LoadHash(bytes, 16),      offset, stored, raw, static_cast<Kind>(kind),
                static_cast<Codec>(codec)};
}

Status CheckEntry(std::span<const std::byte> header, std::span<const std::byte> stored) {
  if (LoadLe<uint64_t>(header, 48) != EntryChecksum(header, stored)) {
    return Err(Code::kDataLoss,
               fmt::format("entry {} does not match its checksum", ToHex(LoadHash(header, 16))));
  }
  return OkStatus();
}

void EncodeRecord(const Record& record, std::span<std::byte> into) {
  std::memcpy(into.data(), record.id.data(), record.id.size());
  StoreLe<uint32_t>(into, 32, record.offset);
  StoreLe<uint32_t>(into, 36, record.stored_length);
  StoreLe<uint32_t>(into, 40, record.raw_length);
  into[44] = static_cast<std::byte>(record.kind);
  into[45] = static_cast<std::byte>(record.codec);
  StoreLe<uint16_t>(into, 46, 0);
}

Result<Record> ParseRecord(std::span<const std::byte> bytes) {
  if (bytes.size() < kRecordBytes) {
    return Err(Code::kDataLoss, "an index record is cut off");
  }
  const auto kind = std::to_integer<unsigned>(bytes[44]);
  const auto codec = std::to_integer<unsigned>(bytes[45]);
  const auto stored = LoadLe<uint32_t>(bytes, 36);
  const auto raw = LoadLe<uint32_t>(bytes, 40);
  if (!Plausible(raw, stored, kind, codec) || LoadLe<uint16_t>(bytes, 46) != 0) {
    return Err(Code::kDataLoss, "an index record holds values that no entry can have");
  }
  return Record{LoadHash(bytes, 0),      LoadLe<uint32_t>(bytes, 32), stored, raw,
                static_cast<Kind>(kind), static_cast<Codec>(codec)};
}

std::vector<std::byte> EncodePackEnd(uint64_t number, std::vector<Record> records) {
  size_t end = kPackHeaderBytes;
  for (const Record& record : records) {
    end += record.footprint();
  }
  std::ranges::sort(records, ById);
  std::vector<std::byte> bytes(records.size() * kRecordBytes + kTrailerBytes);
  const std::span index = std::span(bytes).first(records.size() * kRecordBytes);
  for (size_t i = 0; i < records.size(); ++i) {
    EncodeRecord(records[i], index.subspan(i * kRecordBytes, kRecordBytes));
  }
  const std::span trailer = std::span(bytes).last(kTrailerBytes);
  StoreLe<uint64_t>(trailer, 0, end);
  StoreLe<uint32_t>(trailer, 8, static_cast<uint32_t>(records.size()));
  StoreLe<uint32_t>(trailer, 12, kVersion);
  const Hash256 hash = PackHash(EncodePackHeader(number), index);
  std::memcpy(trailer.data() + 24, hash.data(), hash.size());
  std::memcpy(trailer.data() + 56, kEndMagic, 8);
  return bytes;
}

Result<Trailer> ParseTrailer(std::span<const std::byte> bytes, uint64_t file_size) {
  if (bytes.size() != kTrailerBytes || file_size > kMaxPackBytes ||
      !HasMagic(bytes, 56, kEndMagic, 8)) {
    return Err(Code::kDataLoss, "no pack trailer");
  }
  if (LoadLe<uint32_t>(bytes, 12) != kVersion || LoadLe<uint64_t>(bytes, 16) != 0) {
    return Err(Code::kDataLoss, "a pack trailer of another version");
  }
  const Trailer trailer{LoadLe<uint64_t>(bytes, 0), LoadLe<uint32_t>(bytes, 8),
                        LoadHash(bytes, 24)};
  if (trailer.count > kMaxPackEntries || trailer.index_offset < kPackHeaderBytes ||
      trailer.index_offset > file_size ||
      trailer.index_offset + trailer.count * kRecordBytes + kTrailerBytes != file_size) {
    return Err(Code::kDataLoss, "a pack trailer that does not fit the file's size");
  }
  return trailer;
}

Result<std::vector<Record>> ParseIndex(std::span<const std::byte> header,
                                       std::span<const std::byte> index, const Trailer& trailer) {
  if (index.size() != trailer.count * kRecordBytes ||
      PackHash(header, index) != trailer.pack_hash) {
    return Err(Code::kDataLoss, "the pack's index does not match the pack hash");
  }
  std::vector<Record> records;
  records.reserve(trailer.count);
  for (size_t i = 0; i < trailer.count; ++i) {
    ASSIGN_OR_RETURN(Record record, ParseRecord(index.subspan(i * kRecordBytes, kRecordBytes)));
    records.push_back(record);
  }
  std::vector<std::pair<uint64_t, uint64_t>> extents;
  extents.reserve(records.size());
  for (const Record& record : records) {
    extents.emplace_back(record.offset, record.footprint());
  }
  std::ranges::sort(extents);
  uint64_t end = kPackHeaderBytes;
  for (const auto& [offset, size] : extents) {
    if (offset != end) {
      return Err(Code::kDataLoss, fmt::format("the pack's index has no entry at offset {}", end));
    }
    end += size;
  }
  if (end != trailer.index_offset || !std::ranges::is_sorted(records, ById)) {
    return Err(Code::kDataLoss, "the pack's index is not sorted or does not cover the pack");
  }
  return records;
}

std::optional<std::vector<std::byte>> Compress(std::span<const std::byte> raw) {
  std::vector<std::byte> bytes(raw.size() - raw.size() / 16);
  const size_t size = CompressInto(raw, bytes);
  if (ZSTD_isError(size) !=
      0U) {  // the usual case: it does not fit, hence does not save a sixteenth
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

bool WorthCompressing(std::span<const std::byte> sample) {
  std::vector<std::byte> bytes(sample.size() - sample.size() / 4);
  return ZSTD_isError(CompressInto(sample, bytes)) == 0U;
}

Status DecodeEntry(const Record& record, std::span<const std::byte> stored,
                   std::span<std::byte> into) {
  CHECK(stored.size() == record.stored_length && into.size() == record.raw_length);
  if (record.codec == Codec::kRaw) {
    std::ranges::copy(stored, into.begin());
  } else {
    thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
    CHECK(context != nullptr);
    const size_t size =
        ZSTD_decompressDCtx(context.get(), into.data(), into.size(), stored.data(), stored.size());
    if (ZSTD_isError(size) != 0U || size != into.size()) {
      return Err(Code::kDataLoss,
                 fmt::format("entry {} does not decompress to its length", ToHex(record.id)));
    }
  }
  if (HashOf(record.kind, into) != record.id) {
    return Err(Code::kDataLoss,
               fmt::format("the bytes stored for {} do not match it", ToHex(record.id)));
  }
  return OkStatus();
}

}  // namespace stetig::blob
