// Memory that peers could tie up by being slow: what they hold together is bounded, others are
// served on.
#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http/testing/server_fixture.h"
#include "io/loop.h"

namespace stetig::http {
namespace {

using std::chrono::milliseconds;
using testing::Pattern;
using testing::RawClient;

constexpr size_t kMiB = 1 << 20;

/// Announces a length and gives less, a few bytes at a time.
class Announced final : public ByteStream {
 public:
  Announced(uint64_t length, uint64_t comes, uint64_t may_hold)
      : length_(length), left_(comes), may_hold_(may_hold) {}
  Task<size_t> Read(std::span<std::byte> into) override {
    largest_room = std::max(largest_room, into.size());
    const size_t n = std::min<uint64_t>({into.size(), left_, 1000});
    std::fill_n(into.begin(), n, std::byte{'x'});
    left_ -= n;
    co_return n;
  }
  std::optional<uint64_t> length() const override { return length_; }
  bool Hold(uint64_t more) override {
    held += more;
    return held <= may_hold_;
  }
  size_t largest_room = 0;
  uint64_t held = 0;

 private:
  uint64_t length_;
  uint64_t left_;
  uint64_t may_hold_;
};

TEST(ReadAll, TakesNoMemoryForBytesThatHaveNotCome) {
  Announced body(64 * kMiB, 100'000, UINT64_MAX);
  auto text = io::RunSync(ReadAll(body, 64 * kMiB));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, std::string(100'000, 'x'));
  EXPECT_LE(body.largest_room, 200'000);
}

TEST(ReadAll, AsksBeforeItKeepsMuchAndGivesUpWhenRefused) {
  Announced small(60'000, 60'000, 0);
  EXPECT_TRUE(io::RunSync(ReadAll(small, kMiB)));
  EXPECT_EQ(small.held, 0);
  Announced large(kMiB, kMiB, 300'000);
  auto text = io::RunSync(ReadAll(large, kMiB));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), Code::kUnavailable);
  Announced exact(kMiB, kMiB, kMiB);
  EXPECT_TRUE(io::RunSync(ReadAll(exact, kMiB)));
  EXPECT_NEAR(static_cast<double>(exact.held), kMiB, 65'536);
}

class MemoryTest : public testing::ServerFixture {
 protected:
  void StartWith(uint64_t held_bytes) {
    ServerOptions options;
    options.limits.held_bytes = held_bytes;
    StartServer(std::move(options));
  }
  std::unique_ptr<RawClient> Peer(std::string_view bytes, int receive_buffer = 0) {
    auto client = std::make_unique<RawClient>(port());
    if (receive_buffer > 0) {
      client->SetReceiveBuffer(receive_buffer);
    }
    client->Send(bytes);
    return client;
  }
  int StatusOf(std::string_view bytes) {
    auto response = Peer(bytes)->Read();
    return response ? response->status : 0;
  }
  /// Asks again and again until the answer has this status.
  bool Becomes(int status, std::string_view bytes) {
    const Deadline until = After(std::chrono::seconds(10));
    while (StatusOf(bytes) != status) {
      if (std::chrono::steady_clock::now() > until) {
        return false;
      }
      std::this_thread::sleep_for(milliseconds(10));
    }
    return true;
  }
  static std::string Post(size_t length, const std::string& body, const std::string& field = "") {
    return "POST /echo HTTP/1.1\r\nHost: h\r\n" + field +
           "Content-Length: " + std::to_string(length) + "\r\n\r\n" + body;
  }
  static std::string Get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }
};

TEST_F(MemoryTest, UnfinishedBodiesAreRefusedBeyondTheLimitAndSmallOnesAreTaken) {
  StartWith(kMiB);
  std::vector<std::unique_ptr<RawClient>> peers;
  for (int i = 0; i < 4; ++i) {
    peers.push_back(Peer(Post(kMiB, Pattern(400'000))));
  }
  const std::string large = Post(200'000, Pattern(200'000));
  EXPECT_TRUE(Becomes(503, large));
  EXPECT_EQ(StatusOf(Post(30'000, Pattern(30'000))), 200);
  peers.clear();
  EXPECT_TRUE(Becomes(200, large));
}

TEST_F(MemoryTest, LargeAnswersThatNobodyTakesAreRefusedBeyondTheLimitAndSmallOnesAreGiven) {
  StartWith(10 * kMiB);
  std::vector<std::unique_ptr<RawClient>> peers;
  peers.push_back(Peer(Get("/big/32000000"), 4096));
  EXPECT_EQ(peers.back()->ReadBytes(12), "HTTP/1.1 200");
  auto refused = Peer(Get("/big/1000000"))->Read();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->fields["retry-after"], "1");
  EXPECT_EQ(StatusOf(Get("/stream/1000")), 503);
  EXPECT_EQ(StatusOf(Get("/hello")), 200);
  peers.clear();
  EXPECT_TRUE(Becomes(200, Get("/big/1000000")));
  EXPECT_EQ(StatusOf(Get("/stream/1000")), 200);
}

TEST_F(MemoryTest, StreamsThatNobodyTakesAreRefusedBeyondTheLimit) {
  StartWith(256 * 1024);
  auto slow = Peer(Get("/stream/1000000000"), 4096);
  EXPECT_EQ(slow->ReadBytes(12), "HTTP/1.1 200");
  EXPECT_EQ(StatusOf(Get("/stream/1000")), 503);
  slow.reset();
  EXPECT_TRUE(Becomes(200, Get("/stream/1000")));
}

TEST_F(MemoryTest, WindowsOfCompressedBodiesCount) {
  StartWith(2 * kMiB);
  // A frame that says nothing of its size and wants a window of 8 MiB, cut off before its end.
  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, 23);
  const std::string text = Pattern(500'000);
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  ZSTD_inBuffer in = {text.data(), text.size(), 0};
  ZSTD_outBuffer out = {packed.data(), packed.size(), 0};
  ASSERT_EQ(ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_flush), 0);
  packed.resize(out.pos);
  const std::string request = Post(packed.size() + 1, packed, "Content-Encoding: zstd\r\n");
  auto slow = Peer(request);
  EXPECT_TRUE(Becomes(503, request));
  EXPECT_EQ(StatusOf(Post(5, "hello")), 200);
}

TEST_F(MemoryTest, WhoHoldsMuchMustHurryWhileMemoryRunsShort) {
  ServerOptions options;
  options.limits.held_bytes = 48 * kMiB;  // the reader alone takes more than half
  options.limits.write_grace = std::chrono::seconds(48);
  options.limits.body_grace = std::chrono::seconds(48);
  options.limits.body_rate = 1'000'000;
  options.limits.write_rate = 1'000'000'000;  // what a kernel's buffer takes later earns no time
  StartServer(std::move(options));
  auto reader = Peer(Get("/big/32000000"), 4096);
  EXPECT_EQ(reader->ReadBytes(12), "HTTP/1.1 200");
  auto writer = Peer(Post(kMiB, Pattern(500'000)));
  auto refused = writer->Read();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 408);
  const Deadline until = After(std::chrono::seconds(10));
  while (server_->stats().connections > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(server_->stats().connections, 0);
}

}  // namespace
}  // namespace stetig::http
