#include "blob/local/index_run.h"

#include <blake3.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <queue>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "blob/local/active_pack.h"

namespace stetig::blob {
namespace {

constexpr size_t kBlockBytes = kRunBlockBytes;
constexpr size_t kPlacedBytes = kRecordBytes + 8;
constexpr size_t kPerBlock = (kBlockBytes - 8) / kPlacedBytes;
constexpr size_t kFooterBytes = 64;
constexpr uint64_t kMaxTailBytes = uint64_t{256} << 20;
constexpr size_t kWriteBytes = size_t{1} << 20;
constexpr uint32_t kVersion = 1;
constexpr char kMagic[] = "stetigIX";

static_assert(kPerBlock == 73 && kPerBlock * kPlacedBytes + 8 == kBlockBytes);

// The first 8 bytes of an id as a number that sorts as the ids do.
uint64_t Prefix(const Hash256& id) {
  const auto word = LoadLe<uint64_t>(id, 0);
  return std::byteswap(word);
}

Hash256 Blake3(std::span<const std::byte> bytes) {
  blake3_hasher hasher;
  blake3_hasher_init(&hasher);
  blake3_hasher_update(&hasher, bytes.data(), bytes.size());
  Hash256 hash{};
  blake3_hasher_finalize(&hasher, reinterpret_cast<uint8_t*>(hash.data()), hash.size());
  return hash;
}

// Gathers records into blocks and blocks into large writes.
class RunWriter {
 public:
  explicit RunWriter(io::File& file) : file_(file) {}

  Status Add(const Placed& placed) {
    if (in_block_ == 0) {
      fence_.push_back(Prefix(placed.record.id));
      buffer_.resize(buffer_.size() + kBlockBytes);
    }
    const std::span block = std::span(buffer_).last(kBlockBytes);
    const std::span slot = block.subspan(in_block_ * kPlacedBytes, kPlacedBytes);
    EncodeRecord(placed.record, slot);
    StoreLe<uint64_t>(slot, kRecordBytes, placed.pack);
    ++count_;
    return ++in_block_ == kPerBlock ? CloseBlock() : OkStatus();
  }

  Status Finish(std::span<const uint64_t> packs) {
    if (in_block_ > 0) {
      TRY(CloseBlock());
    }
    std::vector<std::byte> tail((fence_.size() + packs.size()) * 8 + kFooterBytes);
    size_t at = 0;
    for (uint64_t value : fence_) {
      StoreLe<uint64_t>(tail, at, value);
      at += 8;
    }
    for (uint64_t value : packs) {
      StoreLe<uint64_t>(tail, at, value);
      at += 8;
    }
    StoreLe<uint64_t>(tail, at, fence_.size());
    StoreLe<uint64_t>(tail, at + 8, count_);
    StoreLe<uint32_t>(tail, at + 16, static_cast<uint32_t>(packs.size()));
    StoreLe<uint32_t>(tail, at + 20, kVersion);
    const Hash256 hash = Blake3(std::span(tail).first(at + 24));
    std::memcpy(tail.data() + at + 24, hash.data(), hash.size());
    std::memcpy(tail.data() + at + 56, kMagic, 8);
    buffer_.insert(buffer_.end(), tail.begin(), tail.end());
    TRY(file_.WriteAt(written_, buffer_));
    return file_.SyncData();
  }

 private:
  Status CloseBlock() {
    const std::span block = std::span(buffer_).last(kBlockBytes);
    StoreLe<uint64_t>(block, kBlockBytes - 8, XXH3_64bits(block.data(), kBlockBytes - 8));
    in_block_ = 0;
    if (buffer_.size() >= kWriteBytes) {
      TRY(file_.WriteAt(written_, buffer_));
      written_ += buffer_.size();
      buffer_.clear();
    }
    return OkStatus();
  }

  io::File& file_;
  std::vector<std::byte> buffer_;
  std::vector<uint64_t> fence_;
  uint64_t written_ = 0;
  uint64_t count_ = 0;
  size_t in_block_ = 0;
};

Status MergeInto(RunWriter& writer, std::vector<PlacedSource> sources,
                 const std::function<bool(uint64_t)>& keep) {
  using Head = std::pair<Placed, size_t>;
  const auto later = [](const Head& a, const Head& b) { return b.first < a.first; };
  std::priority_queue<Head, std::vector<Head>, decltype(later)> heads(later);
  const auto refill = [&](size_t source) -> Status {
    ASSIGN_OR_RETURN(const std::optional<Placed> next, sources[source]());
    if (next) {
      heads.emplace(*next, source);
    }
    return OkStatus();
  };
  for (size_t i = 0; i < sources.size(); ++i) {
    TRY(refill(i));
  }
  while (!heads.empty()) {
    const auto [placed, source] = heads.top();
    heads.pop();
    if (keep(placed.pack)) {
      TRY(writer.Add(placed));
    }
    TRY(refill(source));
  }
  return OkStatus();
}

}  // namespace

bool operator<(const Placed& a, const Placed& b) {
  return std::pair(a.record.id, a.pack) < std::pair(b.record.id, b.pack);
}

Result<std::shared_ptr<const IndexRun>> IndexRun::Open(io::Env& env, const std::string& folder,
                                                       uint64_t number) {
  std::shared_ptr<IndexRun> run(new IndexRun(number));
  ASSIGN_OR_RETURN(run->file_, env.Open(NumberedPath(folder, number, ".run"), io::OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t size, run->file_->Size());
  std::array<std::byte, kFooterBytes> footer{};
  if (size < footer.size()) {
    return Err(Code::kDataLoss, "an index run is cut off");
  }
  TRY(run->file_->ReadAt(size - footer.size(), footer));
  const auto blocks = LoadLe<uint64_t>(footer, 0);
  run->count_ = LoadLe<uint64_t>(footer, 8);
  const auto packs = LoadLe<uint32_t>(footer, 16);
  if (std::memcmp(footer.data() + 56, kMagic, 8) != 0 || LoadLe<uint32_t>(footer, 20) != kVersion ||
      blocks > size / kBlockBytes || packs > size / 8 || (blocks + packs) * 8 > kMaxTailBytes ||
      blocks * kBlockBytes + (blocks + packs) * 8 + footer.size() != size ||
      blocks != run->count_ / kPerBlock + (run->count_ % kPerBlock > 0 ? 1 : 0)) {
    return Err(Code::kDataLoss, "an index run does not fit its trailer");
  }
  std::vector<std::byte> tail((blocks + packs) * 8 + 24);
  ASSIGN_OR_RETURN(const size_t got, run->file_->ReadAt(blocks * kBlockBytes, tail));
  const Hash256 hash = Blake3(tail);
  if (got != tail.size() || std::memcmp(footer.data() + 24, hash.data(), hash.size()) != 0) {
    return Err(Code::kDataLoss, "the tail of an index run does not match its hash");
  }
  run->fence_.resize(blocks);
  run->packs_.resize(packs);
  for (size_t i = 0; i < blocks; ++i) {
    run->fence_[i] = LoadLe<uint64_t>(tail, 8 * i);
  }
  for (size_t i = 0; i < packs; ++i) {
    run->packs_[i] = LoadLe<uint64_t>(tail, 8 * (blocks + i));
  }
  return run;
}

Result<std::shared_ptr<const IndexRun>> IndexRun::Write(io::Env& env, const std::string& folder,
                                                        uint64_t number,
                                                        std::vector<uint64_t> packs,
                                                        std::vector<PlacedSource> sources,
                                                        const std::function<bool(uint64_t)>& keep) {
  const std::string temporary = NumberedPath(folder, number, ".tmp");
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file,
                     env.Open(temporary, io::OpenMode::kCreateTruncate));
    RunWriter writer(*file);
    TRY(MergeInto(writer, std::move(sources), keep));
    std::ranges::sort(packs);
    TRY(writer.Finish(packs));
  }
  TRY(env.Rename(temporary, NumberedPath(folder, number, ".run")));
  return Open(env, folder, number);
}

Status IndexRun::ReadBlock(size_t block, std::span<std::byte, kRunBlockBytes> into) const {
  ASSIGN_OR_RETURN(const size_t got, file_->ReadAt(block * kBlockBytes, into));
  if (got != into.size() ||
      LoadLe<uint64_t>(into, kBlockBytes - 8) != XXH3_64bits(into.data(), kBlockBytes - 8)) {
    return Err(Code::kDataLoss,
               fmt::format("block {} of index run {} does not match its checksum", block, number_));
  }
  return OkStatus();
}

size_t IndexRun::CountIn(size_t block) const {
  return std::min<uint64_t>(kPerBlock, count_ - block * kPerBlock);
}

Result<std::vector<Placed>> IndexRun::Find(const Hash256& id) const {
  std::vector<Placed> found;
  std::array<std::byte, kBlockBytes>
      bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the read
  // The last block that starts before the id may hold it, and so may all that start with the same
  // prefix.
  const uint64_t prefix = Prefix(id);
  auto block = static_cast<size_t>(std::ranges::lower_bound(fence_, prefix) - fence_.begin());
  block -= block > 0 ? 1 : 0;
  for (; block < fence_.size() && fence_[block] <= prefix; ++block) {
    TRY(ReadBlock(block, bytes));
    for (size_t i = 0; i < CountIn(block); ++i) {
      const std::span slot = std::span(bytes).subspan(i * kPlacedBytes, kPlacedBytes);
      if (std::memcmp(slot.data(), id.data(), id.size()) == 0) {
        ASSIGN_OR_RETURN(const Record record, ParseRecord(slot));
        found.push_back({record, LoadLe<uint64_t>(slot, kRecordBytes)});
      }
    }
  }
  return found;
}

PlacedSource IndexRun::Scan() const {
  return [this, block = size_t{0}, at = size_t{0},
          bytes = std::vector<std::byte>()]() mutable -> Result<std::optional<Placed>> {
    if (!bytes.empty() && at == CountIn(block)) {
      ++block;
      at = 0;
      bytes.clear();
    }
    if (block == fence_.size()) {
      return std::nullopt;
    }
    if (bytes.empty()) {
      bytes.resize(kBlockBytes);
      TRY(ReadBlock(block, std::span<std::byte, kBlockBytes>(bytes)));
    }
    const std::span slot = std::span(bytes).subspan(at++ * kPlacedBytes, kPlacedBytes);
    ASSIGN_OR_RETURN(const Record record, ParseRecord(slot));
    return Placed{record, LoadLe<uint64_t>(slot, kRecordBytes)};
  };
}

}  // namespace stetig::blob
