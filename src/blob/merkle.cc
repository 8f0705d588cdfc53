#include "blob/merkle.h"

#include <blake3.h>
#include <fmt/format.h>

#include <cstring>
#include <iterator>

namespace stetig::blob {
namespace {

constexpr size_t kMaxChildren = 9;

// Xet's INTERNAL_NODE_HASH key: a constant of the protocol.
constexpr std::array<uint8_t, BLAKE3_KEY_LEN> kNodeKey = {
    1,  126, 197, 199, 165, 71,  41,  150, 253, 148, 102, 102, 180, 138, 2,   230,
    93, 221, 83,  111, 55,  199, 109, 210, 248, 99,  82,  230, 74,  83,  113, 63};

Hash256 Keyed(const std::array<uint8_t, BLAKE3_KEY_LEN>& key, const void* data, size_t size) {
  blake3_hasher hasher;
  blake3_hasher_init_keyed(&hasher, key.data());
  blake3_hasher_update(&hasher, data, size);
  Hash256 hash{};
  blake3_hasher_finalize(&hasher, reinterpret_cast<uint8_t*>(hash.data()), hash.size());
  return hash;
}

uint64_t Word(const Hash256& hash, size_t index) {
  uint64_t word = 0;
  for (size_t i = 8; i-- > 0;) {
    word = word << 8 | std::to_integer<uint64_t>(hash[8 * index + i]);
  }
  return word;
}

}  // namespace

void MerkleBuilder::Push(size_t level, const Node& node) {
  if (levels_.size() <= level) {
    levels_.resize(level + 1);
  }
  Level& at = levels_[level];
  ++at.seen;
  at.open.push_back(node);
  const bool natural = at.open.size() >= 3 && Word(node.hash, 3) % 4 == 0;
  if (natural || at.open.size() == kMaxChildren) {
    CloseGroup(level);
  }
}

void MerkleBuilder::CloseGroup(size_t level) {
  // The text that Xet hashes: one line "hash : size" per child, the hash as four little-endian
  // words.
  std::string text;
  uint64_t size = 0;
  for (const Node& node : levels_[level].open) {
    fmt::format_to(std::back_inserter(text), "{:016x}{:016x}{:016x}{:016x} : {}\n",
                   Word(node.hash, 0), Word(node.hash, 1), Word(node.hash, 2), Word(node.hash, 3),
                   node.size);
    size += node.size;
  }
  levels_[level].open.clear();
  Push(level + 1, Node{Keyed(kNodeKey, text.data(), text.size()), size});
}

std::optional<Hash256> MerkleBuilder::Root() {
  for (size_t level = 0; level < levels_.size(); ++level) {
    if (levels_[level].seen == 1 && level + 1 == levels_.size()) {
      return levels_[level].open.front().hash;
    }
    if (!levels_[level].open.empty()) {
      CloseGroup(level);
    }
  }
  return std::nullopt;
}

Hash256 XetFileHash(const std::optional<Hash256>& root) {
  return root ? Keyed({}, root->data(), root->size()) : Hash256{};
}

}  // namespace stetig::blob
