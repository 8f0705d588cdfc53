#include "journal/merkle.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "base/digest.h"

namespace stetig::journal::merkle {
namespace {

constexpr size_t kHashBytes = 32;

Hash Digest(std::string_view bytes) {
  const Sha256Digest digest = Sha256(bytes);
  Hash hash;
  std::memcpy(hash.data(), digest.data(), hash.size());
  return hash;
}

/// The largest power of two below `size`, as its exponent; size ≥ 2.
int SplitHeight(int64_t size) {
  return static_cast<int>(std::bit_width(static_cast<uint64_t>(size - 1))) - 1;
}

bool IsPowerOfTwo(int64_t n) { return std::has_single_bit(static_cast<uint64_t>(n)); }

/// MTH of the leaves [begin, end), where a tree of RFC 6962 has a node over exactly these: begin is
/// a multiple of the power of two at or above end - begin, or end is the tree's.
Result<Hash> RangeRoot(NodeSource& nodes, int64_t begin, int64_t end) {
  const int64_t size = end - begin;
  if (IsPowerOfTwo(size)) {
    const int height = std::countr_zero(static_cast<uint64_t>(size));
    return nodes.Node(height, begin >> height);
  }
  const int height = SplitHeight(size);
  ASSIGN_OR_RETURN(const Hash left, nodes.Node(height, begin >> height));
  ASSIGN_OR_RETURN(const Hash right, RangeRoot(nodes, begin + (int64_t{1} << height), end));
  return HashChildren(left, right);
}

Status CheckSizes(int64_t first, int64_t second, std::string_view what) {
  if (first < 0 || second < first) {
    return Err(Code::kInvalidArgument,
               fmt::format("{} {} does not fit into a tree of {} leaves", what, first, second));
  }
  return OkStatus();
}

Status WrongLength(size_t found, std::string_view how) {
  return Err(Code::kInvalidArgument,
             fmt::format("the proof has {} hashes, which is too {}", found, how));
}

Status OtherRoot(std::string_view which) {
  return Err(Code::kDataLoss, fmt::format("the proof does not lead to the {} root", which));
}

}  // namespace

Hash EmptyRoot() { return Digest({}); }

Hash HashLeaf(std::string_view bytes) {
  thread_local Sha256Stream stream;
  stream.Update(std::string_view("\0", 1));
  stream.Update(bytes);
  const Sha256Digest digest = stream.Finish();
  Hash hash;
  std::memcpy(hash.data(), digest.data(), hash.size());
  return hash;
}

Hash HashChildren(const Hash& left, const Hash& right) {
  std::array<char, 1 + 2 * kHashBytes> bytes;
  bytes[0] = 1;
  std::memcpy(bytes.data() + 1, left.data(), kHashBytes);
  std::memcpy(bytes.data() + 1 + kHashBytes, right.data(), kHashBytes);
  return Digest({bytes.data(), bytes.size()});
}

Result<Hash> RootOf(NodeSource& nodes, int64_t size) {
  TRY(CheckSizes(0, size, "leaf"));
  return size == 0 ? EmptyRoot() : RangeRoot(nodes, 0, size);
}

Result<Proof> InclusionProof(NodeSource& nodes, int64_t leaf, int64_t size) {
  TRY(CheckSizes(leaf, size - 1, "leaf"));
  Proof from_top;
  int64_t begin = 0;
  int64_t end = size;
  while (end - begin > 1) {
    const int64_t middle = begin + (int64_t{1} << SplitHeight(end - begin));
    const bool left = leaf < middle;
    ASSIGN_OR_RETURN(Hash sibling,
                     left ? RangeRoot(nodes, middle, end) : RangeRoot(nodes, begin, middle));
    from_top.push_back(sibling);
    (left ? end : begin) = middle;
  }
  return Proof(from_top.rbegin(), from_top.rend());
}

Result<Proof> ConsistencyProof(NodeSource& nodes, int64_t old_size, int64_t new_size) {
  TRY(CheckSizes(old_size, new_size, "an older tree of size"));
  Proof from_top;
  if (old_size == 0 || old_size == new_size) {
    return from_top;
  }
  int64_t begin = 0;
  int64_t end = new_size;
  while (old_size != end) {  // SUBPROOF: down the path to the old tree's right edge
    const int64_t middle = begin + (int64_t{1} << SplitHeight(end - begin));
    const bool left = old_size <= middle;
    ASSIGN_OR_RETURN(Hash other,
                     left ? RangeRoot(nodes, middle, end) : RangeRoot(nodes, begin, middle));
    from_top.push_back(other);
    (left ? end : begin) = middle;
  }
  if (begin != 0) {  // else the verifier knows the node: it is the old root
    ASSIGN_OR_RETURN(Hash edge, RangeRoot(nodes, begin, end));
    from_top.push_back(edge);
  }
  return Proof(from_top.rbegin(), from_top.rend());
}

Status VerifyInclusion(const Hash& leaf_hash, int64_t leaf, int64_t size, const Proof& proof,
                       const Hash& root) {
  TRY(CheckSizes(leaf, size - 1, "leaf"));
  int64_t fn = leaf;
  int64_t sn = size - 1;
  Hash r = leaf_hash;
  for (const Hash& p : proof) {
    if (sn == 0) {
      return WrongLength(proof.size(), "many");
    }
    if ((fn & 1) != 0 || fn == sn) {
      r = HashChildren(p, r);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      r = HashChildren(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) {
    return WrongLength(proof.size(), "few");
  }
  return r == root ? OkStatus() : OtherRoot("given");
}

Status VerifyConsistency(int64_t old_size, int64_t new_size, const Proof& proof,
                         const Hash& old_root, const Hash& new_root) {
  TRY(CheckSizes(old_size, new_size, "an older tree of size"));
  if (old_size == 0 || old_size == new_size) {
    if (!proof.empty()) {
      return WrongLength(proof.size(), "many");
    }
    const Hash& expected = old_size == 0 ? EmptyRoot() : new_root;
    return old_root == expected ? OkStatus() : OtherRoot("old");
  }
  if (proof.empty()) {
    return WrongLength(0, "few");
  }
  int64_t fn = old_size - 1;
  int64_t sn = new_size - 1;
  while ((fn & 1) != 0) {
    fn >>= 1;
    sn >>= 1;
  }
  const bool old_is_perfect = IsPowerOfTwo(old_size);  // its root begins the path
  Hash fr = old_is_perfect ? old_root : proof.front();
  Hash sr = fr;
  for (size_t i = old_is_perfect ? 0 : 1; i < proof.size(); ++i) {
    if (sn == 0) {
      return WrongLength(proof.size(), "many");
    }
    if ((fn & 1) != 0 || fn == sn) {
      fr = HashChildren(proof[i], fr);
      sr = HashChildren(proof[i], sr);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = HashChildren(sr, proof[i]);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) {
    return WrongLength(proof.size(), "few");
  }
  if (fr != old_root) {
    return OtherRoot("old");
  }
  return sr == new_root ? OkStatus() : OtherRoot("new");
}

void Frontier::Append(const Hash& leaf_hash) {
  Hash node = leaf_hash;
  size_t height = 0;
  for (; ((size_ >> height) & 1) != 0; ++height) {
    const Hash parent = HashChildren(peaks_[height], node);
    peaks_[height] = node;  // no peak any more, but what Completed answers
    node = parent;
  }
  peaks_[height] = node;
  ++size_;
}

Hash Frontier::Root() const {
  if (size_ == 0) {
    return EmptyRoot();
  }
  auto height = static_cast<size_t>(std::countr_zero(static_cast<uint64_t>(size_)));
  Hash root = peaks_[height];
  for (++height; (size_ >> height) != 0; ++height) {
    if (((size_ >> height) & 1) != 0) {
      root = HashChildren(peaks_[height], root);
    }
  }
  return root;
}

std::optional<Hash> Frontier::Completed(int height) const {
  const bool complete = size_ != 0 && (size_ & ((int64_t{1} << height) - 1)) == 0;
  return complete ? std::optional(peaks_[static_cast<size_t>(height)]) : std::nullopt;
}

}  // namespace stetig::journal::merkle
