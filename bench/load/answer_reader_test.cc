#include "load/answer_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "load/driver.h"

namespace bench {
namespace {

struct Seen {
  int status;
  std::string body;
  bool closes;
  bool operator==(const Seen&) const = default;
};

/// Feeds the stream in pieces of at most `piece` bytes.
std::vector<Seen> Read(std::string_view stream, size_t piece) {
  AnswerReader reader;
  std::vector<Seen> out;
  while (!stream.empty()) {
    std::span<char> room = reader.Room();
    size_t part = std::min({piece, room.size(), stream.size()});
    std::ranges::copy(stream.substr(0, part), room.begin());
    reader.Filled(part);
    stream.remove_prefix(part);
    while (reader.Whole()) {
      out.push_back({reader.Status(), std::string(reader.Body()), reader.Closes()});
      reader.Next();
    }
  }
  return out;
}

// The chunked body is the example of MDN's page on Transfer-Encoding.
constexpr std::string_view kStream =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length: 2\r\n\r\n{}"
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "7\r\nMozilla\r\n11\r\nDeveloper Network\r\n0\r\n\r\n"
    "HTTP/1.1 503 Service Unavailable\r\nX-Content-Length: 9\r\nConnection: close\r\n"
    "Content-Length: 0\r\n\r\n";

TEST(AnswerReader, FindsTheSameAnswersHoweverTheStreamIsCut) {
  const std::vector<Seen> expected = {
      {200, "{}", false}, {200, "MozillaDeveloper Network", false}, {503, "", true}};
  for (size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, kStream.size()}) {
    EXPECT_EQ(Read(kStream, piece), expected) << piece;
  }
}

TEST(AnswerReader, WaitsForTheLastByteOfABody) {
  EXPECT_TRUE(Read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234", 64).empty());
  EXPECT_TRUE(
      Read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", 64).empty());
}

TEST(AnswerReader, TakesBodiesLargerThanItsBuffer) {
  std::string body;
  body.resize(10'000'000, 'b');
  std::string stream = "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + body;
  auto seen = Read(stream, 1 << 20);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].body, body);
}

TEST(Outcome, PercentilesAreThoseOfTheSortedTimes) {
  Outcome outcome;
  for (uint32_t i = 0; i <= 1000; ++i) {
    outcome.micros.push_back(i);
  }
  EXPECT_EQ(outcome.Percentile(50), 500);
  EXPECT_EQ(outcome.Percentile(99), 990);
  EXPECT_EQ(outcome.Percentile(100), 1000);
  EXPECT_EQ(Outcome().Percentile(50), 0);
}

}  // namespace
}  // namespace bench
