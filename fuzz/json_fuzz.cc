// JSON: any bytes give a tree or an error, and the same one as Boost.JSON; what was read can be
// written and read again.
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "base/check.h"
#include "base/json.h"

namespace stetig::json {
namespace {

/// Looks for a number beyond double. A tree would not do: of members of one name it keeps the last.
struct InfinityFinder {
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;
  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  static bool on_document_begin(Error&) { return true; }
  static bool on_document_end(Error&) { return true; }
  static bool on_array_begin(Error&) { return true; }
  static bool on_array_end(size_t, Error&) { return true; }
  static bool on_object_begin(Error&) { return true; }
  static bool on_object_end(size_t, Error&) { return true; }
  static bool on_string_part(Text, size_t, Error&) { return true; }
  static bool on_string(Text, size_t, Error&) { return true; }
  static bool on_key_part(Text, size_t, Error&) { return true; }
  static bool on_key(Text, size_t, Error&) { return true; }
  static bool on_number_part(Text, Error&) { return true; }
  static bool on_int64(int64_t, Text, Error&) { return true; }
  static bool on_uint64(uint64_t, Text, Error&) { return true; }
  bool on_double(double value, Text, Error&) {
    found = found || std::isinf(value);
    return true;
  }
  static bool on_bool(bool, Error&) { return true; }
  static bool on_null(Error&) { return true; }
  static bool on_comment_part(Text, Error&) { return true; }
  static bool on_comment(Text, Error&) { return true; }

  bool found = false;
};

bool HasInfinity(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = 1'000;
  boost::json::basic_parser<InfinityFinder> parser(options);
  boost::json::error_code error;
  parser.write_some(false, text.data(), text.size(), error);
  return parser.handler().found;
}

/// Boost.JSON 1.81 does not round its doubles exactly.
bool Near(double a, double b) {
  return a == b || std::abs(a - b) <= 1e-12 * std::abs(a) || std::abs(a) < 1e-300;
}

bool Same(const Value& ours, const boost::json::value& theirs) {
  switch (theirs.kind()) {
    case boost::json::kind::null:
      return ours.IsNull();
    case boost::json::kind::bool_:
      return ours.AsBool() != nullptr && *ours.AsBool() == theirs.get_bool();
    case boost::json::kind::int64:
      return ours.AsInt64() != nullptr && *ours.AsInt64() == theirs.get_int64();
    case boost::json::kind::uint64:
      return ours.AsDouble() != nullptr &&
             Near(*ours.AsDouble(), static_cast<double>(theirs.get_uint64()));
    case boost::json::kind::double_:
      return ours.AsDouble() != nullptr && Near(*ours.AsDouble(), theirs.get_double());
    case boost::json::kind::string:
      return ours.AsString() != nullptr &&
             *ours.AsString() == std::string_view(theirs.get_string());
    case boost::json::kind::array: {
      const Array* array = ours.AsArray();
      return array != nullptr && std::ranges::equal(*array, theirs.get_array(), Same);
    }
    case boost::json::kind::object: {
      const Object* object = ours.AsObject();
      return object != nullptr && object->size() == theirs.get_object().size() &&
             std::ranges::all_of(*object, [&](const Member& member) {
               const auto* other = theirs.get_object().if_contains(member.first);
               return other != nullptr && Same(member.second, *other);
             });
    }
  }
  return false;
}

void CompareWithBoost(std::string_view text) {
  Result<Value> ours = Parse(text);
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = 1'000;
  boost::json::value theirs = boost::json::parse({text.data(), text.size()}, error, {}, options);
  if (ours) {
    // Boost.JSON refuses exponents of many digits even where the number is a plain zero.
    CHECK(error == boost::json::error::exponent_overflow || (!error && Same(*ours, theirs)));
    Result<Value> again = Parse(Dump(*ours, {.sort_keys = false, .ascii = text.size() % 2 == 0}));
    CHECK(again && *again == *ours);
  } else {
    std::string_view message = ours.error().message();
    CHECK(error || message.contains("nested deeper") ||
          (message.contains("range of double") && HasInfinity(text)));
  }
}

/// As handlers read: typed reads that may fail, values left alone, raw texts.
Status Walk(Cursor value, std::string_view steer) {
  switch (steer.empty() ? 0 : steer[0] % 8) {
    case 1:
      return value.Skip();
    case 2:
      std::ignore = value.Int64(IntForm::kNumberOrString);
      break;
    case 3:
      std::ignore = value.Double(DoubleForm::kNumberOrString);
      break;
    case 4: {
      Result<std::string_view> raw = value.Raw();
      if (raw) {
        CHECK(Parse(*raw, {}, /*nan_literals=*/true));
      }
      return raw ? OkStatus() : raw.error();
    }
    case 5:
      std::ignore = value.String();
      break;
    case 6:
      return OkStatus();
    default:
      break;
  }
  std::string_view rest = steer.substr(std::min<size_t>(1, steer.size()));
  if (value.kind() == Kind::kObject) {
    return value.ForEachField([&](std::string_view, Cursor member) { return Walk(member, rest); });
  }
  if (value.kind() == Kind::kArray) {
    return value.ForEachElement([&](size_t, Cursor element) { return Walk(element, rest); });
  }
  return OkStatus();
}

void WalkAsHandlersDo(std::string_view text) {
  Result<Document> document = Document::Parse(std::string(text), {}, /*nan_literals=*/true);
  if (document) {
    Status walked =
        Walk(document->root(), text.substr(text.size() - std::min<size_t>(text.size(), 16)));
    bool good = walked.ok() && document->Finish().ok();
    CHECK(!good || Parse(text, {}, /*nan_literals=*/true).has_value());
  }
}

}  // namespace
}  // namespace stetig::json

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  stetig::json::CompareWithBoost(text);
  stetig::json::WalkAsHandlersDo(text);
  return 0;
}
