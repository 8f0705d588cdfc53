#include "http/client.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "http/testing/server_fixture.h"

namespace stetig::http {
namespace {

using testing::Pattern;

Deadline Soon() { return After(std::chrono::seconds(20)); }

class TextStream final : public ByteStream {
 public:
  TextStream(std::string text, bool known) : text_(std::move(text)), known_(known) {}
  Task<size_t> Read(std::span<std::byte> into) override {
    const size_t n = std::min(into.size(), text_.size() - at_);
    std::memcpy(into.data(), text_.data() + at_, n);
    at_ += n;
    co_return n;
  }
  std::optional<uint64_t> length() const override {
    return known_ ? std::optional<uint64_t>(text_.size()) : std::nullopt;
  }

 private:
  std::string text_;
  bool known_;
  size_t at_ = 0;
};

class ClientTest : public testing::ServerFixture {
 protected:
  Client::Options Here() const { return {.host = "127.0.0.1", .port = port()}; }
};

ClientRequest Get(std::string target) { return {.target = std::move(target)}; }

Task<std::string> GetTwice(Client::Options options, std::string target) {
  Client client(std::move(options));
  std::string all;
  for (int i = 0; i < 2; ++i) {
    ClientRequest request = Get(target);
    auto response = co_await Fetch(client, std::move(request), Soon(), 1 << 24);
    ASSIGN_OR_CO_RETURN(SmallResponse small, std::move(response));
    all += small.body;
  }
  co_return all;
}

TEST_F(ClientTest, ReusesItsConnection) {
  StartServer();
  EXPECT_EQ(io::RunSync(GetTwice(Here(), "/hello")).value(), "hellohello");
  EXPECT_EQ(server_->stats().accepted, 1u);
}

TEST_F(ClientTest, ReadsBodiesOfEveryFraming) {
  StartServer();
  for (const char* query : {"", "?chunked=1"}) {
    EXPECT_TRUE(io::RunSync(GetTwice(Here(), "/stream/1000000" + std::string(query))).value() ==
                Pattern(1'000'000) + Pattern(1'000'000));
    EXPECT_EQ(io::RunSync(GetTwice(Here(), "/stream/1000000?fail=5000" +
                                               std::string(query + (*query == '?' ? 1 : 0))))
                  .error()
                  .code(),
              Code::kUnavailable);
  }
}

Task<SmallResponse> SendStream(Client::Options options, std::string target, std::string text,
                               bool known) {
  Client client(std::move(options));
  ClientRequest request{.method = Method::kPost, .target = std::move(target)};
  request.body = std::make_unique<TextStream>(std::move(text), known);
  co_return co_await Fetch(client, std::move(request), Soon(), 1 << 20);
}

TEST_F(ClientTest, StreamsBodiesOut) {
  StartServer();
  for (bool known : {true, false}) {
    EXPECT_EQ(io::RunSync(SendStream(Here(), "/count", Pattern(3'000'000), known)).value().body,
              "3000000");
    EXPECT_EQ(io::RunSync(SendStream(Here(), "/echo", Pattern(3'000'000), known)).value().status,
              413);
  }
}

Task<std::string> GetDropGet(Client::Options options, Server& server) {
  Client client(std::move(options));
  ClientRequest first = Get("/hello");
  auto one = co_await Fetch(client, std::move(first), Soon(), 100);
  ASSIGN_OR_CO_RETURN(SmallResponse a, std::move(one));
  while (server.stats().connections > 0) {
    Status slept = co_await io::SleepUntil(After(std::chrono::milliseconds(5)));
    CO_TRY(std::move(slept));
  }
  ClientRequest second = Get("/hello");
  auto two = co_await Fetch(client, std::move(second), Soon(), 100);
  ASSIGN_OR_CO_RETURN(SmallResponse b, std::move(two));
  co_return a.body + b.body;
}

TEST_F(ClientTest, OpensAClosedConnectionAgain) {
  ServerOptions options;
  options.limits.keep_alive = std::chrono::milliseconds(50);
  options.limits.cool_down = std::chrono::milliseconds(20);
  StartServer(std::move(options));
  EXPECT_EQ(io::RunSync(GetDropGet(Here(), *server_)).value(), "hellohello");
}

Task<SmallResponse> FetchBy(Client::Options options, ClientRequest request, Deadline deadline) {
  Client client(std::move(options));
  co_return co_await Fetch(client, std::move(request), deadline, 1000);
}

TEST_F(ClientTest, SaysWhyItFailed) {
  StartServer();
  auto slow =
      io::RunSync(FetchBy(Here(), Get("/slow/5000"), After(std::chrono::milliseconds(100))));
  EXPECT_EQ(slow.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(io::RunSync(FetchBy(Here(), Get("/big/5000"), Soon())).error().code(),
            Code::kResourceExhausted);
  EXPECT_EQ(io::RunSync(FetchBy(Here(), Get("/a b"), Soon())).error().code(),
            Code::kInvalidArgument);
  ClientRequest split = Get("/hello");
  split.headers.Add("X", "a\r\nY: b");
  EXPECT_EQ(io::RunSync(FetchBy(Here(), std::move(split), Soon())).error().code(),
            Code::kInvalidArgument);
  const Client::Options nowhere{.host = "127.0.0.1", .port = 1};
  EXPECT_EQ(io::RunSync(FetchBy(nowhere, Get("/"), Soon())).error().code(), Code::kUnavailable);
  const Client::Options nobody{.host = "no.such.host.invalid", .port = 1};
  EXPECT_EQ(io::RunSync(FetchBy(nobody, Get("/"), Soon())).error().code(), Code::kUnavailable);
}

/// A self-signed certificate for "localhost", made by the openssl program.
class TlsTest : public ClientTest {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "stetig-tls-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
        "/CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout " +
        folder_ + "/key.pem -out " + folder_ + "/cert.pem 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
    ServerOptions options;
    options.host = "localhost";
    options.limits.tls_handshake = std::chrono::milliseconds(300);
    auto tls = io::TlsContext::Server(folder_ + "/cert.pem", folder_ + "/key.pem");
    ASSERT_TRUE(tls) << tls.error().ToString();
    options.tls = *tls;
    StartServer(std::move(options), 2);
  }
  void TearDown() override {
    ClientTest::TearDown();
    std::filesystem::remove_all(folder_);
  }
  Client::Options Localhost(const std::string& ca) {
    auto tls = io::TlsContext::Client(ca);
    EXPECT_TRUE(tls);
    return {.host = "localhost", .port = port(), .tls = *tls};
  }
  std::string folder_;
};

TEST_F(TlsTest, CarriesRequestsBothWays) {
  const Client::Options client = Localhost(folder_ + "/cert.pem");
  EXPECT_EQ(io::RunSync(GetTwice(client, "/hello")).value(), "hellohello");
  EXPECT_TRUE(io::RunSync(GetTwice(client, "/stream/3000000")).value().substr(3'000'000) ==
              Pattern(3'000'000));
  EXPECT_TRUE(io::RunSync(GetTwice(client, "/big/1000000?chunked=1")).value().substr(1'000'000) ==
              Pattern(1'000'000));
  EXPECT_EQ(io::RunSync(SendStream(client, "/count", Pattern(2'000'000), false)).value().body,
            "2000000");
  EXPECT_EQ(server_->stats().accepted, 4u);
}

TEST_F(TlsTest, RefusesCertificatesItDoesNotKnow) {
  const Client::Options client = Localhost("");
  EXPECT_EQ(io::RunSync(FetchBy(client, Get("/hello"), Soon())).error().code(), Code::kUnavailable);
  auto other = Localhost(folder_ + "/cert.pem");
  other.host = "127.0.0.1";
  EXPECT_EQ(io::RunSync(FetchBy(other, Get("/hello"), Soon())).error().code(), Code::kUnavailable);
}

TEST_F(TlsTest, PlainAndSilentPeersAreCutOff) {
  testing::RawClient plain(port());
  plain.Send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(plain.ReadToEnd());
  testing::RawClient silent(port());
  EXPECT_TRUE(silent.Closed());
}

TEST_F(TlsTest, FilesThatAreNoCertificateAreExplained) {
  EXPECT_EQ(io::TlsContext::Server("/nowhere", folder_ + "/key.pem").error().code(),
            Code::kNotFound);
  EXPECT_EQ(io::TlsContext::Server(folder_ + "/key.pem", folder_ + "/key.pem").error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(io::TlsContext::Server(folder_ + "/cert.pem", folder_ + "/cert.pem").error().code(),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace stetig::http
