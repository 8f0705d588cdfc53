// Cuts, chunk ids and file hashes against Xet's published vectors.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>
#include <string>
#include <vector>

#include "blob/gear.h"
#include "blob/ids.h"
#include "blob/merkle.h"
#include "blob/testing/fixture.h"
#include "blob/testing/xet_vectors.h"

namespace stetig::blob {
namespace {

using testing::kCuttingPattern;
using testing::kCutVectors;
using testing::MerkleVectors;
using testing::SplitMixBytes;

// Ends of all chunks when `data` arrives in pieces of the sizes that `next_size` gives.
template <class NextSize>
std::vector<size_t> Cuts(std::span<const std::byte> data, NextSize next_size) {
  std::vector<size_t> cuts;
  GearChunker chunker;
  size_t at = 0;
  while (at < data.size()) {
    std::span<const std::byte> piece =
        data.subspan(at, std::min<size_t>(next_size(), data.size() - at));
    while (!piece.empty()) {
      const std::optional<size_t> end = chunker.Next(piece);
      at += end.value_or(piece.size());
      piece = piece.subspan(end.value_or(piece.size()));
      if (end) {
        cuts.push_back(at);
      }
    }
  }
  if (chunker.pending() > 0) {
    cuts.push_back(at);
  }
  return cuts;
}

std::vector<size_t> Cuts(std::span<const std::byte> data) {
  return Cuts(data, [&] { return data.size(); });
}

// The rule as the specification states it, byte by byte with nothing skipped.
std::vector<size_t> CutsBySpecification(std::span<const std::byte> data) {
  std::vector<size_t> cuts;
  uint64_t hash = 0;
  size_t start = 0;
  for (size_t i = 0; i < data.size(); ++i) {
    hash = (hash << 1) + kGearTable[std::to_integer<size_t>(data[i])];
    const size_t size = i + 1 - start;
    if (size >= kMinChunk && (size >= kMaxChunk || (hash & 0xFFFF000000000000) == 0)) {
      cuts.push_back(i + 1);
      start = i + 1;
      hash = 0;
    }
  }
  if (start < data.size()) {
    cuts.push_back(data.size());
  }
  return cuts;
}

// Xet spells a hash as four little-endian words.
Hash256 FromXetHex(std::string_view text) {
  Hash256 swapped = HashFromHex(text).value();
  for (size_t word = 0; word < 4; ++word) {
    std::reverse(swapped.begin() + 8 * word, swapped.begin() + 8 * (word + 1));
  }
  return swapped;
}

TEST(Gear, CutsRandomBytesWhereXetDoes) {
  const std::vector<std::byte> data = SplitMixBytes(1'000'000, 0);
  ASSERT_EQ(std::to_integer<int>(data[0]), 175);
  ASSERT_EQ(std::to_integer<int>(data[127]), 132);
  ASSERT_EQ(std::to_integer<int>(data[111111]), 118);
  const std::vector<size_t> expected = {84493,  134421, 144853, 243318, 271793, 336457, 467529,
                                        494581, 582000, 596735, 616815, 653164, 678202, 724510,
                                        815591, 827760, 958832, 991092, 1000000};
  EXPECT_EQ(Cuts(data), expected);
}

TEST(Gear, CutsConstantBytesAtTheMaximum) {
  const std::vector<std::byte> data(1'000'000, std::byte{59});
  const std::vector<size_t> expected = {131072, 262144, 393216, 524288,
                                        655360, 786432, 917504, 1000000};
  EXPECT_EQ(Cuts(data), expected);
}

TEST(Gear, CutsAPatternThatTriggersAtEveryOffsetWhereXetDoes) {
  for (size_t padding = 0; padding < kCutVectors.size(); ++padding) {
    std::vector<std::byte> data;
    while (data.size() < 65536) {
      for (uint8_t b : kCuttingPattern) {
        data.push_back(std::byte{b});
      }
      data.resize(data.size() + padding);
    }
    data.resize(65536);
    ASSERT_EQ(std::to_integer<uint8_t>(data[11111]), kCutVectors[padding].at_11111);
    const std::vector<size_t> expected(kCutVectors[padding].cuts.begin(),
                                       kCutVectors[padding].cuts.end());
    EXPECT_EQ(Cuts(data), expected) << "padding " << padding;
  }
}

TEST(Gear, CutsDoNotDependOnHowBytesArrive) {
  EXPECT_TRUE(rc::check("cuts are equal whole, in pieces, and by the specification", [] {
    const auto seed = *rc::gen::arbitrary<uint64_t>();
    const auto size = *rc::gen::inRange<size_t>(0, 400'000);
    const bool repetitive = *rc::gen::arbitrary<bool>();
    std::vector<std::byte> data = SplitMixBytes(size, seed);
    if (repetitive) {  // a short period makes cuts dense or absent
      const auto period = *rc::gen::inRange<size_t>(1, 3000);
      for (size_t i = period; i < data.size(); ++i) {
        data[i] = data[i - period];
      }
    }
    std::mt19937_64 random(seed);
    const size_t largest = size_t{1} << *rc::gen::inRange<size_t>(3, 18);
    const std::vector<size_t> expected = CutsBySpecification(data);
    RC_ASSERT(Cuts(data) == expected);
    RC_ASSERT(Cuts(data, [&] { return 1 + random() % largest; }) == expected);
  }));
}

// Chunk ids as the crate xet-core-structures 1.8.0 computes them (compute_data_hash), byte by byte.
TEST(ChunkId, IsXetsDataHash) {
  const auto id = [](size_t size) { return ToHex(HashOf(Kind::kChunk, SplitMixBytes(size, 7))); };
  EXPECT_EQ(id(1), "6d1c33c77a346d379f77cf4cb4fd750a86c00e6a02d2a435a60ab001d7b1e9b7");
  EXPECT_EQ(id(3), "30adc112c62f83a839f3fbb0ee435d9492044499af09d61f5fedba8bd67efaa5");
  EXPECT_EQ(id(1024), "e1e2512775a537510a3f1c08903f21bd71cb6ca951fc23dfcbe96c4a634e7a76");
  EXPECT_EQ(id(65537), "fc662736d909d4b50c4aedff0c8c15c9c7b7dce760e03382515f1db419ee08a9");
}

TEST(Merkle, RootsAndFileHashesAreXets) {
  for (const testing::MerkleVector& vector : MerkleVectors()) {
    MerkleBuilder builder;
    for (const auto& [hash, size] : vector.nodes) {
      builder.Add(FromXetHex(hash), size);
    }
    const std::optional<Hash256> root = builder.Root();
    EXPECT_EQ(root.value_or(Hash256{}), FromXetHex(vector.xorb_hash));
    EXPECT_EQ(XetFileHash(root), FromXetHex(vector.file_hash));
  }
}

}  // namespace
}  // namespace stetig::blob
