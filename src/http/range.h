// Answers for bodies that can start anywhere: Range and If-Range (RFC 9110, section 14; one range,
// others are answered whole).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "http/message.h"

namespace stetig::http {

/// A body of known size whose bytes can be read from any offset. One reader, one loop.
class SeekableStream {
 public:
  virtual ~SeekableStream() = default;
  virtual uint64_t size() const = 0;
  /// At least one byte unless `into` is empty or `offset` is at or behind the end. Errors end the
  /// answer.
  virtual Task<size_t> ReadAt(uint64_t offset, std::span<std::byte> into) = 0;
};

/// 200 with everything, 206 with the range that the request asks for, 416 for one outside, 304 when
/// If-None-Match names `etag`. `etag` is a strong entity tag in quotes. Sets ETag, Accept-Ranges
/// and Content-Range; the caller adds the rest.
Response RangedResponse(const Request& request, std::unique_ptr<SeekableStream> body,
                        std::string_view etag);

}  // namespace stetig::http
