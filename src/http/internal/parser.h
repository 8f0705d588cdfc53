// llhttp behind a class: heads and bodies of HTTP/1.x messages from bytes that arrive in any
// pieces.
//
// Invariants: 1. the head is one contiguous text, fields are offsets into it; 2. body bytes are
// handed on in place or moved once; 3. what llhttp leaves open is refused here: Host,
// Transfer-Encoding other than chunked, TE in HTTP/1.0, limits, versions.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/limits.h"
#include "http/message.h"

namespace stetig::http::internal {

/// Why a message was refused: the HTTP status to answer and a sentence.
struct ParseError {
  int status = 400;
  std::string message;
};

/// One message at a time: FeedHead until kDone, then FeedBody until `end`, then Reset. Confined to
/// one loop.
class Parser {
 public:
  enum class Kind : unsigned char { kRequest, kResponse };
  enum class HeadState : unsigned char { kMore, kDone, kFailed };

  /// `limits` is borrowed.
  Parser(Kind kind, const Limits* limits);
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// Ready for the next message.
  void Reset();

  /// `head`: all bytes since the message began; may lie at another address than last time. Only
  /// what is new is looked at.
  HeadState FeedHead(std::string_view head);
  /// After kDone: where the body begins.
  size_t head_size() const { return fed_; }

  // After kDone.
  /// Nothing: a method that is valid HTTP, but not among ours.
  std::optional<Method> method() const;
  std::string_view target(std::string_view head) const {
    return head.substr(target_at_, target_size_);
  }
  bool http10() const { return llhttp_.http_minor == 0; }
  int status() const { return llhttp_.status_code; }
  bool keep_alive() const { return keep_alive_; }
  bool chunked() const { return (llhttp_.flags & F_CHUNKED) != 0; }
  /// No body bytes follow.
  bool body_done() const { return body_done_; }
  /// Exact size of the body, unless chunked or (responses) ended by the connection's end.
  std::optional<uint64_t> content_length() const { return content_length_; }
  const std::vector<Headers::Field>& fields() const { return fields_; }

  struct BodyStep {
    size_t consumed = 0;  ///< of `in`
    size_t produced = 0;  ///< body bytes at `out`
    bool failed = false;  ///< see error()
  };
  /// Body bytes out of `in`, gathered at `out`, which has room for in.size() and may be in.data().
  /// Stops at the message's end (body_done()).
  BodyStep FeedBody(std::span<const char> in, char* out);
  /// The connection ended: true when that ends the message properly (responses without a length).
  bool FeedEnd();

  /// A response to HEAD has no body, whatever its fields say. Call before FeedHead.
  void ExpectNoBody() { no_body_ = true; }

  const ParseError& error() const { return error_; }

 private:
  struct Callbacks;
  static const llhttp_settings_t* Settings();

  int CountTrailer(size_t size);
  HeadState Refuse(int status, std::string message);
  HeadState RefuseParsed(llhttp_errno_t code);
  HeadState CheckHead(std::string_view head);
  bool HasSingleSpaces(std::string_view head) const;
  bool CheckField(std::string_view head, const Headers::Field& field, int* hosts);

  llhttp_t llhttp_;
  const Limits* limits_;
  const char* base_ = nullptr;  // first byte of the head during FeedHead
  char* out_ = nullptr;         // where body bytes go during FeedBody
  uint32_t target_at_ = 0;
  uint32_t target_size_ = 0;
  size_t fed_ = 0;
  size_t trailer_bytes_ = 0;
  std::optional<uint64_t> content_length_;
  bool head_done_ = false;
  bool in_value_ = false;  // the last field's value is complete
  bool body_done_ = false;
  bool keep_alive_ = false;
  bool no_body_ = false;
  std::vector<Headers::Field> fields_;
  ParseError error_;
};

}  // namespace stetig::http::internal
