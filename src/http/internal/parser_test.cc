#include "http/internal/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stetig::http::internal {
namespace {

struct Parsed {
  int refused = 0;  // status, or 0
  bool complete = false;
  std::string target;
  std::string fields;
  std::string body;
  std::string rest;
};

// Feeds `bytes` in steps of `step` and collects one message.
Parsed Parse(const std::string& bytes, size_t step, const Limits& limits = {}) {
  Parsed parsed;
  Parser parser(Parser::Kind::kRequest, &limits);
  size_t end = 0;
  auto state = Parser::HeadState::kMore;
  while (state == Parser::HeadState::kMore && end < bytes.size()) {
    end = std::min(bytes.size(), end + step);
    // A fresh copy each time: the head may move.
    std::string head = bytes.substr(0, end);
    state = parser.FeedHead(head);
    if (state == Parser::HeadState::kDone) {
      parsed.target = parser.target(head);
      for (const auto& field : parser.fields()) {
        parsed.fields += head.substr(field.name, field.name_size) + "=" +
                         head.substr(field.value, field.value_size) + ";";
      }
    }
  }
  if (state != Parser::HeadState::kDone) {
    parsed.refused = state == Parser::HeadState::kFailed ? parser.error().status : 0;
    return parsed;
  }
  std::string left = bytes.substr(parser.head_size());
  while (!parser.body_done() && !left.empty()) {
    std::string piece = left.substr(0, step);
    auto fed = parser.FeedBody(piece, piece.data());
    if (fed.failed) {
      parsed.refused = parser.error().status;
      return parsed;
    }
    parsed.body += piece.substr(0, fed.produced);
    left.erase(0, fed.consumed);
  }
  parsed.complete = parser.body_done();
  parsed.rest = left;
  return parsed;
}

TEST(Parser, ReadsHeadAndBodyHoweverTheBytesAreCut) {
  const std::string request =
      "POST /a/b?c=d HTTP/1.1\r\nHost: h\r\nEmpty:\r\nX-Long:  some value \t\r\nContent-Length: "
      "5\r\n\r\nhelloGET / HT";
  for (size_t step = 1; step <= request.size(); ++step) {
    Parsed parsed = Parse(request, step);
    EXPECT_EQ(parsed.refused, 0) << step;
    EXPECT_TRUE(parsed.complete) << step;
    EXPECT_EQ(parsed.target, "/a/b?c=d");
    EXPECT_EQ(parsed.fields, "Host=h;Empty=;X-Long=some value;Content-Length=5;") << step;
    EXPECT_EQ(parsed.body, "hello");
    EXPECT_EQ(parsed.rest, "GET / HT") << step;
  }
}

TEST(Parser, ReadsChunkedBodiesHoweverTheBytesAreCut) {
  const std::string request =
      "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;ext=\"v\"\r\nWiki\r\n5\r\npedia\r\nE\r\n in\r\n\r\nchunks.\r\n0\r\nTrailer: t\r\n\r\nNEXT";
  for (size_t step = 1; step <= request.size(); ++step) {
    Parsed parsed = Parse(request, step);
    EXPECT_EQ(parsed.refused, 0) << step;
    EXPECT_TRUE(parsed.complete) << step;
    EXPECT_EQ(parsed.body, "Wikipedia in\r\n\r\nchunks.") << step;
    EXPECT_EQ(parsed.rest, "NEXT") << step;
  }
}

struct RefusedCase {
  const char* name;
  std::string bytes;
  int status;
};

// What smuggles requests past a proxy, or is no HTTP.
std::vector<RefusedCase> RefusedCases() {
  const std::string get = "GET / HTTP/1.1\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  return {
      {"no host", get + "\r\n", 400},
      {"two hosts", get + "Host: a\r\nHost: b\r\n\r\n", 400},
      {"bad host", get + "Host: a/b\r\n\r\n", 400},
      {"host with a space", get + "Host: a b\r\n\r\n", 400},
      {"te in 1.0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {"cl and te", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"te and cl", post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      {"cl twice, different", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {"cl twice, same", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
      {"cl list", post + "Content-Length: 3, 3\r\n\r\nabc", 400},
      {"cl negative", post + "Content-Length: -1\r\n\r\n", 400},
      {"cl plus", post + "Content-Length: +1\r\n\r\na", 400},
      {"cl hex", post + "Content-Length: 0x1\r\n\r\na", 400},
      {"cl huge", post + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
      {"cl empty", post + "Content-Length:\r\n\r\n", 400},
      {"te xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"te chunked, identity", post + "Transfer-Encoding: chunked, identity\r\n\r\n", 400},
      {"te gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"te twice",
       post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"obs-fold", get + "Host: h\r\nA: b\r\n c\r\n\r\n", 400},
      {"space before colon", get + "Host : h\r\n\r\n", 400},
      {"line without colon", get + "Host: h\r\nnonsense\r\n\r\n", 400},
      {"empty name", get + "Host: h\r\n: x\r\n\r\n", 400},
      {"nul in value", get + "Host: h\r\nA: b" + std::string(1, '\0') + "\r\n\r\n", 400},
      {"bare cr in value", get + "Host: h\r\nA: b\rc\r\n\r\n", 400},
      {"bare lf line ends", "GET / HTTP/1.1\nHost: h\n\n", 400},
      {"version 2", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"version 1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
      {"version 0.9", "GET / HTTP/0.9\r\n\r\n", 505},
      {"h2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"tls hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8), 400},
      {"lower-case method", "get / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"two spaces before the target", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"two spaces behind the target", "GET /  HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"two spaces behind empty lines", "\r\n\r\nGET /  HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"tab behind chunked", post + "Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n", 400},
      {"bad chunk size", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"chunk size with sign", post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400},
      {"chunk size overflow", post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
       400},
      {"chunk without its end", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400},
  };
}

TEST(Parser, RefusesWhatCouldBeReadInTwoWays) {
  for (const auto& test : RefusedCases()) {
    for (size_t step : {size_t{1}, size_t{7}, test.bytes.size()}) {
      EXPECT_EQ(Parse(test.bytes, step).refused, test.status) << test.name << ", step " << step;
    }
  }
}

TEST(Parser, HoldsItsLimits) {
  Limits limits;
  limits.header_bytes = 1000;
  limits.header_count = 10;
  limits.target_bytes = 100;
  const std::string host = "Host: h\r\n";
  EXPECT_EQ(
      Parse("GET /" + std::string(100, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 13, limits).refused,
      414);
  EXPECT_EQ(
      Parse("GET / HTTP/1.1\r\n" + host + "A: " + std::string(1000, 'a') + "\r\n\r\n", 13, limits)
          .refused,
      431);
  EXPECT_EQ(
      Parse("GET / HTTP/1.1\r\n" + host + "A: " + std::string(1000, 'a') + "\r\n\r\n", 5000, limits)
          .refused,
      431);
  std::string many = "GET / HTTP/1.1\r\n" + host;
  for (int i = 0; i < 9; ++i) {
    many += "A: b\r\n";
  }
  EXPECT_TRUE(Parse(many + "\r\n", 13, limits).complete);
  EXPECT_EQ(Parse(many + "A: b\r\n\r\n", 13, limits).refused, 431);
  EXPECT_EQ(Parse(std::string(2000, '\n'), 13, limits).refused, 431);
  std::string trailers = "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 500; ++i) {
    trailers += "A: b\r\n";
  }
  EXPECT_EQ(Parse(trailers, 13, limits).refused, 431);
}

TEST(Parser, TreatsAnUpgradeOfferAsPlainHttp) {
  Parsed parsed = Parse(
      "POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: "
      "h2c\r\nContent-Length: 2\r\n\r\nokX",
      4);
  EXPECT_TRUE(parsed.complete);
  EXPECT_EQ(parsed.body, "ok");
  EXPECT_EQ(parsed.rest, "X");
}

TEST(Parser, ReadsResponsesThatEndWithTheConnection) {
  Limits limits;
  Parser parser(Parser::Kind::kResponse, &limits);
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
  ASSERT_EQ(parser.FeedHead(head), Parser::HeadState::kDone);
  EXPECT_FALSE(parser.body_done());
  std::string body = "abc";
  auto step = parser.FeedBody(body, body.data());
  EXPECT_EQ(step.produced, 3u);
  EXPECT_FALSE(parser.body_done());
  EXPECT_TRUE(parser.FeedEnd());
}

TEST(Parser, AResponseCutShortIsNotComplete) {
  Limits limits;
  Parser parser(Parser::Kind::kResponse, &limits);
  ASSERT_EQ(parser.FeedHead("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
            Parser::HeadState::kDone);
  std::string body = "abc";
  parser.FeedBody(body, body.data());
  EXPECT_FALSE(parser.FeedEnd());
}

}  // namespace
}  // namespace stetig::http::internal
