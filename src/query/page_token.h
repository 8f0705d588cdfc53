// Page tokens: a keyset cursor (the sort values of the last row of a page) that only the query
// which made it accepts.
//
// Form: base64url without padding of  version (1 byte = 1) | query fingerprint (8) | values |
// XXH3-64 of all before (8), little endian. A value is a kind byte (0 null, 1 int64, 2 double, 3
// text) and 0, 8, 8 bytes, or a 4-byte length and its bytes. A token is no secret and no
// capability: whoever forges one only picks another place in a search that they may do anyway.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

namespace stetig::query {

using CursorValue = std::variant<std::monostate, int64_t, double, std::string>;

inline constexpr size_t kMaxTokenBytes = 128 * 1024;

/// Identifies a query by everything that decides which rows come in which order (ids, filter,
/// order, view), not by its page size.
class Fingerprint {
 public:
  explicit Fingerprint(std::string_view kind) { Add(kind); }
  Fingerprint& Add(std::string_view part);
  Fingerprint& Add(int64_t part);
  uint64_t value() const { return state_; }

 private:
  uint64_t state_ = 0;
};

std::string EncodePageToken(uint64_t fingerprint, std::span<const CursorValue> values);

/// kInvalidArgument: not a token, damaged, or of another query. The caller checks number and kinds
/// of the values.
Result<std::vector<CursorValue>> DecodePageToken(std::string_view token, uint64_t fingerprint);

}  // namespace stetig::query
