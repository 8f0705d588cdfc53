// The parser behind json.h and its error messages. Included by the sources of json.h only: it needs
// simdjson.
#pragma once

#include <simdjson.h>

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace stetig::json::internal {

namespace ondemand = simdjson::ondemand;

struct DocumentState {
  ondemand::parser parser;
  std::string text;  // with padding behind `length`
  size_t length = 0;
  std::string wrapped;  // "[text]" when the document is a scalar, which the parser cannot hand out
                        // otherwise
  std::deque<std::string> unescaped;  // strings that hold escapes; addresses stay
  ondemand::document document;
  ondemand::array wrapping;
  ondemand::array_iterator element;
  Limits limits;
  bool nan_literals = false;
  std::optional<Cursor> root;
  bool consumed = false;       // the cursor handed out last was read with success
  const char* last = nullptr;  // begin of that cursor's value

  bool is_wrapped() const { return !wrapped.empty(); }
  std::string_view source() const { return std::string_view(text).substr(0, length); }
  /// The text that the parser sees.
  const char* begin() const { return is_wrapped() ? wrapped.data() : text.data(); }

  /// Takes a text in and finds its structure.
  Status Open(std::string body, const Limits& wanted, bool nan);
  Status OpenWrapped();
  /// Makes the cursor on the outermost value.
  void SetRoot(ondemand::value value);
  /// kInvalidArgument with line and column of `at`, a place in what the parser sees.
  Status ErrorAt(const char* at, std::string_view message) const;
  /// The same for an error of the parser, where it stands.
  Status ParserError(simdjson::error_code error);
  Status StructureError(simdjson::error_code error) const;

  /// The decoded string whose opening quote is before `raw`.
  Result<std::string_view> Decode(const char* raw);
  /// Checks the escapes only.
  Status CheckString(const char* raw);
};

/// Ends of lines before `offset` plus one, and code points since the last of them plus one.
struct Position {
  size_t line;
  size_t column;
};
Position PositionOf(std::string_view text, size_t offset);

/// Whether the nesting of the first `window` bytes exceeds `depth`.
bool TooDeep(std::string_view text, size_t window, int depth);

}  // namespace stetig::json::internal
