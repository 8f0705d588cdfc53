#include "store/statement.h"

#include "base/check.h"

namespace stetig::store {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Value OwnedValue::Borrow() const {
  switch (kind) {
    case Value::Kind::kNull:
      return nullptr;
    case Value::Kind::kInt:
      return integer;
    case Value::Kind::kReal:
      return real;
    case Value::Kind::kText:
      return std::string_view(bytes);
    case Value::Kind::kBytes:
      return std::as_bytes(std::span(bytes));
  }
  return nullptr;
}

void SqlBuilder::Placeholder(size_t number) { text_.append(1, '$').append(std::to_string(number)); }

SqlBuilder& SqlBuilder::Bind(int64_t value) {
  values_.push_back({.kind = Value::Kind::kInt, .integer = value});
  Placeholder(values_.size());
  return *this;
}

SqlBuilder& SqlBuilder::Bind(double value) {
  values_.push_back({.kind = Value::Kind::kReal, .real = value});
  Placeholder(values_.size());
  return *this;
}

SqlBuilder& SqlBuilder::Bind(std::string_view value) {
  values_.push_back({.kind = Value::Kind::kText, .bytes = std::string(value)});
  Placeholder(values_.size());
  return *this;
}

// Literals may hold '$' inside quotes, where no digit may follow: every "$digits" is a placeholder.
SqlBuilder& SqlBuilder::Add(const SqlBuilder& other) {
  CHECK(&other != this);
  const size_t base = values_.size();
  const std::string_view text = other.text_;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '$' || i + 1 == text.size() || !IsDigit(text[i + 1])) {
      text_ += text[i++];
      continue;
    }
    size_t number = 0;
    for (++i; i < text.size() && IsDigit(text[i]); ++i) {
      number = number * 10 + static_cast<size_t>(text[i] - '0');
    }
    Placeholder(base + number);
  }
  values_.insert(values_.end(), other.values_.begin(), other.values_.end());
  return *this;
}

}  // namespace stetig::store
