// The bytes of response heads, chunks and events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace stetig::http::internal {

std::string_view ReasonPhrase(int status);
/// RFC 9110 section 15: these never have a body.
inline bool StatusForbidsBody(int status) {
  return status / 100 == 1 || status == 204 || status == 304;
}

/// Facts about an answer that its Response does not hold.
struct HeadFacts {
  enum class Framing : unsigned char { kLength, kChunked, kUntilClose, kNone };
  Framing framing = Framing::kLength;
  uint64_t length = 0;
  bool http10 = false;
  bool close = false;
  std::string_view request_id;
  std::string_view date;
};

/// In every answer: browsers neither guess another content type nor show it in a foreign frame.
inline constexpr std::string_view kSafetyFields =
    "X-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\n";

/// Appends status line and fields. The server's own fields (Content-Length, Transfer-Encoding,
/// Connection, Date, X-Request-Id) replace what the response says. Field values that hold line
/// breaks or NUL are left out: they could begin another field.
void AppendHead(std::string& out, const Response& response, const HeadFacts& facts);

/// "1a\r\n"
void AppendChunkSize(std::string& out, size_t size);
/// An event in the text/event-stream form.
void AppendEvent(std::string& out, const EventSource::Item& item);
/// RFC 9110 date, e.g. "Sun, 06 Nov 1994 08:49:37 GMT".
std::string HttpDate(int64_t unix_seconds);

}  // namespace stetig::http::internal
