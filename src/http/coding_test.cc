// Content codings through the server, against zlib's and zstd's own one-shot calls.
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "http/internal/encode.h"
#include "http/testing/server_fixture.h"

namespace stetig::http {
namespace {

using internal::ChooseCoding;
using internal::Coding;
using testing::Pattern;
using testing::RawClient;

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Gunzip(const std::string& packed, size_t size) {
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string out(size + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string Unzstd(const std::string& packed, size_t size) {
  std::string out(size + 1, '\0');
  out.resize(ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size()));
  return out;
}

class CodingTest : public testing::ServerFixture {
 protected:
  static std::string Post(const std::string& path, const std::string& coding,
                          const std::string& body) {
    return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Encoding: " + coding +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  testing::RawResponse Ask(const std::string& bytes) {
    RawClient client(port());
    client.Send(bytes);
    return client.Read().value_or(testing::RawResponse{});
  }
};

TEST_F(CodingTest, DecodesRequestBodies) {
  StartServer();
  for (size_t size : {0UL, 1UL, 1000UL, 900'000UL}) {
    const std::string text = Pattern(size);
    EXPECT_TRUE(Ask(Post("/echo", "gzip", Gzip(text))).body == text) << size;
    EXPECT_TRUE(Ask(Post("/echo", "zstd", Zstd(text))).body == text) << size;
  }
  EXPECT_EQ(Ask(Post("/echo", "gzip", Gzip("one ") + Gzip("two"))).body, "one two");
  EXPECT_EQ(Ask(Post("/echo", "zstd", Zstd("one ") + Zstd("two"))).body, "one two");
  EXPECT_EQ(Ask(Post("/echo", "identity", "plain")).body, "plain");
  EXPECT_EQ(Ask(Post("/count", "gzip", Gzip(Pattern(20'000'000)))).body, "20000000");
}

TEST_F(CodingTest, RefusesWhatIsNoCodedBody) {
  StartServer();
  for (const char* coding : {"gzip", "zstd"}) {
    const std::string packed =
        std::string(coding) == "gzip" ? Gzip(Pattern(5000)) : Zstd(Pattern(5000));
    EXPECT_EQ(Ask(Post("/echo", coding, "this is plain text")).status, 400) << coding;
    EXPECT_EQ(Ask(Post("/echo", coding, packed.substr(0, packed.size() - 3))).status, 400)
        << coding;
    EXPECT_EQ(Ask(Post("/echo", coding, packed + "garbage")).status, 400) << coding;
    EXPECT_EQ(Ask(Post("/echo", coding, "")).status, 200)
        << "a body of length 0 has no coding: " << coding;
  }
  EXPECT_EQ(Ask(Post("/echo", "br", "x")).status, 415);
  EXPECT_EQ(Ask(Post("/echo", "gzip, zstd", "x")).status, 415);
}

TEST_F(CodingTest, ABombIsStoppedAtTheRoutesLimit) {
  StartServer();
  const std::string zeros(60'000'000, '\0');
  const std::string gzip = Gzip(zeros);
  ASSERT_LT(gzip.size(), 1U << 20);
  EXPECT_EQ(Ask(Post("/echo", "gzip", gzip)).status, 413);
  EXPECT_EQ(Ask(Post("/echo", "zstd", Zstd(zeros))).status, 413);
}

TEST_F(CodingTest, EncodesAnswersThatAreWorthIt) {
  ServerOptions options;
  options.compression.loopback = true;
  StartServer(std::move(options));
  auto get = [&](const std::string& path, const std::string& accept) {
    return Ask("GET " + path + " HTTP/1.1\r\nHost: h\r\nAccept-Encoding: " + accept + "\r\n\r\n");
  };
  auto gzip = get("/big/100000", "deflate, gzip");
  EXPECT_EQ(gzip.fields["content-encoding"], "gzip");
  EXPECT_EQ(gzip.fields["vary"], "Accept-Encoding");
  EXPECT_TRUE(Gunzip(gzip.body, 100000) == Pattern(100000));
  auto zstd = get("/big/100000", "gzip;q=0.5, zstd");
  EXPECT_EQ(zstd.fields["content-encoding"], "zstd");
  EXPECT_TRUE(Unzstd(zstd.body, 100000) == Pattern(100000));
  for (const auto& [path, accept] : {std::pair{"/hello", "gzip"}, std::pair{"/big/100000", "br"},
                                     std::pair{"/big/100000", "gzip;q=0"}}) {
    EXPECT_FALSE(get(path, accept).fields.contains("content-encoding")) << path << " " << accept;
  }
  EXPECT_TRUE(get("/big/100000", "br").fields.contains("vary"));
}

TEST(Coding, IsChosenByWeight) {
  EXPECT_EQ(ChooseCoding(""), Coding::kIdentity);
  EXPECT_EQ(ChooseCoding("identity"), Coding::kIdentity);
  EXPECT_EQ(ChooseCoding("gzip, deflate, br"), Coding::kGzip);
  EXPECT_EQ(ChooseCoding("gzip, deflate, zstd"), Coding::kZstd);
  EXPECT_EQ(ChooseCoding("zstd;q=0.1,GZIP;q=0.2"), Coding::kGzip);
  EXPECT_EQ(ChooseCoding("*"), Coding::kZstd);
  EXPECT_EQ(ChooseCoding("zstd;q=0, *;q=0.5"), Coding::kGzip);
  EXPECT_EQ(ChooseCoding("*;q=0"), Coding::kIdentity);
  EXPECT_EQ(ChooseCoding("gzip;q=nonsense"), Coding::kIdentity);
  EXPECT_EQ(ChooseCoding(",,;;q=,"), Coding::kIdentity);
}

}  // namespace
}  // namespace stetig::http
