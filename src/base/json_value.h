// A JSON document as a tree of values: for open shapes and error messages. Requests of known shape
// are read with json.h.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

namespace stetig::json {

/// What a reader accepts. Both are refused with kInvalidArgument, before memory grows with them.
struct Limits {
  size_t bytes = size_t{64} << 20;
  int depth = 64;  ///< arrays and objects inside each other; the outermost counts 1
};

enum class Kind : unsigned char { kNull, kBool, kNumber, kString, kArray, kObject, kInvalid };
/// "null", "boolean", "number", "string", "array", "object", "invalid token".
std::string_view KindName(Kind kind);

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;
/// Members in order of the first appearance of their names. A name given twice keeps its first
/// place and its last value, as in Python.
using Object = std::vector<Member>;

/// One JSON value; owns everything below it. Strings are UTF-8. Thread-compatible.
class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}                                 // NOLINT(google-explicit-constructor)
  Value(bool value) : data_(value) {}                      // NOLINT(google-explicit-constructor)
  Value(int value) : data_(int64_t{value}) {}              // NOLINT(google-explicit-constructor)
  Value(int64_t value) : data_(value) {}                   // NOLINT(google-explicit-constructor)
  Value(double value) : data_(value) {}                    // NOLINT(google-explicit-constructor)
  Value(const char* value) : data_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Value(std::string_view value)
      : data_(std::string(value)) {}                     // NOLINT(google-explicit-constructor)
  Value(std::string value) : data_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Value(Array value) : data_(std::move(value)) {}        // NOLINT(google-explicit-constructor)
  Value(Object value) : data_(std::move(value)) {}       // NOLINT(google-explicit-constructor)

  Kind kind() const;
  bool IsNull() const { return data_.index() == 0; }

  /// Null unless the value is of that type. A number is either an integer or a double; integers
  /// beyond int64 are doubles.
  const bool* AsBool() const { return std::get_if<bool>(&data_); }
  const int64_t* AsInt64() const { return std::get_if<int64_t>(&data_); }
  const double* AsDouble() const { return std::get_if<double>(&data_); }
  const std::string* AsString() const { return std::get_if<std::string>(&data_); }
  const Array* AsArray() const { return std::get_if<Array>(&data_); }
  const Object* AsObject() const { return std::get_if<Object>(&data_); }
  Array* AsArray() { return std::get_if<Array>(&data_); }
  Object* AsObject() { return std::get_if<Object>(&data_); }

  /// The member called `name`; null when there is none or this is no object. Linear.
  const Value* Find(std::string_view name) const;
  /// Replaces or appends a member. Turns a null into an object; any other kind must be an object
  /// already.
  void Set(std::string_view name, Value value);

  friend bool operator==(const Value&, const Value&) = default;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> data_;
};

/// Reads one document. kInvalidArgument: not JSON, invalid UTF-8, a lone surrogate, beyond
/// `limits`; the message names line and column. `nan_literals` also takes the bare words NaN,
/// Infinity and -Infinity, and numbers beyond double for infinities, as Python's reader does.
/// Thread-safe.
Result<Value> Parse(std::string_view text, const Limits& limits = {}, bool nan_literals = false);

struct DumpOptions {
  bool sort_keys = false;  ///< by code point, as Python
  bool ascii = false;      ///< everything beyond ASCII as \uXXXX
};
/// Compact JSON. Non-finite doubles are the bare words NaN, Infinity, -Infinity, as in Python.
std::string Dump(const Value& value, DumpOptions options = {});
/// What Python's json.dumps(v, sort_keys=True, separators=(',', ':')) prints: MLflow's error
/// messages quote values so.
inline std::string DumpSorted(const Value& value) {
  return Dump(value, {.sort_keys = true, .ascii = true});
}

}  // namespace stetig::json
