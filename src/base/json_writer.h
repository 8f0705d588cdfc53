// Writes JSON text onto a string in one pass.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/check.h"
#include "base/json_value.h"

namespace stetig {

/// How doubles that JSON has no number for are written.
enum class NonFinite : unsigned char {
  kQuoted,  ///< "NaN", "Infinity", "-Infinity": protobuf's and MLflow's spelling
  kBare,    ///< NaN, Infinity, -Infinity: Python's spelling, not JSON
  kNull,
};

struct JsonWriterOptions {
  NonFinite non_finite = NonFinite::kQuoted;
  bool ascii = false;  ///< escape everything beyond ASCII; otherwise UTF-8 passes as it is
};

/// Appends `value` as Python's repr() prints it: the shortest digits that read back as the same
/// double, integral values with
/// ".0", exponents from 1e-05 down and 1e+16 up. `value` must be finite.
void AppendDouble(std::string& out, double value);
void AppendInt64(std::string& out, int64_t value);

/// The same into a buffer with room for the longest text; returns the end. For long lists of equal
/// items, where the bookkeeping of a string costs more than the digits.
inline constexpr size_t kMaxDoubleText = 32;
inline constexpr size_t kMaxInt64Text = 20;
char* PutDouble(char* to, double value, NonFinite non_finite = NonFinite::kQuoted);
char* PutInt64(char* to, int64_t value);
/// Appends `text` in quotes with the fewest escapes. `text` should be UTF-8: a byte that is not is
/// written as U+FFFD.
void AppendJsonString(std::string& out, std::string_view text, bool ascii = false);

/// Appends to a string that must outlive it. Commas and colons come by themselves; wrong nesting is
/// a broken invariant, found in debug builds. Not thread-safe.
///
///   JsonWriter w(&out);
///   w.BeginObject();
///   w.Field("run_id", id);
///   w.Key("metrics"); w.BeginArray(); … w.EndArray();
///   w.EndObject();
class JsonWriter {
 public:
  explicit JsonWriter(std::string* out, JsonWriterOptions options = {})
      : out_(out), options_(options) {}

  void BeginObject() { Open('{', /*object=*/true); }
  void EndObject() { Close('}', /*object=*/true); }
  void BeginArray() { Open('[', /*object=*/false); }
  void EndArray() { Close(']', /*object=*/false); }

  /// A literal of plain ASCII without quotes, backslashes and control characters: copied as it
  /// stands.
  template <size_t N>
  void Key(const char (&literal)[N]) {
    DCHECK(IsPlain(std::string_view(literal, N - 1)));
    BeforeKey();
    out_->push_back('"');
    out_->append(literal, N - 1);
    out_->append("\":", 2);
  }
  template <size_t N>
  void Key(char (&buffer)[N]) = delete;  // a buffer is no literal: name it a string_view
  void Key(std::string_view name);

  void String(std::string_view text) {
    BeforeValue();
    AppendJsonString(*out_, text, options_.ascii);
  }
  void Int(int64_t value) {
    BeforeValue();
    AppendInt64(*out_, value);
  }
  void Double(double value);
  void Bool(bool value) {
    BeforeValue();
    out_->append(value ? "true" : "false");
  }
  void Null() {
    BeforeValue();
    out_->append("null", 4);
  }
  /// `json` must be one JSON value; it is not looked at.
  void Raw(std::string_view json) {
    BeforeValue();
    out_->append(json);
  }
  void Tree(const json::Value& value);

  /// Any of the above by type.
  template <class T>
  void Write(const T& value) {
    if constexpr (std::same_as<T, bool>) {
      Bool(value);
    } else if constexpr (std::integral<T>) {
      static_assert(sizeof(T) < 8 || std::is_signed_v<T>, "JSON readers take at most int64");
      Int(value);
    } else if constexpr (std::floating_point<T>) {
      Double(value);
    } else if constexpr (std::same_as<T, json::Value>) {
      Tree(value);
    } else {
      String(value);
    }
  }
  /// Key and value.
  template <size_t N, class T>
  void Field(const char (&literal)[N], const T& value) {
    Key(literal);
    Write(value);
  }

  std::string& out() { return *out_; }

 private:
  static bool IsPlain(std::string_view text);
  void Open(char bracket, bool object);
  void Close(char bracket, bool object);
  void BeforeKey();
  void BeforeValue() {
    DCHECK(MayWriteValue());
    if (comma_) {
      out_->push_back(',');
    }
    comma_ = true;
  }
  bool MayWriteValue();

  std::string* out_;
  JsonWriterOptions options_;
  bool comma_ = false;
#ifndef NDEBUG
  std::string open_;          // 'o' or 'a' for each open container
  bool key_pending_ = false;  // a key waits for its value
#endif
};

}  // namespace stetig
