#include "blob/gear.h"

#include <algorithm>

namespace stetig::blob {
namespace {

// The hash sees 64 bytes: each step shifts the oldest out. Bytes that lie further than that before
// kMinChunk cannot matter.
constexpr size_t kWindow = 64;
constexpr size_t kSkip = kMinChunk - kWindow - 1;
constexpr uint64_t kCutBelow = uint64_t{1} << 48;

struct Scan {
  uint64_t hash;
  size_t used;
  bool cut;
};

// One multiply-free step per byte; the address-generation unit does shift and add at once.
inline uint64_t Step(uint64_t hash, std::byte b) {
  return (hash << 1) + kGearTable[std::to_integer<size_t>(b)];
}

void Roll(uint64_t& hash, std::span<const std::byte> data) {
  for (std::byte b : data) {
    hash = Step(hash, b);
  }
}

// Four bytes a turn: their sum is formed apart from the hash, so that the chain of dependent steps
// is one shift and add for all four. A cut inside the four is found again byte by byte.
Scan FindCut(uint64_t hash, std::span<const std::byte> data) {
  const std::byte* p = data.data();
  const std::byte* const end = p + data.size();
  for (; end - p >= 4; p += 4) {
    const uint64_t one = kGearTable[std::to_integer<size_t>(p[0])];
    const uint64_t two = Step(one, p[1]);
    const uint64_t three = Step(two, p[2]);
    const uint64_t four = Step(three, p[3]);
    const uint64_t next = (hash << 4) + four;
    if ((hash << 1) + one < kCutBelow || (hash << 2) + two < kCutBelow ||
        (hash << 3) + three < kCutBelow || next < kCutBelow) [[unlikely]] {
      break;
    }
    hash = next;
  }
  while (p != end) {
    hash = Step(hash, *p++);
    if (hash < kCutBelow) [[unlikely]] {
      return {hash, static_cast<size_t>(p - data.data()), true};
    }
  }
  return {hash, data.size(), false};
}

}  // namespace

std::optional<size_t> GearChunker::Next(std::span<const std::byte> data) {
  size_t used = 0;
  if (length_ < kSkip) {
    used = std::min(kSkip - length_, data.size());
  }
  // Up to one byte before the first place where a cut may stand, only the hash matters.
  if (length_ + used < kMinChunk - 1) {
    const size_t roll = std::min(kMinChunk - 1 - length_ - used, data.size() - used);
    Roll(hash_, data.subspan(used, roll));
    used += roll;
  }
  const size_t limit = std::min(data.size(), kMaxChunk - length_);
  const Scan scan = FindCut(hash_, data.subspan(used, limit - used));
  used += scan.used;
  hash_ = scan.hash;
  length_ += used;
  if (!scan.cut && length_ < kMaxChunk) {
    return std::nullopt;
  }
  hash_ = 0;
  length_ = 0;
  return used;
}

}  // namespace stetig::blob
