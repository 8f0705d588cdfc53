// Pack and manifest bytes: what is written is read back, and no damaged byte is accepted.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <random>
#include <string_view>

#include "blob/gear.h"
#include "blob/manifest.h"
#include "blob/pack_format.h"

namespace stetig::blob {
namespace {

std::vector<std::byte> RandomBytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
  return bytes;
}

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// A sealed pack in memory, built from the encoders as the store does.
std::vector<std::byte> BuildPack(uint64_t number, const std::vector<std::vector<std::byte>>& raws) {
  std::vector<std::byte> file;
  const auto append = [&](std::span<const std::byte> bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
  };
  append(EncodePackHeader(number));
  std::vector<Record> records;
  for (const std::vector<std::byte>& raw : raws) {
    const std::optional<std::vector<std::byte>> small = Compress(raw);
    const std::vector<std::byte>& stored = small ? *small : raw;
    const Record record{.id = HashOf(Kind::kChunk, raw),
                        .offset = static_cast<uint32_t>(file.size()),
                        .stored_length = static_cast<uint32_t>(stored.size()),
                        .raw_length = static_cast<uint32_t>(raw.size()),
                        .codec = small ? Codec::kZstd : Codec::kRaw};
    append(EncodeEntryHeader(record, stored));
    append(stored);
    records.push_back(record);
  }
  append(EncodePackEnd(number, records));
  return file;
}

// Everything a reader does with a pack; the raw bytes in file order.
Result<std::vector<std::vector<std::byte>>> ReadPack(std::span<const std::byte> file) {
  if (file.size() < kPackHeaderBytes + kTrailerBytes) {
    return Err(Code::kDataLoss, "too short");
  }
  TRY(ParsePackHeader(file.first(kPackHeaderBytes)));
  ASSIGN_OR_RETURN(Trailer trailer, ParseTrailer(file.last(kTrailerBytes), file.size()));
  ASSIGN_OR_RETURN(
      std::vector<Record> records,
      ParseIndex(file.first(kPackHeaderBytes),
                 file.subspan(trailer.index_offset, trailer.count * kRecordBytes), trailer));
  std::ranges::sort(records, {}, &Record::offset);
  std::vector<std::vector<std::byte>> raws;
  for (const Record& record : records) {
    ASSIGN_OR_RETURN(Record found, ParseEntryHeader(file.subspan(record.offset), record.offset));
    if (found != record) {
      return Err(Code::kDataLoss, "header and index differ");
    }
    TRY(CheckEntry(file.subspan(record.offset, kEntryHeaderBytes),
                   file.subspan(record.offset + kEntryHeaderBytes, record.stored_length)));
    std::vector<std::byte> raw(record.raw_length);
    TRY(DecodeEntry(record, file.subspan(record.offset + kEntryHeaderBytes, record.stored_length),
                    raw));
    raws.push_back(std::move(raw));
  }
  return raws;
}

TEST(Ids, ManifestSegmentAndChunkOfTheSameBytesDiffer) {
  const std::span<const std::byte> bytes = Bytes("same bytes");
  EXPECT_NE(HashOf(Kind::kChunk, bytes), HashOf(Kind::kManifest, bytes));
  EXPECT_NE(HashOf(Kind::kManifest, bytes), HashOf(Kind::kSegment, bytes));
}

TEST(Ids, HexIsReadBackAndNothingElseIs) {
  const ManifestId id{HashOf(Kind::kManifest, Bytes("x"))};
  EXPECT_EQ(ManifestId::FromHex(id.ToHex()), id);
  EXPECT_FALSE(ManifestId::FromHex(""));
  EXPECT_FALSE(ManifestId::FromHex(id.ToHex() + "0"));
  EXPECT_FALSE(ManifestId::FromHex(std::string(63, '0') + "G"));
  EXPECT_FALSE(ManifestId::FromHex(std::string(63, '0') + "A"));
}

TEST(Pack, RoundTripsAnyEntries) {
  EXPECT_TRUE(rc::check("what goes in comes out", [] {
    const auto count = *rc::gen::inRange<size_t>(0, 20);
    std::vector<std::vector<std::byte>> raws;
    for (size_t i = 0; i < count; ++i) {
      const auto size = *rc::gen::inRange<size_t>(1, 20'000);
      raws.push_back(*rc::gen::arbitrary<bool>() ? RandomBytes(size, i)
                                                 : std::vector<std::byte>(size, std::byte{7}));
    }
    const Result<std::vector<std::vector<std::byte>>> back = ReadPack(BuildPack(42, raws));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == raws);
  }));
}

TEST(Pack, AnyFlippedByteIsFound) {
  const std::vector<std::byte> file =
      BuildPack(7, {RandomBytes(300, 1), std::vector<std::byte>(400), RandomBytes(1, 2)});
  ASSERT_TRUE(ReadPack(file).has_value());
  for (size_t at = 0; at < file.size(); ++at) {
    std::vector<std::byte> damaged = file;
    damaged[at] ^= std::byte{0x10};
    const Result<std::vector<std::vector<std::byte>>> read = ReadPack(damaged);
    ASSERT_FALSE(read.has_value()) << "byte " << at;
    EXPECT_EQ(read.error().code(), Code::kDataLoss);
  }
}

TEST(Pack, AnyCutIsFound) {
  const std::vector<std::byte> file = BuildPack(7, {RandomBytes(300, 1)});
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(ReadPack(std::span(file).first(size)).has_value()) << "size " << size;
  }
}

TEST(Pack, CompressionIsKeptOnlyWhereItSaves) {
  EXPECT_FALSE(Compress(RandomBytes(65536, 3)));
  EXPECT_FALSE(WorthCompressing(RandomBytes(65536, 3)));
  EXPECT_TRUE(Compress(std::vector<std::byte>(65536)));
  EXPECT_TRUE(WorthCompressing(std::vector<std::byte>(65536)));
}

ChunkRef SomeChunk(uint64_t seed, uint32_t length) {
  ChunkRef chunk{.length = length};
  std::ranges::copy(RandomBytes(32, seed), chunk.id.begin());
  return chunk;
}

Manifest SomeManifest(size_t chunks, size_t segments) {
  Manifest manifest;
  for (size_t i = 0; i < chunks; ++i) {
    manifest.chunks.push_back(SomeChunk(i, static_cast<uint32_t>(1 + i % kMaxChunk)));
    manifest.size += manifest.chunks.back().length;
  }
  for (size_t i = 0; i < segments; ++i) {
    const uint32_t count = i + 1 < segments ? kChunksPerList : 5;
    manifest.segments.push_back({SomeChunk(i, 1).id, count, uint64_t{count} * 9000});
    manifest.size += manifest.segments.back().bytes;
  }
  manifest.sha256 = SomeChunk(1, 1).id;
  manifest.xet_hash = SomeChunk(2, 1).id;
  return manifest;
}

TEST(ManifestFormat, RoundTripsEveryForm) {
  for (const Manifest& manifest :
       {SomeManifest(0, 0), SomeManifest(1, 0), SomeManifest(kChunksPerList, 0), SomeManifest(0, 2),
        SomeManifest(0, kMaxSegments)}) {
    const std::vector<std::byte> bytes = EncodeManifest(manifest);
    EXPECT_LE(bytes.size(), kMaxEntryBytes);
    const Result<Manifest> back = ParseManifest(bytes);
    ASSERT_TRUE(back.has_value()) << back.error().ToString();
    EXPECT_EQ(*back, manifest);
  }
}

TEST(ManifestFormat, RefusesWhatNoEncoderWrites) {
  const std::vector<std::byte> good = EncodeManifest(SomeManifest(3, 0));
  const auto refused = [&](size_t at, unsigned value) {
    std::vector<std::byte> bytes = good;
    bytes[at] = static_cast<std::byte>(value);
    return !ParseManifest(bytes).has_value();
  };
  EXPECT_TRUE(refused(0, 'x'));      // magic
  EXPECT_TRUE(refused(8, 2));        // version
  EXPECT_TRUE(refused(10, 1));       // form that does not fit the length
  EXPECT_TRUE(refused(10, 2));       // unknown form
  EXPECT_TRUE(refused(11, 1));       // reserved
  EXPECT_TRUE(refused(12, 4));       // count
  EXPECT_TRUE(refused(16, 77));      // size is not the sum
  EXPECT_TRUE(refused(88 + 32, 0));  // empty chunk
  EXPECT_FALSE(ParseManifest(std::span(good).first(good.size() - 1)).has_value());
  EXPECT_FALSE(ParseManifest({}).has_value());
}

TEST(ManifestFormat, SegmentsRoundTripAndRefusePartialItems) {
  std::vector<ChunkRef> chunks;
  for (size_t i = 0; i < 100; ++i) {
    chunks.push_back(SomeChunk(i, 8192));
  }
  const std::vector<std::byte> bytes = EncodeSegment(chunks);
  EXPECT_EQ(ParseSegment(bytes).value(), chunks);
  EXPECT_FALSE(ParseSegment(std::span(bytes).first(35)).has_value());
  EXPECT_FALSE(ParseSegment({}).has_value());
}

}  // namespace
}  // namespace stetig::blob
