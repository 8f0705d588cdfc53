// Page tokens: any text gives values or an error; what decodes encodes to a token that decodes to
// the same.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "query/page_token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stetig::query;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto values = DecodePageToken(text, 7);
  if (values) {
    const std::string token = EncodePageToken(7, *values);
    const auto again = DecodePageToken(token, 7);
    CHECK(again.has_value() && EncodePageToken(7, *again) == token);
  } else {
    CHECK(values.error().code() == stetig::Code::kInvalidArgument);
  }
  // The same bytes as one text value: every length and every byte survives.
  const CursorValue value = std::string(text);
  const auto back = DecodePageToken(EncodePageToken(size, std::span(&value, 1)), size);
  CHECK(text.size() > kMaxTokenBytes / 2 ||
        (back.has_value() && back->size() == 1 && back->front() == value));
  return 0;
}
