#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <optional>
#include <unordered_map>

#include "base/internal/json_state.h"
#include "base/internal/json_text.h"
#include "base/text.h"

namespace stetig::json {
namespace {

using internal::DocumentState;
using internal::IsNumber;
using internal::NanLiteral;
using internal::Token;
namespace ondemand = simdjson::ondemand;

constexpr size_t kKeptCapacity = size_t{1} << 20;  // a parser that grew beyond this is not kept
constexpr size_t kKeptParsers = 4;                 // per thread

std::vector<std::unique_ptr<DocumentState>>& SpareParsers() {
  thread_local std::vector<std::unique_ptr<DocumentState>> spare;
  return spare;
}

std::string_view WithArticle(Kind kind) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "null", "a boolean", "a number", "a string", "an array", "an object", "an invalid token"};
  return kNames.at(static_cast<size_t>(kind));
}

/// simdjson 3.0.1 reads some longer numbers wrongly, without an error: 0.25170000005170000000 as
/// 0.067, and 1e9999999999999999999 as 0. A token of this length has too few digits for either.
constexpr size_t kLongestExactToken = 20;

/// Gives the names of an object their last values, at their first places.
void KeepLast(Object& object) {
  std::unordered_map<std::string_view, size_t> first;
  std::vector<bool> dropped(object.size(), false);
  bool any = false;
  for (size_t i = 0; i < object.size(); ++i) {
    auto [it, fresh] = first.emplace(object[i].first, i);
    if (!fresh) {
      object[it->second].second = std::move(object[i].second);
      dropped[i] = true;
      any = true;
    }
  }
  if (any) {
    Object kept;
    kept.reserve(first.size());
    for (size_t i = 0; i < object.size(); ++i) {
      if (!dropped[i]) {
        kept.push_back(std::move(object[i]));
      }
    }
    object = std::move(kept);
  }
}

}  // namespace

namespace internal {
void Recycle::operator()(DocumentState* state) const {
  std::unique_ptr<DocumentState> owned(state);
  auto& spare = SpareParsers();
  if (owned->parser.capacity() > kKeptCapacity || spare.size() >= kKeptParsers) {
    return;
  }
  owned->unescaped.clear();
  owned->text = std::string();
  owned->wrapped = std::string();
  spare.push_back(std::move(owned));
}
}  // namespace internal

/// What the sources know of a cursor and the header does not.
struct Cursor::Access {
  static ondemand::value& Handle(Cursor& cursor) {
    return *std::launder(reinterpret_cast<ondemand::value*>(cursor.value_.data()));
  }
  /// A cursor on `value`, marked as not yet read.
  static Cursor Make(DocumentState* state, ondemand::value value, int depth) {
    static_assert(sizeof(ondemand::value) <= sizeof(Cursor::value_) &&
                  alignof(ondemand::value) <= 8);
    static_assert(std::is_trivially_copyable_v<ondemand::value> &&
                  std::is_trivially_destructible_v<ondemand::value>);
    Cursor cursor(state, depth);
    new (cursor.value_.data()) ondemand::value(value);
    cursor.begin_ = value.raw_json_token().data();
    state->last = cursor.begin_;
    state->consumed = false;
    return cursor;
  }
  static Failure Mismatch(const Cursor& cursor, std::string_view expected) {
    return Err(
        cursor.Error(fmt::format("expected {}, found {}", expected, WithArticle(cursor.kind()))));
  }
  static Failure ParserFailure(Cursor& cursor, simdjson::error_code error) {
    return Err(cursor.state_->ParserError(error));
  }
  /// Whether the container may be entered now.
  static Status CheckEntry(const Cursor& cursor, Kind expected) {
    if (cursor.kind() != expected) {
      return Mismatch(cursor, expected == Kind::kArray ? "an array" : "an object");
    }
    DocumentState* state = cursor.state_;
    if (state->consumed || state->last != cursor.begin_) {
      return Err(Code::kInternal, fmt::format("the JSON {} was read before", KindName(expected)));
    }
    int limit = state->limits.depth;
    return cursor.depth_ < limit
               ? OkStatus()
               : cursor.Error(fmt::format("arrays and objects are nested deeper than {}", limit));
  }
  /// Whether this is an unwrapped document: always an array or object, and the parser must not be
  /// asked for a scalar there.
  static bool IsRoot(const Cursor& cursor) {
    return cursor.depth_ == 0 && !cursor.state_->is_wrapped();
  }

  static Status Fields(Cursor& cursor,
                       internal::FunctionRef<Status(const char* raw_key, Cursor value)> fn);
  static Status Elements(Cursor& cursor, ElementFn fn);
  static Status SkipScalar(Cursor& cursor);
  static Result<Value> TreeOfNumber(Cursor& cursor);
};

void internal::DocumentState::SetRoot(ondemand::value value) {
  root = Cursor::Access::Make(this, value, /*depth=*/0);
}

// ---- scalars

Kind Cursor::kind() const {
  const char* at = begin_;
  switch (*at) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
    case 'f':
      return Kind::kBool;
    case 'n':
      return Kind::kNull;
    default:
      break;
  }
  if (state_->nan_literals && NanLiteral(at)) {
    return Kind::kNumber;
  }
  return *at == '-' || (*at >= '0' && *at <= '9') ? Kind::kNumber : Kind::kInvalid;
}

Status Cursor::Error(std::string_view message) const { return state_->ErrorAt(begin_, message); }

Result<std::string_view> Cursor::String() {
  ondemand::raw_json_string raw;
  if (Access::Handle(*this).get_raw_json_string().get(raw) != simdjson::SUCCESS) {
    return Access::Mismatch(*this, "a string");
  }
  ASSIGN_OR_RETURN(std::string_view text, state_->Decode(raw.raw()));
  state_->consumed = true;
  return text;
}

Result<int64_t> Cursor::Int64(IntForm form) {
  ondemand::value& value = Access::Handle(*this);
  int64_t integer = 0;
  if (!Access::IsRoot(*this) && value.get_int64().get(integer) == simdjson::SUCCESS) [[likely]] {
    state_->consumed = true;
    return integer;
  }
  Kind found = kind();
  if (found == Kind::kString && form == IntForm::kNumberOrString) {
    ASSIGN_OR_RETURN(std::string_view text, String());
    std::optional<int64_t> parsed = ParseInt64(text);
    return parsed ? Result<int64_t>(*parsed)
                  : Err(Error("expected an integer within int64, found another string"));
  }
  if (found != Kind::kNumber) {
    return Access::Mismatch(*this, "an integer");
  }
  std::string_view token = Token(value.raw_json_token());
  ASSIGN_OR_RETURN(double number, Double());
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (token.find_first_of(".eE") == std::string_view::npos || number < -kLimit ||
      number >= kLimit) {
    return Err(Error("expected an integer within int64, found a larger number"));
  }
  if (number != std::trunc(number)) {
    return Err(Error("expected an integer, found a number with a fraction"));
  }
  return static_cast<int64_t>(number);
}

Result<double> Cursor::Double(DoubleForm form) {
  double number = 0;
  ondemand::value& value = Access::Handle(*this);
  std::string_view token = Access::IsRoot(*this) ? std::string_view() : value.raw_json_token();
  if (token.size() > kLongestExactToken) {
    token = Token(token);
    std::optional<double> exact = IsNumber(token) ? ParseDouble(token) : std::nullopt;
    if (exact) {
      state_->consumed = true;  // the walk passes over what the parser has not taken
      return *exact;
    }
  } else if (!token.empty() && value.get_double().get(number) == simdjson::SUCCESS) [[likely]] {
    state_->consumed = true;
    return number;
  }
  Kind found = kind();
  if (found == Kind::kString && form == DoubleForm::kNumberOrString) {
    ASSIGN_OR_RETURN(std::string_view text, String());
    if (text == "NaN" || text == "Infinity" || text == "-Infinity") {
      constexpr double kInfinity = std::numeric_limits<double>::infinity();
      return text == "NaN"    ? std::numeric_limits<double>::quiet_NaN()
             : text[0] == '-' ? -kInfinity
                              : kInfinity;
    }
    std::optional<double> parsed = ParseDouble(text);
    return parsed ? Result<double>(*parsed) : Err(Error("expected a number, found another string"));
  }
  if (found != Kind::kNumber) {
    return Access::Mismatch(*this, "a number");
  }
  if (std::optional<double> literal = state_->nan_literals ? NanLiteral(begin_) : std::nullopt) {
    state_->consumed = true;
    return *literal;
  }
  if (state_->nan_literals && !token.empty() && IsNumber(Token(token))) {  // beyond double
    state_->consumed = true;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return token[0] == '-' ? -kInfinity : kInfinity;
  }
  return Access::ParserFailure(*this, simdjson::NUMBER_ERROR);
}

Result<bool> Cursor::Bool() {
  bool flag = false;
  if (!Access::IsRoot(*this) && Access::Handle(*this).get_bool().get(flag) == simdjson::SUCCESS) {
    state_->consumed = true;
    return flag;
  }
  if (kind() != Kind::kBool) {
    return Access::Mismatch(*this, "a boolean");
  }
  return Access::ParserFailure(*this, simdjson::T_ATOM_ERROR);
}

// ---- containers

Status Cursor::Access::Fields(Cursor& cursor,
                              internal::FunctionRef<Status(const char* raw_key, Cursor value)> fn) {
  TRY(CheckEntry(cursor, Kind::kObject));
  DocumentState* state = cursor.state_;
  ondemand::object object;
  auto error = IsRoot(cursor) ? state->document.get_object().get(object)
                              : Handle(cursor).get_object().get(object);
  if (error != simdjson::SUCCESS) {
    return ParserFailure(cursor, error);
  }
  for (auto item : object) {
    ondemand::field field;
    if (error = std::move(item).get(field); error != simdjson::SUCCESS) {
      return ParserFailure(cursor, error);
    }
    Cursor value = Make(state, field.value(), cursor.depth_ + 1);
    TRY(fn(field.key().raw(), value));
    if (!state->consumed) {
      TRY(value.Skip());
    }
  }
  state->consumed = true;
  return OkStatus();
}

Status Cursor::Access::Elements(Cursor& cursor, ElementFn fn) {
  TRY(CheckEntry(cursor, Kind::kArray));
  DocumentState* state = cursor.state_;
  ondemand::array array;
  auto error = IsRoot(cursor) ? state->document.get_array().get(array)
                              : Handle(cursor).get_array().get(array);
  if (error != simdjson::SUCCESS) {
    return ParserFailure(cursor, error);
  }
  size_t index = 0;
  for (auto item : array) {
    ondemand::value element;
    if (error = std::move(item).get(element); error != simdjson::SUCCESS) {
      return ParserFailure(cursor, error);
    }
    Cursor value = Make(state, element, cursor.depth_ + 1);
    TRY(fn(index++, value));
    if (!state->consumed) {
      TRY(value.Skip());
    }
  }
  state->consumed = true;
  return OkStatus();
}

Status Cursor::ForEachField(FieldFn fn) {
  return Access::Fields(*this, [&](const char* raw_key, Cursor value) -> Status {
    ASSIGN_OR_RETURN(std::string_view key, value.state_->Decode(raw_key));
    return fn(key, value);
  });
}

Status Cursor::ForEachElement(ElementFn fn) { return Access::Elements(*this, fn); }

Status Cursor::Access::SkipScalar(Cursor& cursor) {
  switch (cursor.kind()) {
    case Kind::kNull: {
      bool null = false;
      auto error = Handle(cursor).is_null().get(null);
      if (error != simdjson::SUCCESS || !null) {
        return ParserFailure(cursor, simdjson::N_ATOM_ERROR);
      }
      cursor.state_->consumed = true;
      return OkStatus();
    }
    case Kind::kBool:
      TRY(cursor.Bool());
      return OkStatus();
    case Kind::kNumber:
      TRY(cursor.Double());
      return OkStatus();
    case Kind::kString: {
      auto raw = Handle(cursor).get_raw_json_string();
      cursor.state_->consumed = true;
      return cursor.state_->CheckString(raw.value_unsafe().raw());
    }
    default:
      return cursor.Error("expected a value, found an invalid token");
  }
}

Status Cursor::Skip() {
  DocumentState* state = state_;
  switch (kind()) {
    case Kind::kArray:
      return Access::Elements(*this, [](size_t, Cursor element) { return element.Skip(); });
    case Kind::kObject:
      return Access::Fields(*this, [state](const char* raw_key, Cursor value) -> Status {
        TRY(state->CheckString(raw_key));
        return value.Skip();
      });
    default:
      return Access::SkipScalar(*this);
  }
}

Result<std::string_view> Cursor::Raw() {
  Kind found = kind();
  std::string_view token = Token(Access::Handle(*this).raw_json_token());
  TRY(Skip());
  if (found != Kind::kArray && found != Kind::kObject) {
    return token;
  }
  const char* end = state_->begin() + state_->length;
  const char* next = nullptr;
  if (state_->document.current_location().get(next) == simdjson::SUCCESS) {
    end = next;
  }
  return Token(std::string_view(begin_, end));
}

// ---- trees

Result<Value> Cursor::Access::TreeOfNumber(Cursor& cursor) {
  int64_t integer = 0;
  if (Handle(cursor).get_int64().get(integer) == simdjson::SUCCESS) {
    cursor.state_->consumed = true;
    return Value(integer);
  }
  ASSIGN_OR_RETURN(double number, cursor.Double());
  return Value(number);
}

Result<Value> Cursor::Tree() {
  switch (kind()) {
    case Kind::kArray: {
      Array array;
      TRY(ForEachElement([&](size_t, Cursor element) -> Status {
        ASSIGN_OR_RETURN(Value value, element.Tree());
        array.push_back(std::move(value));
        return OkStatus();
      }));
      return Value(std::move(array));
    }
    case Kind::kObject: {
      Object object;
      TRY(ForEachField([&](std::string_view key, Cursor member) -> Status {
        ASSIGN_OR_RETURN(Value value, member.Tree());
        object.emplace_back(std::string(key), std::move(value));
        return OkStatus();
      }));
      KeepLast(object);
      return Value(std::move(object));
    }
    case Kind::kString: {
      ASSIGN_OR_RETURN(std::string_view text, String());
      return Value(text);
    }
    case Kind::kBool: {
      ASSIGN_OR_RETURN(bool flag, Bool());
      return Value(flag);
    }
    case Kind::kNumber:
      return Access::TreeOfNumber(*this);
    case Kind::kNull:
    case Kind::kInvalid:
      break;
  }
  TRY(Access::SkipScalar(*this));
  return Value();
}

// ---- documents

Result<Document> Document::Parse(std::string text, const Limits& limits, bool nan_literals) {
  auto& spare = SpareParsers();
  std::unique_ptr<DocumentState, internal::Recycle> state;
  if (spare.empty()) {
    state.reset(new DocumentState);
  } else {
    state.reset(spare.back().release());
    spare.pop_back();
  }
  TRY(state->Open(std::move(text), limits, nan_literals));
  return Document(std::move(state));
}

Cursor Document::root() { return *state_->root; }

std::string_view Document::text() const { return state_->source(); }

Status Document::Finish() {
  DocumentState* state = state_.get();
  if (!state->consumed && state->last == state->root->begin_) {
    TRY(state->root->Skip());
  }
  if (state->is_wrapped()) {
    ++state->element;
    ondemand::array_iterator end;
    if (auto error = state->wrapping.end().get(end); error != simdjson::SUCCESS) {
      return state->ParserError(error);
    }
    if (state->element != end) {
      return state->ErrorAt(state->last, "expected the end of the text after a value");
    }
  }
  // The parser has no location to tell only when it is alive and has taken every token.
  const char* at = state->begin();
  if (state->document.current_location().get(at) != simdjson::OUT_OF_BOUNDS) {
    return state->ErrorAt(at, "expected the end of the text, found more");
  }
  return OkStatus();
}

}  // namespace stetig::json
