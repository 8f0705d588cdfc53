// Against the tree heads and proofs that implementations of RFC 6962 share
// (certificate-transparency, transparency-dev/merkle testonly/constants.go), and against the RFC's
// definitions written down as they stand.
#include "journal/merkle.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "base/digest.h"
#include "base/testing/rounds.h"
#include "base/text.h"
#include "store/testing/fixture.h"

namespace stetig::journal::merkle {
namespace {

constexpr const char* kLeaves[] = {"",
                                   "00",
                                   "10",
                                   "2021",
                                   "3031",
                                   "40414243",
                                   "5051525354555657",
                                   "606162636465666768696a6b6c6d6e6f"};
constexpr const char* kRoots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

using Leaves = std::vector<std::string>;

Hash FromHex(std::string_view hex) {
  Hash hash;
  std::memcpy(hash.data(), HexDecode(hex).value().data(), hash.size());
  return hash;
}

std::string Raw(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

Hash Sha(const std::string& bytes) {
  const Sha256Digest digest = Sha256(bytes);
  Hash hash;
  std::memcpy(hash.data(), digest.data(), hash.size());
  return hash;
}

// --- RFC 6962 §2.1, word by word: copies lists, knows nothing of nodes and indexes.

size_t Split(size_t n) {
  size_t k = 1;
  while (k * 2 < n) {
    k *= 2;
  }
  return k;
}

Leaves First(const Leaves& d, size_t k) { return {d.begin(), d.begin() + static_cast<long>(k)}; }
Leaves Rest(const Leaves& d, size_t k) { return {d.begin() + static_cast<long>(k), d.end()}; }

Hash Mth(const Leaves& d) {
  if (d.empty()) {
    return Sha("");
  }
  if (d.size() == 1) {
    return Sha(std::string(1, '\0') + d[0]);
  }
  const size_t k = Split(d.size());
  return Sha("\x01" + Raw(Mth(First(d, k))) + Raw(Mth(Rest(d, k))));
}

Proof Path(size_t m, const Leaves& d) {
  if (d.size() == 1) {
    return {};
  }
  const size_t k = Split(d.size());
  Proof path = m < k ? Path(m, First(d, k)) : Path(m - k, Rest(d, k));
  path.push_back(m < k ? Mth(Rest(d, k)) : Mth(First(d, k)));
  return path;
}

Proof Subproof(size_t m, const Leaves& d, bool known) {
  if (m == d.size()) {
    return known ? Proof{} : Proof{Mth(d)};
  }
  const size_t k = Split(d.size());
  Proof proof =
      m <= k ? Subproof(m, First(d, k), known) : Subproof(m - k, Rest(d, k), /*known=*/false);
  proof.push_back(m <= k ? Mth(Rest(d, k)) : Mth(First(d, k)));
  return proof;
}

// --- a source of nodes over a list, that refuses what is not all there

class ListSource final : public NodeSource {
 public:
  explicit ListSource(const Leaves& leaves) : leaves_(leaves) {}
  Result<Hash> Node(int height, int64_t index) override {
    const auto begin = static_cast<size_t>(index << height);
    const size_t count = size_t{1} << height;
    if (begin + count > leaves_.size()) {
      return Err(Code::kInternal, "asked for a node that is not there");
    }
    return Mth({leaves_.begin() + static_cast<long>(begin),
                leaves_.begin() + static_cast<long>(begin + count)});
  }

 private:
  const Leaves& leaves_;
};

Leaves Published() {
  Leaves leaves;
  for (const char* hex : kLeaves) {
    leaves.push_back(HexDecode(hex).value());
  }
  return leaves;
}

Leaves Made(size_t count) {
  Leaves leaves;
  for (size_t i = 0; i < count; ++i) {
    leaves.push_back("leaf " + std::to_string(i));
  }
  return leaves;
}

TEST(Merkle, HasThePublishedRoots) {
  const Leaves leaves = Published();
  ListSource source(leaves);
  Frontier frontier;
  for (size_t size = 0; size <= leaves.size(); ++size) {
    EXPECT_EQ(RootOf(source, static_cast<int64_t>(size)).value(), FromHex(kRoots[size])) << size;
    EXPECT_EQ(frontier.Root(), FromHex(kRoots[size])) << size;
    if (size < leaves.size()) {
      frontier.Append(HashLeaf(leaves[size]));
    }
  }
}

TEST(Merkle, HasThePublishedProofs) {
  const Leaves leaves = Published();
  ListSource source(leaves);
  EXPECT_EQ(InclusionProof(source, 0, 8).value(),
            (Proof{FromHex("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
                   FromHex("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
                   FromHex("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")}));
  EXPECT_EQ(InclusionProof(source, 5, 8).value(),
            (Proof{FromHex("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
                   FromHex("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
                   FromHex("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")}));
  EXPECT_EQ(ConsistencyProof(source, 2, 5).value(),
            (Proof{FromHex("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
                   FromHex("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")}));
}

TEST(Merkle, ProofsAreThoseOfTheDefinitionAndVerify) {
  const Leaves all = Made(35);
  ListSource source(all);
  for (size_t size = 1; size <= all.size(); ++size) {
    const Leaves leaves = First(all, size);
    const auto n = static_cast<int64_t>(size);
    const Hash root = Mth(leaves);
    ASSERT_EQ(RootOf(source, n).value(), root);
    for (size_t m = 0; m < size; ++m) {
      const auto leaf = static_cast<int64_t>(m);
      const Proof proof = InclusionProof(source, leaf, n).value();
      ASSERT_EQ(proof, Path(m, leaves));
      ASSERT_TRUE(VerifyInclusion(HashLeaf(leaves[m]), leaf, n, proof, root).ok());
    }
    for (size_t m = 1; m <= size; ++m) {
      const auto old_size = static_cast<int64_t>(m);
      const Proof proof = ConsistencyProof(source, old_size, n).value();
      ASSERT_EQ(proof, Subproof(m, leaves, true)) << m << " of " << size;
      ASSERT_TRUE(VerifyConsistency(old_size, n, proof, Mth(First(leaves, m)), root).ok());
    }
  }
}

TEST(Merkle, AnythingElseDoesNotVerify) {
  const Leaves all = Made(60);
  ListSource source(all);
  std::mt19937 random(7);
  for (int round = 0; round < stetig::testing::Rounds(300); ++round) {
    const auto n = static_cast<int64_t>(2 + random() % 58);
    const auto m = static_cast<int64_t>(1 + random() % static_cast<unsigned>(n - 1));
    const Hash root = Mth(First(all, static_cast<size_t>(n)));
    const Hash old_root = Mth(First(all, static_cast<size_t>(m)));
    const Hash leaf = HashLeaf(all[static_cast<size_t>(m - 1)]);
    Proof inclusion = InclusionProof(source, m - 1, n).value();
    Proof consistency = ConsistencyProof(source, m, n).value();
    const auto flip = [&random](Proof& proof) {
      proof[random() % proof.size()][random() % 32] ^= std::byte(1U << (random() % 8));
    };
    EXPECT_FALSE(VerifyInclusion(leaf, m == n ? m - 2 : m, n, inclusion, root).ok());
    EXPECT_FALSE(VerifyInclusion(root, m - 1, n, inclusion, root).ok());
    EXPECT_FALSE(VerifyInclusion(leaf, m - 1, n, inclusion, old_root).ok());
    EXPECT_FALSE(VerifyConsistency(m, n, consistency, root, root).ok());
    EXPECT_FALSE(VerifyConsistency(m, n, consistency, old_root, old_root).ok());
    for (Proof* proof : {&inclusion, &consistency}) {
      const Proof right = *proof;
      for (int change = 0; change < 3; ++change) {
        *proof = right;
        change == 0 ? flip(*proof) : change == 1 ? proof->pop_back() : proof->push_back(root);
        EXPECT_FALSE(proof == &inclusion ? VerifyInclusion(leaf, m - 1, n, *proof, root).ok()
                                         : VerifyConsistency(m, n, *proof, old_root, root).ok());
      }
    }
  }
}

TEST(Merkle, SizesThatMakeNoSenseAreRefused) {
  const Leaves leaves = Made(3);
  ListSource source(leaves);
  EXPECT_EQ(RootOf(source, -1).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(InclusionProof(source, 3, 3).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(InclusionProof(source, -1, 3).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(InclusionProof(source, 0, 0).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(ConsistencyProof(source, 3, 2).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(VerifyInclusion({}, 0, 0, {}, {}).code(), Code::kInvalidArgument);
  EXPECT_EQ(VerifyConsistency(3, 2, {}, {}, {}).code(), Code::kInvalidArgument);
  EXPECT_TRUE(VerifyConsistency(0, 3, {}, EmptyRoot(), Mth(leaves)).ok());
  EXPECT_FALSE(VerifyConsistency(3, 3, {}, EmptyRoot(), Mth(leaves)).ok());
  EXPECT_TRUE(VerifyInclusion(HashLeaf("a"), 0, 1, {}, HashLeaf("a")).ok());
}

TEST(Merkle, TheFrontierTellsWhichNodesItCompleted) {
  const Leaves leaves = Made(40);
  Frontier frontier;
  for (size_t i = 0; i < leaves.size(); ++i) {
    EXPECT_EQ(frontier.Root(), Mth(First(leaves, i)));
    frontier.Append(HashLeaf(leaves[i]));
    for (int height = 0; height < 6; ++height) {
      const size_t count = size_t{1} << height;
      const auto node = frontier.Completed(height);
      ASSERT_EQ(node.has_value(), (i + 1) % count == 0);
      if (node) {
        EXPECT_EQ(*node, Mth(Rest(First(leaves, i + 1), i + 1 - count)));
      }
    }
  }
}

}  // namespace
}  // namespace stetig::journal::merkle
