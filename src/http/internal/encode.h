// Content codings of bodies: gzip and zstd, in and out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace stetig::http::internal {

enum class Coding : unsigned char { kIdentity, kGzip, kZstd };
std::string_view CodingName(Coding coding);

/// The best of ours by Accept-Encoding's weights (RFC 9110, 12.5.3); zstd wins a tie, being the
/// cheaper one.
Coding ChooseCoding(std::string_view accept_encoding);

/// Text-like media types: what is packed already only costs time.
bool IsCompressible(std::string_view content_type);

/// Nothing when the encoder fails.
std::optional<std::string> EncodeBody(Coding coding, std::string_view text);

/// `raw`, decoded as it is read, of at most `limit` bytes (kResourceExhausted), whatever they were
/// packed into. Malformed input: kInvalidArgument. Null when `coding` is none of ours. `raw` is
/// borrowed.
std::unique_ptr<ByteStream> DecodeBody(ByteStream& raw, std::string_view coding, uint64_t limit);

}  // namespace stetig::http::internal
