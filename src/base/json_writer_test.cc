#include "base/json_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace stetig {
namespace {

std::string Text(double value) {
  std::string out;
  AppendDouble(out, value);
  return out;
}

std::string Quoted(std::string_view text, bool ascii = false) {
  std::string out;
  AppendJsonString(out, text, ascii);
  return out;
}

// Expected texts are what CPython's repr() prints.
TEST(JsonWriter, PrintsDoublesAsPythonDoes) {
  EXPECT_EQ(Text(0.0), "0.0");
  EXPECT_EQ(Text(-0.0), "-0.0");
  EXPECT_EQ(Text(1.0), "1.0");
  EXPECT_EQ(Text(-12.5), "-12.5");
  EXPECT_EQ(Text(0.1), "0.1");
  EXPECT_EQ(Text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(Text(0.0001), "0.0001");
  EXPECT_EQ(Text(0.00001), "1e-05");
  EXPECT_EQ(Text(0.000123456), "0.000123456");
  EXPECT_EQ(Text(0.0000123456), "1.23456e-05");
  EXPECT_EQ(Text(1e15), "1000000000000000.0");
  EXPECT_EQ(Text(9007199254740991.0), "9007199254740991.0");
  EXPECT_EQ(Text(9007199254740992.0), "9007199254740992.0");
  EXPECT_EQ(Text(9999999999999998.0), "9999999999999998.0");
  EXPECT_EQ(Text(1e16), "1e+16");
  EXPECT_EQ(Text(1.2345678901234568e+20), "1.2345678901234568e+20");
  EXPECT_EQ(Text(1e22), "1e+22");
  EXPECT_EQ(Text(1e100), "1e+100");
  EXPECT_EQ(Text(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(Text(std::numeric_limits<double>::min()), "2.2250738585072014e-308");
  EXPECT_EQ(Text(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(Text(123456.789), "123456.789");
}

RC_GTEST_PROP(JsonWriter, PrintsDoublesThatReadBackAndAreAsShortAsToChars, (uint64_t bits)) {
  auto value = std::bit_cast<double>(bits);
  RC_PRE(std::isfinite(value));
  std::string text = Text(value);
  double back = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), back);
  RC_ASSERT(error == std::errc() && end == text.data() + text.size());
  RC_ASSERT(std::bit_cast<uint64_t>(back) == bits);
  // The standard library's shortest form is an independent implementation: same digits.
  char buffer[64];
  auto done = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  auto digits = [](std::string_view s) {
    std::string out;
    for (char c : s.substr(0, s.find('e'))) {
      if (c >= '0' && c <= '9') {
        out.push_back(c);
      }
    }
    out.erase(0, out.find_first_not_of('0'));
    out.erase(out.find_last_not_of('0') + 1);
    return out;
  };
  RC_ASSERT(digits(text) == digits(std::string_view(buffer, done.ptr)));
}

RC_GTEST_PROP(JsonWriter, PrintsIntegersAsTheStandardLibrary, (int64_t value)) {
  for (int64_t v : {value, value >> 32, value >> 50, INT64_MIN, INT64_MAX}) {
    std::string out;
    AppendInt64(out, v);
    RC_ASSERT(out == std::to_string(v));
  }
}

TEST(JsonWriter, EscapesAsLittleAsJsonAsks) {
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("plain text of some length/"), "\"plain text of some length/\"");
  EXPECT_EQ(Quoted("a\"b\\c\b\f\n\r\t"), R"("a\"b\\c\b\f\n\r\t")");
  EXPECT_EQ(Quoted(std::string_view("\0\x1f", 2)), R"("\u0000\u001f")");
  EXPECT_EQ(Quoted("é中😀\x7f"), "\"é中😀\x7f\"");
  EXPECT_EQ(Quoted("é中😀\x7f", /*ascii=*/true), "\"\\u00e9\\u4e2d\\ud83d\\ude00\x7f\"");
  EXPECT_EQ(Quoted("\xff"
                   "a\xc3"),
            "\"\uFFFDa\uFFFD\"");
  EXPECT_EQ(Quoted("\xff", true), "\"\\ufffd\"");
}

RC_GTEST_PROP(JsonWriter, FindsEveryCharacterThatNeedsAnEscape, (std::string text)) {
  // Byte by byte, without the eight at a time of the writer.
  std::string expected = "\"";
  for (char& c : text) {
    c = static_cast<char>(c & 0x7F);
    if (c == '"' || c == '\\') {
      expected += std::string("\\") + c;
    } else if (std::string_view("\b\f\n\r\t").contains(c)) {
      expected += std::string("\\") + "bfnrt"[std::string_view("\b\f\n\r\t").find(c)];
    } else if (c < 0x20) {
      expected += "\\u00" + HexEncode(std::string_view(&c, 1));
    } else {
      expected += c;
    }
  }
  RC_ASSERT(Quoted(text) == expected + "\"");
}

TEST(JsonWriter, WritesNestedValuesWithCommas) {
  std::string out;
  JsonWriter w(&out);
  w.BeginObject();
  w.Field("run_id", std::string("abc"));
  w.Field("step", -3);
  w.Field("value", 2.0);
  w.Field("ok", true);
  w.Key("tags");
  w.BeginArray();
  w.EndArray();
  w.Key(std::string_view("we\"ird"));
  w.BeginArray();
  w.Null();
  w.BeginObject();
  w.EndObject();
  w.Raw("[1]");
  w.EndArray();
  w.EndObject();
  EXPECT_EQ(
      out, R"({"run_id":"abc","step":-3,"value":2.0,"ok":true,"tags":[],"we\"ird":[null,{},[1]]})");
}

TEST(JsonWriter, SpellsNonFiniteNumbersAsAsked) {
  auto write = [](NonFinite policy) {
    std::string out;
    JsonWriter w(&out, {.non_finite = policy});
    w.BeginArray();
    w.Double(std::nan(""));
    w.Double(std::numeric_limits<double>::infinity());
    w.Double(-std::numeric_limits<double>::infinity());
    w.EndArray();
    return out;
  };
  EXPECT_EQ(write(NonFinite::kQuoted), R"(["NaN","Infinity","-Infinity"])");
  EXPECT_EQ(write(NonFinite::kBare), "[NaN,Infinity,-Infinity]");
  EXPECT_EQ(write(NonFinite::kNull), "[null,null,null]");
}

#ifndef NDEBUG
TEST(JsonWriterDeathTest, StopsAtWrongNestingInDebugBuilds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        std::string out;
        JsonWriter w(&out);
        w.BeginObject();
        w.Int(1);
      },
      "CHECK failed");
  EXPECT_DEATH(
      {
        std::string out;
        JsonWriter w(&out);
        w.BeginArray();
        w.EndObject();
      },
      "CHECK failed");
}
#endif

TEST(JsonValue, DumpsAsPythonWithSortedKeys) {
  json::Value value =
      *json::Parse(R"({"b": [1, 2.0, null, true], "ä": "é\u0001", "a": {"z": {}, "y": 1e-7}})");
  // json.dumps(v, sort_keys=True, separators=(',', ':'))
  EXPECT_EQ(json::DumpSorted(value),
            R"({"a":{"y":1e-07,"z":{}},"b":[1,2.0,null,true],"\u00e4":"\u00e9\u0001"})");
  EXPECT_EQ(*value.Find("b")->AsArray()->front().AsInt64(), 1);
  EXPECT_EQ(value.Find("c"), nullptr);
  value.Set("b", 7);
  value.Set("c", "x");
  EXPECT_EQ(json::Dump(value),
            "{\"b\":7,\"ä\":\"é\\u0001\",\"a\":{\"z\":{},\"y\":1e-07},\"c\":\"x\"}");
}

}  // namespace
}  // namespace stetig
