// Cuts a filter or an order into tokens the way MLflow's tokenizer does, where that decides what a
// text means.
#pragma once

#include <string_view>
#include <vector>

namespace stetig::query::internal {

struct Token {
  enum class Kind : unsigned char {
    kField,     ///< word, "quoted" or `backticked` parts joined by dots
    kNumber,    ///< -1.5e3
    kText,      ///< 'single quoted'
    kOperator,  ///< a run of < > = ! ~
    kOpen,
    kClose,
    kComma,
    kBad,  ///< anything else; never legal
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::string_view text;  ///< as written, quotes included
  size_t at = 0;          ///< byte offset
};

/// Tokens of `text`, the last one kEnd. Linear time. Borrowed from `text`.
std::vector<Token> Tokenize(std::string_view text);

/// Whether a kField token is the bare word `upper` in any case.
bool IsWord(const Token& token, std::string_view upper);

/// Whether a kNumber token has neither fraction nor exponent.
bool IsInteger(const Token& token);

}  // namespace stetig::query::internal
