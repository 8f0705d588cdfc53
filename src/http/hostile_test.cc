// Peers that are slow, broken or malicious: every limit answers by its name, and the server serves
// on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "http/testing/server_fixture.h"

namespace stetig::http {
namespace {

using std::chrono::milliseconds;
using testing::Pattern;
using testing::RawClient;

const std::string kGet = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

class HostileTest : public testing::ServerFixture {
 protected:
  static ServerOptions Impatient() {
    ServerOptions options;
    options.limits.first_byte = milliseconds(300);
    options.limits.header_time = milliseconds(300);
    options.limits.body_idle = milliseconds(300);
    options.limits.keep_alive = milliseconds(300);
    options.limits.write_stall = milliseconds(300);
    options.limits.cool_down = milliseconds(50);
    options.limits.linger = milliseconds(200);
    return options;
  }
  // Whatever a test did, the server still answers others.
  void TearDown() override {
    if (server_) {
      RawClient client(port());
      client.Send(kGet);
      auto response = client.Read();
      EXPECT_TRUE(response && response->body == "hello");
    }
    ServerFixture::TearDown();
  }
  void WaitForConnections(uint64_t count) {
    const Deadline until = After(std::chrono::seconds(10));
    while (server_->stats().connections != count && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    EXPECT_EQ(server_->stats().connections, count);
  }
};

TEST_F(HostileTest, RefusesWhatCouldSmuggleARequest) {
  StartServer();
  const std::string post = "POST /echo HTTP/1.1\r\nHost: h\r\n";
  const std::string smuggled = "0\r\n\r\n" + kGet;
  const std::vector<std::string> cases = {
      post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: xchunked\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked, identity\r\n\r\n" + smuggled,
      post + "Transfer-Encoding : chunked\r\n\r\n" + smuggled,
      post +
          "Transfer-Encoding:\x0b"
          "chunked\r\n\r\n" +
          smuggled,
      post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + smuggled,
      post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n" + smuggled,
      post + "Content-Length: -5\r\n\r\n" + smuggled,
      post + "Content-Length: 18446744073709551616\r\n\r\n" + smuggled,
      post + "X: y\r\n Content-Length: 5\r\n\r\n" + smuggled,
      "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
      "GET /hello HTTP/1.1\r\n\r\n" + kGet,
      "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" + kGet,
      post + "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n" + kGet,
  };
  for (const auto& bytes : cases) {
    RawClient client(port());
    client.Send(bytes);
    auto response = client.Read();
    ASSERT_TRUE(response) << bytes;
    EXPECT_GE(response->status, 400) << bytes;
    EXPECT_FALSE(client.Read()) << "the bytes behind a refused request are never a request: "
                                << bytes;
  }
}

TEST_F(HostileTest, GarbageBehindAGoodRequestEndsTheConnectionAfterItsAnswer) {
  StartServer();
  RawClient client(port());
  client.Send(kGet + kGet + std::string("\x16\x03\x01 garbage\r\n\r\n"));
  EXPECT_EQ(client.Read()->status, 200);
  EXPECT_EQ(client.Read()->status, 200);
  EXPECT_EQ(client.Read()->status, 400);
  EXPECT_TRUE(client.Closed());
}

TEST_F(HostileTest, RandomBytesNeverHurt) {
  StartServer();
  std::mt19937 random(12345);
  const std::string seed =
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" +
      kGet;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = seed;
    for (int flips = 0; flips < 1 + round % 5; ++flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    RawClient client(port());
    client.Send(bytes);
    client.EndSending();
    EXPECT_TRUE(client.ReadToEnd()) << "round " << round;
  }
}

TEST_F(HostileTest, SlowHeadsAreCutOffHoweverSteadilyTheyDrip) {
  StartServer(Impatient());
  RawClient silent(port());
  RawClient dripping(port());
  const auto begun = std::chrono::steady_clock::now();
  dripping.Send("GET /hello HTTP/1.1\r\nHost: h\r\n");
  for (int i = 0; i < 20 && dripping.Send("X: y\r\n"); ++i) {
    std::this_thread::sleep_for(milliseconds(40));
  }
  auto response = dripping.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
  EXPECT_TRUE(silent.Closed());
}

TEST_F(HostileTest, SlowBodiesAreCutOff) {
  StartServer(Impatient());
  RawClient stalled(port());
  stalled.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  auto response = stalled.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
  EXPECT_TRUE(stalled.Closed());
}

TEST_F(HostileTest, BodiesBelowTheLeastRateAreCutOff) {
  ServerOptions options;
  options.limits.body_grace = milliseconds(300);
  options.limits.body_rate = 1000;
  StartServer(std::move(options));
  RawClient dripping(port());
  dripping.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
  for (int i = 0; i < 40 && dripping.Send("x"); ++i) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(dripping.Read()->status, 408);
}

TEST_F(HostileTest, IdleConnectionsCloseAfterKeepAlive) {
  StartServer(Impatient());
  RawClient client(port());
  client.Send(kGet);
  EXPECT_EQ(client.Read()->status, 200);
  std::this_thread::sleep_for(milliseconds(150));  // long enough to have cooled down
  client.Send(kGet);
  EXPECT_EQ(client.Read()->status, 200);
  EXPECT_TRUE(client.Closed());
}

TEST_F(HostileTest, APeerThatDoesNotReadIsCutOff) {
  StartServer(Impatient());
  RawClient client(port());
  client.SetReceiveBuffer(4096);
  client.Send("GET /stream/1000000000 HTTP/1.1\r\nHost: h\r\n\r\n");
  WaitForConnections(1);
  WaitForConnections(0);
}

TEST_F(HostileTest, APeerThatReadsBelowTheLeastRateIsCutOffHoweverSteadilyItReads) {
  ServerOptions options;
  options.limits.write_grace = milliseconds(300);
  options.limits.write_rate = 1'000'000'000;
  StartServer(std::move(options));
  RawClient client(port());
  client.SetReceiveBuffer(4096);
  client.Send("GET /big/128000000 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.ReadBytes(1).size(), 1);
  const Deadline until = After(std::chrono::seconds(4));
  while (server_->stats().connections > 0 && std::chrono::steady_clock::now() < until) {
    client.ReadBytes(4096);
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(server_->stats().connections, 0);
}

TEST_F(HostileTest, BodiesBeyondTheRoutesLimitAreRefusedBeforeTheyAreRead) {
  StartServer();
  RawClient declared(port());
  declared.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999\r\n\r\nabc");
  EXPECT_EQ(declared.Read()->status, 413);
  EXPECT_TRUE(declared.Closed());
  RawClient endless(port());
  std::thread sender([&] {
    endless.Send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
    for (int i = 0; i < 1000 && endless.Send(chunk); ++i) {
    }
  });
  EXPECT_EQ(endless.Read()->status, 413);
  sender.join();
  RawClient unwanted(port());
  unwanted.Send("GET /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(unwanted.Read()->status, 413);
}

TEST_F(HostileTest, HeadsBeyondTheLimitsAreRefused) {
  StartServer();
  RawClient target(port());
  target.Send("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n");
  EXPECT_EQ(target.Read()->status, 414);
  RawClient flood(port());
  std::thread sender([&] {
    flood.Send("GET /hello HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 100'000 && flood.Send("Field-" + std::to_string(i) + ": value\r\n"); ++i) {
    }
  });
  EXPECT_EQ(flood.Read()->status, 431);
  sender.join();
  RawClient fat(port());
  fat.Send("GET /hello HTTP/1.1\r\nHost: h\r\nX: " + std::string(40'000, 'a'));
  EXPECT_EQ(fat.Read()->status, 431);
}

TEST_F(HostileTest, TurnsAwayWhatExceedsItsCounts) {
  ServerOptions options;
  options.limits.connections = 3;
  options.limits.requests_in_flight = 1;
  options.limits.event_streams = 0;
  StartServer(std::move(options));
  {
    RawClient first(port());
    first.Send("GET /slow/500 HTTP/1.1\r\nHost: h\r\n\r\n");
    while (server_->stats().requests_in_flight == 0) {
      std::this_thread::yield();
    }
    RawClient second(port());
    second.Send(kGet);
    auto busy = second.Read();
    EXPECT_EQ(busy->status, 503);
    EXPECT_EQ(busy->fields["retry-after"], "1");
    EXPECT_EQ(first.Read()->status, 200);
    second.Send("GET /events/1 HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(second.Read()->status, 503);
    RawClient third(port());
    third.Send(kGet);
    EXPECT_EQ(third.Read()->status, 200);
    RawClient fourth(port());
    EXPECT_EQ(fourth.Read()->status, 503);
    EXPECT_GE(server_->stats().refused, 2u);
  }
  WaitForConnections(0);
}

TEST_F(HostileTest, PeersThatVanishLeaveNothingBehind) {
  StartServer();
  uint64_t accepted = 0;
  for (const char* bytes : {"", "GET /hel", "GET /slow/50 HTTP/1.1\r\nHost: h\r\n\r\n",
                            "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
                            "GET /stream/100000000 HTTP/1.1\r\nHost: h\r\n\r\n"}) {
    RawClient client(port());
    client.Send(bytes);
    ++accepted;
    while (server_->stats().accepted < accepted) {
      std::this_thread::yield();
    }
  }
  WaitForConnections(0);
}

// Resident kilobytes of this process.
long ResidentKb() {
  FILE* file = std::fopen("/proc/self/statm", "r");
  long total = 0;
  long resident = 0;
  const int read = std::fscanf(file, "%ld %ld", &total, &resident);
  std::fclose(file);
  return read == 2 ? resident * 4 : 0;
}

TEST_F(HostileTest, ManyIdleConnectionsCostLittle) {
  rlimit files = {};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  // Both ends of each connection are in this process.
  const size_t count = std::min<size_t>(10'000, (files.rlim_cur - 200) / 2);
  ServerOptions options;
  options.limits.cool_down = milliseconds(200);
  StartServer(std::move(options));
  {
    RawClient warm_up(port());
    warm_up.Send(kGet);
    warm_up.Read();
  }
  WaitForConnections(0);
  std::vector<std::unique_ptr<RawClient>> clients;
  clients.reserve(count);
  const long before = ResidentKb();
  for (size_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    ASSERT_TRUE(clients.back()->connected()) << i;
  }
  WaitForConnections(count);
  const long silent = ResidentKb();
  for (auto& client : clients) {
    client->Send(kGet);
    ASSERT_TRUE(client->Read());
  }
  std::this_thread::sleep_for(milliseconds(500));
  const long used = ResidentKb();
  const auto each = [&](long kb) {
    return static_cast<double>(kb - before) * 1024 / static_cast<double>(count);
  };
  std::printf("%zu connections: %.0f bytes each before a request, %.0f after one\n", count,
              each(silent), each(used));
#if !defined(__has_feature) || \
    !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
  EXPECT_LT(each(silent), 8192);
  EXPECT_LT(each(used), 8192);
#endif
}

}  // namespace
}  // namespace stetig::http
