// SQL texts as literals. No string that was computed ever becomes SQL: a Statement can only be made
// of literals, and a SqlBuilder only joins literals. Values travel as parameters.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stetig::store {

enum class Dialect : unsigned char { kSqlite, kPostgres };

/// A piece of SQL known at compile time.
class Literal {
 public:
  template <size_t N>
  consteval Literal(const char (&text)[N])
      : text_(text, N - 1) {}  // NOLINT(google-explicit-constructor)
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// One SQL statement with parameters $1, $2, …, common to both dialects or one text for each.
/// Declare as `constexpr Statement kGetRun{"SELECT … WHERE run_id = $1"};`; its address is the key
/// of the statement caches, so it must have static storage duration.
class Statement {
 public:
  consteval Statement(Literal both)
      : sqlite_(both.text()), postgres_(both.text()) {}  // NOLINT(google-explicit-constructor)
  consteval Statement(Literal sqlite, Literal postgres)
      : sqlite_(sqlite.text()), postgres_(postgres.text()) {}
  constexpr std::string_view text(Dialect dialect) const {
    return dialect == Dialect::kSqlite ? sqlite_ : postgres_;
  }

 private:
  std::string_view sqlite_;
  std::string_view postgres_;
};

/// A bound value. Text and bytes are borrowed: they must outlive the call that takes the value.
class Value {
 public:
  enum class Kind : unsigned char { kNull, kInt, kReal, kText, kBytes };

  Value() = default;
  Value(std::nullptr_t) {}                               // NOLINT(google-explicit-constructor)
  Value(int64_t v) : kind_(Kind::kInt), int_(v) {}       // NOLINT(google-explicit-constructor)
  Value(int v) : kind_(Kind::kInt), int_(v) {}           // NOLINT(google-explicit-constructor)
  Value(bool v) : kind_(Kind::kInt), int_(v ? 1 : 0) {}  // NOLINT(google-explicit-constructor)
  Value(double v) : kind_(Kind::kReal), real_(v) {}      // NOLINT(google-explicit-constructor)
  Value(std::string_view v)
      : kind_(Kind::kText), text_(v) {}  // NOLINT(google-explicit-constructor)
  Value(const std::string& v)
      : kind_(Kind::kText), text_(v) {}                   // NOLINT(google-explicit-constructor)
  Value(const char* v) : kind_(Kind::kText), text_(v) {}  // NOLINT(google-explicit-constructor)
  Value(std::span<const std::byte> v)                     // NOLINT(google-explicit-constructor)
      : kind_(Kind::kBytes), text_(reinterpret_cast<const char*>(v.data()), v.size()) {}

  Kind kind() const { return kind_; }
  int64_t AsInt() const { return int_; }
  double AsReal() const { return real_; }
  std::string_view AsText() const { return text_; }
  std::span<const std::byte> AsBytes() const {
    return {reinterpret_cast<const std::byte*>(text_.data()), text_.size()};
  }

 private:
  Kind kind_ = Kind::kNull;
  int64_t int_ = 0;
  double real_ = 0;
  std::string_view text_;
};

/// An owned parameter, for SQL put together at run time.
struct OwnedValue {
  Value::Kind kind = Value::Kind::kNull;
  int64_t integer = 0;
  double real = 0;
  std::string bytes;  ///< text or bytes
  Value Borrow() const;
};

/// SQL put together from literals and parameters at run time (search). Every Bind() adds "$n" and
/// keeps the value.
///   SqlBuilder q("SELECT run_id FROM runs WHERE experiment_id = "); q.Bind(id).Add(" AND status =
///   ").Bind(status);
class SqlBuilder {
 public:
  explicit SqlBuilder(Literal start) : text_(start.text()) {}
  SqlBuilder& Add(Literal piece) {
    text_ += piece.text();
    return *this;
  }
  SqlBuilder& Bind(int64_t value);
  SqlBuilder& Bind(double value);
  SqlBuilder& Bind(std::string_view value);
  /// Appends another builder's text; its parameters are renumbered.
  SqlBuilder& Add(const SqlBuilder& other);
  std::string_view text() const { return text_; }
  std::span<const OwnedValue> values() const { return values_; }

 private:
  void Placeholder(size_t number);
  std::string text_;
  std::vector<OwnedValue> values_;
};

}  // namespace stetig::store
