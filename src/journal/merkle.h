// The Merkle tree of RFC 6962 §2.1 (also RFC 9162 §2.1): tree heads, inclusion and consistency
// proofs, and their verifiers. Pure functions; thread-safe as far as their node source is.
//
// Leaves count from 0, so the entry with sequence number s is leaf s - 1. A node is named by its
// height and its index: it is the root of the perfect subtree over the leaves
// [index << height, (index + 1) << height).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace stetig::journal::merkle {

/// SHA-256.
using Hash = std::array<std::byte, 32>;
using Proof = std::vector<Hash>;

/// The root of the tree without leaves: SHA-256("").
Hash EmptyRoot();
/// SHA-256(0x00 ‖ bytes).
Hash HashLeaf(std::string_view bytes);
/// SHA-256(0x01 ‖ left ‖ right).
Hash HashChildren(const Hash& left, const Hash& right);

/// Where nodes come from.
class NodeSource {
 public:
  virtual ~NodeSource() = default;
  /// The root of a perfect subtree whose leaves are all there. `height` 0 to 62: a leaf hash at 0.
  virtual Result<Hash> Node(int height, int64_t index) = 0;
};

/// The root of the tree over the first `size` leaves, size ≥ 0. kInvalidArgument: negative size;
/// codes of the source.
Result<Hash> RootOf(NodeSource& nodes, int64_t size);
/// PATH(leaf, D[size]), from the leaf up; at most 63 hashes. kInvalidArgument: not 0 ≤ leaf < size.
Result<Proof> InclusionProof(NodeSource& nodes, int64_t leaf, int64_t size);
/// PROOF(old_size, D[new_size]); empty for equal sizes and for an old tree without leaves.
/// kInvalidArgument: not 0 ≤ old_size ≤ new_size.
Result<Proof> ConsistencyProof(NodeSource& nodes, int64_t old_size, int64_t new_size);

/// RFC 9162 §2.1.3.2. kInvalidArgument: sizes that make no sense, or the proof has the wrong number
/// of hashes; kDataLoss: it leads to another root.
Status VerifyInclusion(const Hash& leaf_hash, int64_t leaf, int64_t size, const Proof& proof,
                       const Hash& root);
/// RFC 9162 §2.1.4.2, and the two cases that it leaves out: equal sizes (the roots must be equal,
/// the proof empty) and an old tree without leaves (everything is consistent with it, the proof
/// empty). Codes as above.
Status VerifyConsistency(int64_t old_size, int64_t new_size, const Proof& proof,
                         const Hash& old_root, const Hash& new_root);

/// Builds a tree from its leaves in order and keeps only what its right edge needs: at most 63
/// hashes. Not thread-safe.
class Frontier {
 public:
  void Append(const Hash& leaf_hash);
  int64_t size() const { return size_; }
  /// Of the tree over what was appended so far; at most 62 hashes of work.
  Hash Root() const;
  /// The node at `height` that the last Append completed; nothing when it completed none there.
  std::optional<Hash> Completed(int height) const;

 private:
  int64_t size_ = 0;
  std::array<Hash, 64> peaks_{};  ///< [h]: valid when bit h of size_ is set, or while Completed(h)
};

}  // namespace stetig::journal::merkle
