// Reads a JSON text once, from front to back, into typed values: for request bodies of known shape.
//
//   ASSIGN_OR_RETURN(json::Document document, json::Document::Parse(std::move(body)));
//   TRY(document.root().ForEachField([&](std::string_view key, json::Cursor value) -> Status {
//     if (key == "run_id") { ASSIGN_OR_RETURN(request.run_id, value.String()); }
//     else if (key == "timestamp") { ASSIGN_OR_RETURN(request.timestamp,
//     value.Int64(json::IntForm::kNumberOrString)); } return OkStatus();                       //
//     whatever was not read is checked and skipped
//   }));
//   TRY(document.Finish());
//
// Syntax is checked as the text is walked, so nothing read may be acted upon before Finish() is OK.
// Every error is kInvalidArgument and ends with "at line L, column C". A name given twice in an
// object is handed out twice: assigning lets the last one win, as in Python; lists must be cleared
// before they are filled.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/json_value.h"
#include "base/json_writer.h"
#include "base/status.h"

namespace stetig::json {

namespace internal {
struct DocumentState;
struct Recycle {
  void operator()(DocumentState* state) const;
};

/// A borrowed callable, for arguments only.
template <class Signature>
class FunctionRef;
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, FunctionRef>)
  FunctionRef(F&& f)  // NOLINT(google-explicit-constructor)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}
  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};
}  // namespace internal

enum class IntForm : unsigned char {
  kNumber,
  kNumberOrString,  ///< also "12": protobuf's JSON form of int64
};
enum class DoubleForm : unsigned char {
  kNumber,
  kNumberOrString,  ///< also "NaN", "Infinity", "-Infinity" and "1.5": protobuf's JSON form of
                    ///< double
};

/// A value in a document that is being read. Valid inside the callback that was given it and while
/// the document lives. An array or object is read at most once; a scalar may be read again, and a
/// failed typed read may be followed by another one, e.g. Tree() for the error message. Copyable.
class Cursor {
 public:
  using FieldFn = internal::FunctionRef<Status(std::string_view key, Cursor value)>;
  using ElementFn = internal::FunctionRef<Status(size_t index, Cursor value)>;

  /// By the first character of the value; reads nothing.
  Kind kind() const;
  bool IsNull() const { return kind() == Kind::kNull; }

  /// Decoded text, valid while the document lives; points into the body where nothing was escaped.
  Result<std::string_view> String();
  /// A number without a fraction (1.0 and 1e3 are taken) that int64 holds.
  Result<int64_t> Int64(IntForm form = IntForm::kNumber);
  /// Any number that double holds; 1e999 is refused.
  Result<double> Double(DoubleForm form = DoubleForm::kNumber);
  Result<bool> Bool();

  /// Calls `fn` for each member in order of appearance, with the decoded key (valid while the
  /// document lives). The first error of `fn` or of the text ends the walk and is returned.
  Status ForEachField(FieldFn fn);
  Status ForEachElement(ElementFn fn);

  /// Checks and passes over the value.
  Status Skip();
  /// The value's text as it stands in the body, checked; valid while the document lives.
  Result<std::string_view> Raw();
  /// The value as a tree.
  Result<Value> Tree();

  /// kInvalidArgument "MESSAGE at line L, column C" of this value.
  Status Error(std::string_view message) const;

 private:
  friend class Document;
  friend struct internal::DocumentState;
  struct Access;
  Cursor(internal::DocumentState* state, int depth) : state_(state), depth_(depth) {}

  internal::DocumentState* state_;
  const char* begin_ = nullptr;  // of the value's text
  alignas(
      8) std::array<std::byte, 24> value_;  // the parser's own handle; unused for a scalar document
  int depth_;                               // of the containers around this value
};

/// A text that is being read, with its parser. Parsers are kept per thread and reused; one that has
/// grown with a large text is given back to the system. Several documents may be open at once, on
/// any threads. Movable; one user at a time.
class Document {
 public:
  /// Takes the text, finds its structure and checks its UTF-8. A text with 64 bytes of spare
  /// capacity is not copied. `nan_literals` lets Double() and Tree() take the bare words NaN,
  /// Infinity and -Infinity, and numbers beyond double for infinities.
  static Result<Document> Parse(std::string text, const Limits& limits = {},
                                bool nan_literals = false);

  Cursor root();
  /// After the root was read: nothing but white space may follow. A root that was not read is
  /// checked and skipped; one that was left in the middle is an error.
  Status Finish();
  /// The text as it was given.
  std::string_view text() const;

 private:
  explicit Document(std::unique_ptr<internal::DocumentState, internal::Recycle> state)
      : state_(std::move(state)) {}
  std::unique_ptr<internal::DocumentState, internal::Recycle> state_;
};

}  // namespace stetig::json
