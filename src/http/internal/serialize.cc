#include "http/internal/serialize.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "base/text.h"

namespace stetig::http::internal {
namespace {

// Fields that say how the message is framed; only the server knows.
bool IsOurs(std::string_view name) {
  switch (name.size()) {
    case 4:
      return EqualsIgnoreCase(name, "date");
    case 10:
      return EqualsIgnoreCase(name, "connection");
    case 12:
      return EqualsIgnoreCase(name, "x-request-id");
    case 14:
      return EqualsIgnoreCase(name, "content-length");
    case 17:
      return EqualsIgnoreCase(name, "transfer-encoding");
    default:
      return false;
  }
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool IsSafe(std::string_view text) {
  for (char c : text) {
    if (c == '\r' || c == '\n' || c == '\0') {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "";
  }
}

void AppendHead(std::string& out, const Response& response, const HeadFacts& facts) {
  if (response.status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("HTTP/1.1 {} {}\r\n"), response.status,
                   ReasonPhrase(response.status));
  }
  out.append(kSafetyFields);
  for (size_t i = 0; i < response.headers.size(); ++i) {
    auto [name, value] = response.headers.at(i);
    if (!IsOurs(name) && IsSafe(name) && IsSafe(value)) {
      AppendField(out, name, value);
    }
  }
  switch (facts.framing) {
    case HeadFacts::Framing::kLength:
      out.append("Content-Length: ").append(fmt::format_int(facts.length).c_str()).append("\r\n");
      break;
    case HeadFacts::Framing::kChunked:
      out.append("Transfer-Encoding: chunked\r\n");
      break;
    case HeadFacts::Framing::kUntilClose:
    case HeadFacts::Framing::kNone:
      break;
  }
  if (facts.close) {
    out.append("Connection: close\r\n");
  } else if (facts.http10) {
    out.append("Connection: keep-alive\r\n");
  }
  AppendField(out, "Date", facts.date);
  AppendField(out, "X-Request-Id", facts.request_id);
  out.append("\r\n");
}

void AppendChunkSize(std::string& out, size_t size) {
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{:x}\r\n"), size);
}

void AppendEvent(std::string& out, const EventSource::Item& item) {
  // Ids and names are one line by definition; a line break in them would begin another field.
  if (!item.id.empty() && IsSafe(item.id)) {
    out.append("id: ").append(item.id).append("\n");
  }
  if (!item.event.empty() && IsSafe(item.event)) {
    out.append("event: ").append(item.event).append("\n");
  }
  std::string_view data = item.data;
  for (;;) {
    const size_t end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) {
      break;
    }
    const bool crlf = data.substr(end).starts_with("\r\n");
    data.remove_prefix(end + (crlf ? 2 : 1));
  }
  out.append("\n");
}

std::string HttpDate(int64_t unix_seconds) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = unix_seconds;
  std::tm t = {};
  gmtime_r(&seconds, &t);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[t.tm_wday], t.tm_mday,
                     kMonths[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

}  // namespace stetig::http::internal
