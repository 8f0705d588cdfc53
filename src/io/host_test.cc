#include "io/host.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace stetig::io {
namespace {

/// A listener on a free port of a loopback address; 0: the family is not there.
struct Listener {
  explicit Listener(int family) : fd(::socket(family, SOCK_STREAM, 0)) {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_addr = in6addr_loopback;
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address =
        family == AF_INET6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
    socklen_t size = family == AF_INET6 ? sizeof six : sizeof four;
    if (::bind(fd, address, size) == 0 && ::listen(fd, 1) == 0 &&
        ::getsockname(fd, address, &size) == 0) {
      port = ntohs(family == AF_INET6 ? six.sin6_port : four.sin_port);
    }
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::close(fd); }
  const int fd;
  uint16_t port = 0;
};

TEST(ProbePort, NamesTheProcessThatListens) {
  Listener listener(AF_INET);
  ASSERT_NE(listener.port, 0);
  for (const char* host : {"127.0.0.1", "localhost", "0.0.0.0"}) {
    PortProbe probe = ProbePort(host, listener.port);
    EXPECT_EQ(probe.status.code(), Code::kAlreadyExists) << host;
    ASSERT_TRUE(probe.holder.has_value()) << host;
    EXPECT_EQ(probe.holder->pid, getpid());
    EXPECT_EQ(probe.holder->name, "io_test");
  }
}

TEST(ProbePort, KnowsVersionSix) {
  Listener listener(AF_INET6);
  if (listener.port == 0) {
    GTEST_SKIP() << "no IPv6 on this machine";
  }
  PortProbe probe = ProbePort("::1", listener.port);
  EXPECT_EQ(probe.status.code(), Code::kAlreadyExists);
  EXPECT_EQ(probe.address, "[::1]:" + std::to_string(listener.port));
  ASSERT_TRUE(probe.holder.has_value());
  EXPECT_EQ(probe.holder->pid, getpid());
  EXPECT_TRUE(ProbePort("127.0.0.1", listener.port).status.ok());
}

TEST(ProbePort, HindersNobodyOnAFreePort) {
  uint16_t port = Listener(AF_INET).port;
  EXPECT_TRUE(ProbePort("127.0.0.1", port).status.ok());
  EXPECT_TRUE(ProbePort("127.0.0.1", port).status.ok());
}

TEST(ProbePort, RefusesWhatIsNoAddressOfThisMachine) {
  EXPECT_EQ(ProbePort("192.0.2.1", 5000).status.code(), Code::kNotFound);  // RFC 5737
  EXPECT_EQ(ProbePort("no.such.host.invalid", 5000).status.code(), Code::kNotFound);
}

TEST(GetProcessUsage, SeesThisProcess) {
  ProcessUsage usage = GetProcessUsage();
  EXPECT_GT(usage.resident_bytes, uint64_t{1} << 20);
  EXPECT_GT(usage.open_files, 2u);
  EXPECT_GE(usage.cpu_seconds, 0.0);
  FileLimit limit = GetFileLimit();
  EXPECT_LE(limit.soft, limit.hard);
  EXPECT_GT(limit.soft, usage.open_files);
}

TEST(ReadableByOthers, LooksAtThePermissionBits) {
  auto path = std::filesystem::temp_directory_path() / ("stetig-host-" + std::to_string(getpid()));
  std::ofstream(path) << "x";
  using std::filesystem::perms;
  std::filesystem::permissions(path, perms::owner_read);
  EXPECT_FALSE(ReadableByOthers(path));
  std::filesystem::permissions(path, perms::owner_read | perms::group_read);
  EXPECT_TRUE(ReadableByOthers(path));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace stetig::io
