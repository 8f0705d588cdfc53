#include "base/ids.h"

#include <pthread.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/text.h"

namespace stetig {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kUlidLength = 26;
constexpr uint64_t kUlidTimeMask = (uint64_t{1} << 48) - 1;

/// Counts forks: a child must not hand out the bytes that its parent has buffered.
std::atomic<uint64_t> fork_count{0};

void FillFromKernel(std::byte* into, size_t size) {
  while (size > 0) {
    ssize_t got = getrandom(into, size, 0);
    CHECK(got > 0 || errno == EINTR);
    if (got > 0) {
      into += got;
      size -= static_cast<size_t>(got);
    }
  }
}

class SystemRandom final : public Random {
 public:
  SystemRandom() {
    CHECK(pthread_atfork(nullptr, nullptr,
                         [] { fork_count.fetch_add(1, std::memory_order_relaxed); }) == 0);
  }

  void Fill(std::span<std::byte> into) override {
    thread_local Buffer buffer;
    if (into.size() > buffer.bytes.size() / 4) {
      FillFromKernel(into.data(), into.size());
      return;
    }
    uint64_t forks = fork_count.load(std::memory_order_relaxed);
    if (buffer.left < into.size() || buffer.forks != forks) {
      FillFromKernel(buffer.bytes.data(), buffer.bytes.size());
      buffer.left = buffer.bytes.size();
      buffer.forks = forks;
    }
    // Bytes that were handed out are wiped, so that a later look into this process's memory does
    // not reveal them.
    std::byte* from = buffer.bytes.data() + (buffer.left - into.size());
    std::memcpy(into.data(), from, into.size());
    explicit_bzero(from, into.size());
    buffer.left -= into.size();
  }

 private:
  struct Buffer {
    std::array<std::byte, 512> bytes{};
    size_t left = 0;
    uint64_t forks = 0;
  };
};

std::string EncodeUlid(uint64_t ms, unsigned __int128 random) {
  unsigned __int128 value = (static_cast<unsigned __int128>(ms & kUlidTimeMask) << 80) | random;
  std::string text(kUlidLength, '0');
  for (size_t i = kUlidLength; i-- > 0;) {
    text[i] = kCrockford[static_cast<size_t>(value & 31)];
    value >>= 5;
  }
  return text;
}

template <size_t N>
std::array<std::byte, N> RandomBytes(Random& random) {
  std::array<std::byte, N> bytes{};
  random.Fill(bytes);
  return bytes;
}

template <size_t N>
std::string_view View(const std::array<std::byte, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

}  // namespace

Random& Random::System() {
  static SystemRandom random;
  return random;
}

void SeededRandom::Fill(std::span<std::byte> into) {
  // SplitMix64.
  for (size_t i = 0; i < into.size(); i += 8) {
    uint64_t z = state_.fetch_add(0x9E3779B97F4A7C15) + 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z ^= z >> 31;
    std::memcpy(into.data() + i, &z, std::min<size_t>(8, into.size() - i));
  }
}

std::string UlidGenerator::Next(WallTime now) {
  // The top bit of the 80 stays free: counting up within one millisecond would need 2^79 ids to run
  // over.
  constexpr unsigned __int128 kHalf = (static_cast<unsigned __int128>(1) << 79) - 1;
  auto ms = static_cast<uint64_t>(std::max<int64_t>(now.ms, 0));
  unsigned __int128 fresh = 0;
  auto bytes = RandomBytes<10>(random_);
  std::memcpy(&fresh, bytes.data(), bytes.size());
  MutexLock lock(mutex_);
  if (ms > last_ms_) {
    last_ms_ = ms;
    last_random_ = fresh & kHalf;
  } else {
    ++last_random_;
  }
  return EncodeUlid(last_ms_, last_random_);
}

std::string NewUlid(WallTime now) {
  static UlidGenerator generator;
  return generator.Next(now);
}

bool IsUlid(std::string_view text) {
  return text.size() == kUlidLength && text[0] <= '7' &&
         std::ranges::all_of(text, [](char c) { return kCrockford.contains(c); });
}

std::string NewUuidHex(WallTime now, Random& random) {
  auto bytes = RandomBytes<16>(random);
  const auto ms = static_cast<uint64_t>(std::max<int64_t>(now.ms, 0));
  for (size_t i = 0; i < 6; ++i) {
    bytes.at(i) = static_cast<std::byte>(ms >> (40 - 8 * i));
  }
  bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x70};
  bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};
  return HexEncode(View(bytes));
}

std::string NewLoggedModelId(WallTime now, Random& random) {
  return "m-" + NewUuidHex(now, random);
}

std::string NewTokenSecret(Random& random) {
  return Base64UrlEncode(View(RandomBytes<32>(random)));
}

}  // namespace stetig
