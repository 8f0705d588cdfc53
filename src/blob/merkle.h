// Xet's Merkle tree over the chunks of a file, built while the chunks arrive.
//
// A node's children are 2 to 9 neighbours; a group ends, from its third member on, with one whose
// hash is a multiple of 4. Each level keeps at most one open group, so the memory grows with the
// logarithm of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "blob/ids.h"

namespace stetig::blob {

/// Adds up one file. One thread at a time.
class MerkleBuilder {
 public:
  void Add(const Hash256& chunk, uint64_t length) { Push(0, Node{chunk, length}); }

  /// The root over all chunks (Xet's xorb hash); nothing when there are none. The builder is used
  /// up.
  std::optional<Hash256> Root();

 private:
  struct Node {
    Hash256 hash;
    uint64_t size;
  };
  struct Level {
    std::vector<Node> open;
    uint64_t seen = 0;
  };

  void Push(size_t level, const Node& node);
  void CloseGroup(size_t level);

  std::vector<Level> levels_;
};

/// Xet's file hash: the root keyed with 32 zero bytes; zero for the empty file.
Hash256 XetFileHash(const std::optional<Hash256>& root);

}  // namespace stetig::blob
