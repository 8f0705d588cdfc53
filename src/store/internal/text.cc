#include "store/internal/text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstring>

namespace stetig::store {
namespace {

constexpr size_t kShort = 64;

// Most texts are short ASCII: eight bytes at a time, without a call.
bool IsShortAscii(std::string_view text) {
  if (text.size() > kShort) {
    return false;
  }
  unsigned char high = 0;
  bool nul = false;
  for (const char c : text) {
    high |= static_cast<unsigned char>(c);
    nul |= c == '\0';
  }
  return high < 0x80 && !nul;
}

}  // namespace

Status CheckTexts(Params params) {
  for (size_t i = 0; i < params.size(); ++i) {
    if (params[i].kind() != Value::Kind::kText) {
      continue;
    }
    const std::string_view text = params[i].AsText();
    if (IsShortAscii(text)) {
      continue;
    }
    if (std::memchr(text.data(), '\0', text.size()) != nullptr) {
      return Err(Code::kInvalidArgument,
                 fmt::format("text parameter ${} holds a NUL character", i + 1));
    }
    if (!simdjson::validate_utf8(text.data(), text.size())) {
      return Err(Code::kInvalidArgument,
                 fmt::format("text parameter ${} is not valid UTF-8", i + 1));
    }
  }
  return OkStatus();
}

}  // namespace stetig::store
