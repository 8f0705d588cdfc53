#include "query/internal/lexer.h"

#include <algorithm>

namespace stetig::query::internal {
namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsOperator(char c) { return c == '<' || c == '>' || c == '=' || c == '!' || c == '~'; }
bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsWordPart(char c) { return IsWordStart(c) || IsDigit(c) || c == '$' || c == '#'; }

// Position behind a quoted piece that starts at `from`, or npos. Like the stock tokenizer's
// '(''|\\'|[^'])*' with backtracking: a doubled or backslashed quote goes on, unless no closing
// quote follows; then the last such quote was the closing one.
size_t SkipQuoted(std::string_view text, size_t from) {
  const char quote = text[from];
  size_t fallback = std::string_view::npos;
  for (size_t i = from + 1; i < text.size();) {
    if (text[i] == quote) {
      if (i + 1 >= text.size() || text[i + 1] != quote) return i + 1;
      fallback = i + 1;
      i += 2;
    } else if (text[i] == '\\' && quote != '`' && i + 1 < text.size() && text[i + 1] == quote) {
      fallback = i + 2;
      i += 2;
    } else {
      ++i;
    }
  }
  return fallback;
}

// Position behind a number that starts at `from`, or npos when there is none.
size_t SkipNumber(std::string_view text, size_t from) {
  const auto digits = [&](size_t i) {
    while (i < text.size() && IsDigit(text[i])) ++i;
    return i;
  };
  size_t i = from;
  if (text[i] == '-') ++i;
  const size_t whole = i;
  i = digits(i);
  size_t count = i - whole;
  if (i < text.size() && text[i] == '.') {
    const size_t fraction = ++i;
    i = digits(i);
    count += i - fraction;
  }
  if (count == 0) return std::string_view::npos;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    size_t exponent = i + 1;
    if (exponent < text.size() && (text[exponent] == '-' || text[exponent] == '+')) ++exponent;
    if (const size_t end = digits(exponent); end > exponent) i = end;
  }
  return i < text.size() && IsWordPart(text[i]) ? std::string_view::npos : i;
}

// Position behind one part of a field at `from`, or npos.
size_t SkipPart(std::string_view text, size_t from, bool first) {
  if (from >= text.size()) return std::string_view::npos;
  const char c = text[from];
  if (c == '"' || c == '`') return SkipQuoted(text, from);
  if (!(first ? IsWordStart(c) : IsWordPart(c))) return std::string_view::npos;
  size_t i = from;
  while (i < text.size() && IsWordPart(text[i])) ++i;
  return i;
}

// Position behind a field at `from`, or npos.
size_t SkipField(std::string_view text, size_t from) {
  size_t i = SkipPart(text, from, /*first=*/true);
  if (i == std::string_view::npos) return i;
  while (i < text.size() && text[i] == '.') {
    const size_t next = SkipPart(text, i + 1, /*first=*/false);
    if (next == std::string_view::npos) break;
    i = next;
  }
  return i;
}

Token Next(std::string_view text, size_t at) {
  const auto make = [&](Token::Kind kind, size_t end) {
    return Token{.kind = kind, .text = text.substr(at, end - at), .at = at};
  };
  const char c = text[at];
  switch (c) {
    case '(':
      return make(Token::Kind::kOpen, at + 1);
    case ')':
      return make(Token::Kind::kClose, at + 1);
    case ',':
      return make(Token::Kind::kComma, at + 1);
    default:
      break;
  }
  if (IsOperator(c)) {
    size_t end = at;
    while (end < text.size() && IsOperator(text[end])) ++end;
    return make(Token::Kind::kOperator, end);
  }
  size_t end = std::string_view::npos;
  if (c == '\'') {
    end = SkipQuoted(text, at);
    if (end != std::string_view::npos) return make(Token::Kind::kText, end);
  } else if (IsDigit(c) || c == '-' || c == '.') {
    end = SkipNumber(text, at);
    if (end != std::string_view::npos) return make(Token::Kind::kNumber, end);
  } else {
    end = SkipField(text, at);
    if (end != std::string_view::npos) return make(Token::Kind::kField, end);
  }
  end = at + 1;
  if (text.substr(at, 2) == "--") {
    end = std::min(text.find('\n', at), text.size());  // a comment: refused as one piece
  } else {
    while (end < text.size() && IsWordPart(text[end])) ++end;
  }
  return make(Token::Kind::kBad, end);
}

}  // namespace

std::vector<Token> Tokenize(std::string_view text) {
  std::vector<Token> tokens;
  size_t at = 0;
  while (true) {
    while (at < text.size() && IsSpace(text[at])) ++at;
    if (at >= text.size()) break;
    tokens.push_back(Next(text, at));
    at = tokens.back().at + tokens.back().text.size();
  }
  tokens.push_back({.kind = Token::Kind::kEnd, .text = {}, .at = text.size()});
  return tokens;
}

bool IsWord(const Token& token, std::string_view upper) {
  return token.kind == Token::Kind::kField &&
         std::ranges::equal(token.text, upper, [](char a, char b) {
           return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
         });
}

bool IsInteger(const Token& token) {
  if (token.kind != Token::Kind::kNumber) return false;
  return token.text.find_first_of(".eE") == std::string_view::npos;
}

}  // namespace stetig::query::internal
