// What handlers see of HTTP: a request with its body as a stream, and a response whose body is
// bytes, a stream, or events. Handlers know nothing of the connection, the parser or the protocol
// version.
#pragma once

#include <any>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"

namespace stetig::http {

enum class Method : unsigned char { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };
std::string_view MethodName(Method method);

/// Header fields in order of arrival; names compare without case. One buffer holds all text. A
/// request has at most Limits::header_count of them. Views handed out live until the next change of
/// this object.
class Headers {
 public:
  using FieldView = std::pair<std::string_view, std::string_view>;
  /// Where a field lies in the text given to Adopt().
  struct Field {
    uint32_t name = 0;
    uint32_t name_size = 0;
    uint32_t value = 0;
    uint32_t value_size = 0;
  };

  /// First value of `name`, or nothing.
  std::optional<std::string_view> Get(std::string_view name) const;
  size_t Count(std::string_view name) const;
  void Add(std::string_view name, std::string_view value);
  /// Replaces every field called `name`.
  void Set(std::string_view name, std::string_view value);
  void Remove(std::string_view name);

  size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }
  FieldView at(size_t i) const {
    return {Text(fields_[i].name, fields_[i].name_size),
            Text(fields_[i].value, fields_[i].value_size)};
  }
  std::vector<FieldView> fields() const;

  /// Takes over a parsed head: `fields` point into `text`.
  void Adopt(std::string text, std::vector<Field> fields) {
    text_ = std::move(text);
    fields_ = std::move(fields);
  }

 private:
  std::string_view Text(uint32_t at, uint32_t size) const {
    return std::string_view(text_).substr(at, size);
  }

  std::string text_;
  std::vector<Field> fields_;
};

/// Detail of the kResourceExhausted of a body that is longer than its limit: sending it again does
/// not help.
inline constexpr std::string_view kBodyTooLarge = "body_too_large";

/// Bytes that arrive or leave in pieces. One reader, one loop.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Fills up to `into.size()` bytes; 0 means the end. Incoming bodies: kInvalidArgument (malformed
  /// framing), kDeadlineExceeded (too slow), kCancelled (peer gone), kResourceExhausted (body
  /// limit). After an error or the end, every further call says the same.
  virtual Task<size_t> Read(std::span<std::byte> into) = 0;
  /// Exact length when known beforehand.
  virtual std::optional<uint64_t> length() const { return std::nullopt; }
  /// The reader keeps `more` further bytes in memory until its request has been answered. False:
  /// all such readers together hold what they may; this one gives up with kUnavailable.
  virtual bool Hold(uint64_t /*more*/) { return true; }
};

/// Who sent the request, as far as the connection and the access check know.
struct Peer {
  std::string address;  ///< "127.0.0.1"
  bool loopback = false;
  bool tls = false;
};

struct Request {
  Method method = Method::kGet;
  std::string target;  ///< as received
  std::string path;    ///< percent-decoded once, no query
  std::string query;   ///< raw, without '?'
  Headers headers;
  std::vector<std::pair<std::string_view, std::string>>
      path_params;  ///< by the route's pattern, decoded
  Peer peer;
  std::string request_id;
  Deadline deadline;  ///< arrival of the head plus the route's limit: for what is done before the
                      ///< body has been read
  std::chrono::milliseconds time_limit{120'000};  ///< the route's
  std::any caller;  ///< who asks: set by the Before hook, read by handlers
  ByteStream* body =
      nullptr;  ///< never null; decoded (Content-Encoding gzip and zstd); owned by the connection

  /// The route's limit from now on: for what begins after the body has been read, or when the peer
  /// has taken what was sent so far. How long bodies may take is for limits.h alone to say.
  Deadline FreshDeadline() const { return After(time_limit); }
  std::string_view PathParam(std::string_view name) const;
  /// Decoded values of a query parameter, in order. Malformed percent escapes are kept as they
  /// stand.
  std::vector<std::string> QueryAll(std::string_view name) const;
  std::optional<std::string> Query(std::string_view name) const;
};

/// Reads the whole body into one string that has kJsonPadding readable bytes after its end
/// (capacity). Memory grows with what has come, whatever length was announced.
/// kResourceExhausted: more than `limit`. kUnavailable: Hold() refused.
Task<std::string> ReadAll(ByteStream& body, size_t limit);
inline constexpr size_t kJsonPadding = 64;

/// Server-sent events: the connection pulls, so nothing grows while a client is slow.
class EventSource {
 public:
  struct Item {
    std::string id;     ///< may be empty
    std::string event;  ///< may be empty
    std::string data;   ///< any text; split into data: lines
  };
  virtual ~EventSource() = default;
  /// Waits for the next event; nothing means "none until `deadline`" (a heartbeat is sent).
  /// kCancelled ends the stream.
  virtual Task<std::optional<Item>> Next(Deadline deadline) = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  std::variant<std::string, std::unique_ptr<ByteStream>, std::unique_ptr<EventSource>> body;
  bool close = false;   ///< end the connection after this answer
  std::string failure;  ///< why it is an error, for the log; not sent

  static Response Text(int status, std::string body,
                       std::string_view content_type = "text/plain; charset=utf-8");
  static Response Json(int status, std::string body);
};

}  // namespace stetig::http
