// HTTP messages: any bytes give messages or an error, the same whether they arrive whole or in
// pieces; what we accept, Boost.Beast accepts, and reads the same from it.
//
// The first bytes of an input say how it is cut; the rest is what arrives. Beast is the laxer
// parser (docs/decisions/001-http-layer.md), so nothing is said of what we refuse.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "http/internal/parser.h"

namespace stetig::http::internal {
namespace {

namespace beast = boost::beast::http;

struct Message {
  std::string head;
  std::string target;
  int status = 0;
  bool http10 = false;
  bool keep_alive = false;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  size_t begin = 0;  ///< in the input
  size_t end = 0;
  bool whole = false;  ///< its end has come
  friend bool operator==(const Message&, const Message&) = default;
};

struct Reading {
  std::vector<Message> messages;  ///< the last one may be without its end
  int refused = 0;                ///< the status that would be answered
};

/// Gives the bytes of an input piece by piece.
class Arrivals {
 public:
  Arrivals(std::string_view bytes, std::string_view cuts) : bytes_(bytes), cuts_(cuts) {}
  /// The end of what has arrived by now, after the next piece.
  size_t Next() {
    const size_t step = cuts_.empty() ? bytes_.size() : Step();
    arrived_ = std::min(bytes_.size(), arrived_ + step);
    return arrived_;
  }
  size_t arrived() const { return arrived_; }
  bool all() const { return arrived_ == bytes_.size(); }

 private:
  size_t Step() {
    const auto cut = static_cast<unsigned char>(cuts_[turn_++ % cuts_.size()]);
    return 1 + cut % 32;
  }
  std::string_view bytes_;
  std::string_view cuts_;
  size_t arrived_ = 0;
  size_t turn_ = 0;
};

/// False: it was refused.
bool ReadBody(Parser& parser, std::string_view bytes, Arrivals& arrivals, size_t& at,
              Message& message) {
  while (!parser.body_done()) {
    const std::string_view in = bytes.substr(at, arrivals.arrived() - at);
    std::string out(in.size(), '\0');
    const Parser::BodyStep step = parser.FeedBody(std::span(in.data(), in.size()), out.data());
    CHECK(step.produced <= step.consumed || step.failed);
    CHECK(step.consumed <= in.size());
    message.body.append(out, 0, step.produced);
    if (step.failed) {
      return false;
    }
    at += step.consumed;
    CHECK(parser.body_done() || step.consumed == in.size());
    if (!parser.body_done()) {
      if (arrivals.all()) {
        return true;
      }
      arrivals.Next();
    }
  }
  message.whole = true;
  return true;
}

Message ReadHead(const Parser& parser, std::string_view head) {
  Message message{.head = std::string(head),
                  .target = std::string(parser.target(head)),
                  .status = parser.status(),
                  .http10 = parser.http10(),
                  .keep_alive = parser.keep_alive()};
  for (const Headers::Field& field : parser.fields()) {
    message.fields.emplace_back(head.substr(field.name, field.name_size),
                                head.substr(field.value, field.value_size));
  }
  return message;
}

Reading Read(std::string_view bytes, std::string_view cuts, Parser::Kind kind) {
  const Limits limits;
  Parser parser(kind, &limits);
  Arrivals arrivals(bytes, cuts);
  Reading reading;
  size_t begin = 0;
  arrivals.Next();
  while (begin < bytes.size()) {
    const Parser::HeadState state =
        parser.FeedHead(bytes.substr(begin, arrivals.arrived() - begin));
    if (state == Parser::HeadState::kMore) {
      if (arrivals.all()) {
        break;
      }
      arrivals.Next();
      continue;
    }
    if (state == Parser::HeadState::kFailed) {
      reading.refused = parser.error().status;

      CHECK(reading.refused >= 400 && !parser.error().message.empty());
      break;
    }
    Message& message =
        reading.messages.emplace_back(ReadHead(parser, bytes.substr(begin, parser.head_size())));
    message.begin = begin;
    size_t at = begin + parser.head_size();
    if (!ReadBody(parser, bytes, arrivals, at, message)) {
      reading.refused = 400;
      break;
    }
    message.end = at;
    if (!message.whole) {
      break;
    }
    begin = at;
    parser.Reset();
  }
  return reading;
}

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

/// A name or target that is both too much and malformed is the one or the other, as the cut comes.
bool SameRefusal(int a, int b) {
  const auto is_limit = [](int status) { return status == 431 || status == 414; };
  return a == b || (a != 0 && b != 0 && (is_limit(a) || is_limit(b)));
}

bool NamesConnection(const Message& message) {
  return std::ranges::any_of(message.fields, [](const auto& field) {
    return EqualsIgnoreCase(field.first, "Connection") ||
           EqualsIgnoreCase(field.first, "Proxy-Connection") ||
           EqualsIgnoreCase(field.first, "Upgrade");
  });
}

/// Beast's words for one message that we have accepted whole. It knows no empty lines before a
/// request line, which RFC 9112, section 2.2, lets a server skip, and refuses a Connection or
/// Upgrade field that is no list, where we only look for the words that we know, and chunk
/// extensions without a name, which we pass over as all others.
void CompareWithBeast(const Message& ours, std::string_view bytes) {
  beast::request_parser<beast::string_body> parser;
  parser.eager(true);
  parser.header_limit(UINT32_MAX);
  parser.body_limit(UINT64_MAX);
  boost::beast::error_code error;
  const size_t blank = ours.head.find_first_not_of("\r\n");
  const std::string_view text = bytes.substr(ours.begin + blank, ours.end - ours.begin - blank);
  for (size_t at = 0; at < text.size() && !parser.is_done();) {
    const size_t used = parser.put(boost::asio::buffer(text.data() + at, text.size() - at), error);
    const bool in_trailers = parser.is_header_done() && parser.chunked();
    if ((error == beast::error::bad_value && (NamesConnection(ours) || in_trailers)) ||
        error == beast::error::bad_chunk_extension ||
        (in_trailers && (error == beast::error::bad_content_length ||
                         error == beast::error::bad_transfer_encoding))) {
      return;
    }
    CHECK(!error && used > 0);
    at += used;
  }
  CHECK(parser.is_done());
  const auto& theirs = parser.get();
  CHECK(text.starts_with(View(theirs.method_string())));
  CHECK(ours.target == View(theirs.target()));
  CHECK(ours.http10 == (theirs.version() == 10));
  // It puts fields of one name together and trailers among them.
  std::vector<std::pair<std::string, std::string>> fields = ours.fields;
  std::vector<std::pair<std::string, std::string>> their_fields;
  for (const auto& field : theirs) {
    their_fields.emplace_back(View(field.name_string()), View(field.value()));
  }
  std::ranges::sort(fields);
  std::ranges::sort(their_fields);
  CHECK(std::ranges::includes(their_fields, fields));
  CHECK(ours.body == theirs.body());
}

}  // namespace
}  // namespace stetig::http::internal

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stetig::http::internal;
  constexpr size_t kCuts = 4;
  if (size < kCuts) {
    return 0;
  }
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view cuts = input.substr(0, kCuts);
  const std::string_view bytes = input.substr(kCuts);
  for (const Parser::Kind kind : {Parser::Kind::kRequest, Parser::Kind::kResponse}) {
    const Reading whole = Read(bytes, {}, kind);
    const Reading pieces = Read(bytes, cuts, kind);
    CHECK(whole.messages == pieces.messages);
    CHECK(SameRefusal(whole.refused, pieces.refused));
    if (kind == Parser::Kind::kRequest) {
      for (const Message& message : whole.messages) {
        if (message.whole) {
          CompareWithBeast(message, bytes);
        }
      }
    }
  }
  return 0;
}
