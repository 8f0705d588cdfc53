// A sorted file of chunk records over many packs (docs/formats/pack.md, "Index run"): one read of 4
// KiB per look-up, 8 bytes of memory per 73 records. A cache: it can be dropped and made again from
// the packs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "blob/pack_format.h"
#include "io/file.h"

namespace stetig::blob {

inline constexpr size_t kRunBlockBytes = 4096;

/// A record and the pack that holds it.
struct Placed {
  Record record;
  uint64_t pack = 0;
};

/// Order of records in runs: by id, then pack.
bool operator<(const Placed& a, const Placed& b);

/// A source of records in order, for merging. Nothing at its end.
using PlacedSource = std::move_only_function<Result<std::optional<Placed>>()>;

/// Immutable; thread-safe.
class IndexRun {
 public:
  /// Reads the tail. kDataLoss: not a run, or damaged.
  static Result<std::shared_ptr<const IndexRun>> Open(io::Env& env, const std::string& folder,
                                                      uint64_t number);

  /// Merges sorted sources into the run `number` and opens it. Records of packs that `keep` refuses
  /// are left out.
  static Result<std::shared_ptr<const IndexRun>> Write(io::Env& env, const std::string& folder,
                                                       uint64_t number, std::vector<uint64_t> packs,
                                                       std::vector<PlacedSource> sources,
                                                       const std::function<bool(uint64_t)>& keep);

  /// Every record of this id, usually none or one. kDataLoss: the block that would hold it is
  /// damaged.
  Result<std::vector<Placed>> Find(const Hash256& id) const;

  /// All records in order; the run must outlive the source.
  PlacedSource Scan() const;

  uint64_t number() const { return number_; }
  uint64_t count() const { return count_; }
  /// Packs whose records are here, ascending.
  const std::vector<uint64_t>& packs() const { return packs_; }

 private:
  explicit IndexRun(uint64_t number) : number_(number) {}
  Status ReadBlock(size_t block, std::span<std::byte, kRunBlockBytes> into) const;
  size_t CountIn(size_t block) const;

  const uint64_t number_;
  std::unique_ptr<io::File> file_;
  uint64_t count_ = 0;
  std::vector<uint64_t> fence_;
  std::vector<uint64_t> packs_;
};

}  // namespace stetig::blob
