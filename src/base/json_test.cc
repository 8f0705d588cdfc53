#include "base/json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <thread>

namespace stetig::json {
namespace {

std::string ErrorOf(std::string_view text, const Limits& limits = {}) {
  auto value = Parse(text, limits);
  EXPECT_FALSE(value.has_value()) << text;
  if (value) {
    return "";
  }
  EXPECT_EQ(value.error().code(), Code::kInvalidArgument);
  return std::string(value.error().message());
}

Value Read(std::string_view text) {
  auto value = Parse(text);
  EXPECT_TRUE(value.has_value()) << text << ": " << value.error().ToString();
  return value ? *value : Value();
}

struct Metric {
  std::string key;
  double value = 0;
  int64_t timestamp = 0;
};

/// As a handler reads runs/log-batch.
Result<std::vector<Metric>> ReadBatch(std::string text) {
  std::vector<Metric> metrics;
  ASSIGN_OR_RETURN(Document document, Document::Parse(std::move(text)));
  TRY(document.root().ForEachField([&](std::string_view key, Cursor value) -> Status {
    if (key != "metrics") {
      return OkStatus();
    }
    metrics.clear();
    return value.ForEachElement([&](size_t, Cursor element) -> Status {
      Metric& metric = metrics.emplace_back();
      return element.ForEachField([&](std::string_view name, Cursor field) -> Status {
        if (name == "key") {
          ASSIGN_OR_RETURN(std::string_view text_value, field.String());
          metric.key = text_value;
        } else if (name == "value") {
          ASSIGN_OR_RETURN(metric.value, field.Double(DoubleForm::kNumberOrString));
        } else if (name == "timestamp") {
          ASSIGN_OR_RETURN(metric.timestamp, field.Int64(IntForm::kNumberOrString));
        }
        return OkStatus();
      });
    });
  }));
  TRY(document.Finish());
  return metrics;
}

TEST(JsonReader, ReadsABatchOfMetricsInOnePass) {
  auto metrics = ReadBatch(
      R"({"run_id": "r", "unknown": [1, {"a": [null, true]}], "metrics": [
          {"key": "l\u00f6ss\n", "value": 0.25, "timestamp": "1700000000000", "step": 1},
          {"timestamp": 1e3, "value": "NaN", "key": "größe"}, {"value": "-Infinity"}]})");
  ASSERT_TRUE(metrics.has_value()) << metrics.error().ToString();
  ASSERT_EQ(metrics->size(), 3u);
  EXPECT_EQ((*metrics)[0].key, "löss\n");
  EXPECT_EQ((*metrics)[0].value, 0.25);
  EXPECT_EQ((*metrics)[0].timestamp, 1'700'000'000'000);
  EXPECT_EQ((*metrics)[1].key, "größe");
  EXPECT_TRUE(std::isnan((*metrics)[1].value));
  EXPECT_EQ((*metrics)[1].timestamp, 1000);
  EXPECT_EQ((*metrics)[2].value, -std::numeric_limits<double>::infinity());
}

TEST(JsonReader, LetsTheLastOfDoubledNamesWin) {
  auto metrics = ReadBatch(R"({"metrics": [{"key": "a"}], "metrics": [{"key": "b", "key": "c"}]})");
  ASSERT_TRUE(metrics.has_value());
  ASSERT_EQ(metrics->size(), 1u);
  EXPECT_EQ((*metrics)[0].key, "c");
  EXPECT_EQ(Dump(Read(R"({"a":1,"b":2,"a":{"x":1,"x":[]}})")), R"({"a":{"x":[]},"b":2})");
}

TEST(JsonReader, ChecksWhatTheHandlerDoesNotRead) {
  for (const char* text :
       {R"({"x": tru})", R"({"x": [1, 2,]})", R"({"x": {"a" 1}})", R"({"x": "\q"})", R"({"x": 01})",
        R"({"x": "\ud800"})", R"({"x": nul})", R"({"x": {"\u12": 1}})", R"({"x": 1}})",
        R"({"x": 1} {})", R"({"x": [})", R"({"x": 1)", R"({"x"})"}) {
    EXPECT_FALSE(ReadBatch(text).has_value()) << text;
  }
}

TEST(JsonReader, SaysWhatWasFoundAndWhere) {
  auto batch = ReadBatch("{\"metrics\": [\n  {\"kéy\": 1, \"key\": 7}]}");
  ASSERT_FALSE(batch.has_value());
  EXPECT_EQ(batch.error().message(), "expected a string, found a number at line 2, column 21");
  EXPECT_EQ(ErrorOf(""), "expected a JSON value, found the end of the text at line 1, column 1");
  EXPECT_EQ(ErrorOf("  \n "),
            "expected a JSON value, found the end of the text at line 2, column 2");
  EXPECT_EQ(ErrorOf("{\"a\": \"\xff\"}"), "invalid UTF-8 at line 1, column 8");
  EXPECT_EQ(ErrorOf("[\"a\nb\"]"), "a control character inside a string at line 1, column 4");
  EXPECT_EQ(ErrorOf("[1, \"abc]"), "a string is not closed at line 1, column 5");
  EXPECT_EQ(ErrorOf("[1, \"a\\x\"]"), "malformed escape in a string at line 1, column 7");
  EXPECT_EQ(ErrorOf("[1, nope]"),
            "malformed literal, expected true, false or null at line 1, column 5");
  EXPECT_EQ(ErrorOf("[1, -]"),
            "malformed number, or one beyond the range of double at line 1, column 5");
  EXPECT_EQ(ErrorOf("nope"), "malformed literal, expected true, false or null at line 1, column 1");
}

TEST(JsonReader, TakesScalarsAsDocuments) {
  EXPECT_EQ(Read(" \"{\\\"a\\\": 1}\" "), Value("{\"a\": 1}"));
  EXPECT_EQ(Read("12"), Value(12));
  EXPECT_EQ(Read("null"), Value());
  EXPECT_EQ(Read("-0.5"), Value(-0.5));
  for (const char* text :
       {"1 2", "1,2", "]", "1]", ",", "}", "\"a\" \"b\"", "\"", "1[", "x", "tru", "\"a\",", ":"}) {
    EXPECT_FALSE(Parse(text).has_value()) << text;
  }
}

TEST(JsonReader, ReadsIntegersExactlyOrNotAtAll) {
  auto read = [](std::string_view text, IntForm form) -> std::optional<int64_t> {
    auto document = Document::Parse(std::string(text));
    auto value = document->root().Int64(form);
    return value && document->Finish().ok() ? std::optional(*value) : std::nullopt;
  };
  using enum IntForm;
  EXPECT_EQ(read("9223372036854775807", kNumber), INT64_MAX);
  EXPECT_EQ(read("-9223372036854775808", kNumber), INT64_MIN);
  EXPECT_EQ(read("9223372036854775808", kNumber), std::nullopt);
  EXPECT_EQ(read("-9223372036854775809", kNumber), std::nullopt);
  EXPECT_EQ(read("123456789012345678901234567890", kNumber), std::nullopt);
  EXPECT_EQ(read("1.0", kNumber), 1);
  EXPECT_EQ(read("1e18", kNumber), 1'000'000'000'000'000'000);
  EXPECT_EQ(read("1e19", kNumber), std::nullopt);
  EXPECT_EQ(read("1.5", kNumber), std::nullopt);
  EXPECT_EQ(read("true", kNumberOrString), std::nullopt);
  EXPECT_EQ(read("\"12\"", kNumber), std::nullopt);
  EXPECT_EQ(read("\"-12\"", kNumberOrString), -12);
  EXPECT_EQ(read("\"1.0\"", kNumberOrString), std::nullopt);
  EXPECT_EQ(read("\" 1\"", kNumberOrString), std::nullopt);
  EXPECT_EQ(read("\"\"", kNumberOrString), std::nullopt);
}

TEST(JsonReader, ReadsNumbersOfManyDigitsExactly) {
  // simdjson 3.0.1 alone reads some of these wrongly (found by fuzz/json_fuzz.cc).
  for (const char* text :
       {"0.25170000005170000000", "0.18446744073709551616", "-0.99999999999999999999",
        "18446744073709551616.5", "0.00000000000000000000000000012345678901234567890123",
        "1e-9999999999999999999", "3.14159265358979323846264338327950288419716939937510"}) {
    Value expected(std::strtod(text, nullptr));
    EXPECT_EQ(Read(text), expected) << text;
    EXPECT_EQ(Read(std::string("{\"a\": [") + text + " , 1]}"),
              Value(Object{{"a", Array{expected, 1}}}));
  }
  for (const char* text :
       {"1e9999999999999999999", "1e400", "-00.25170000005170000000", "0.2517000000517000000x",
        "0.25170000005170000000.1", "0.25170000005170000000e", "-.25170000005170000000000",
        "[1.5\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v]"}) {
    EXPECT_FALSE(Parse(text).has_value()) << text;
  }
}

RC_GTEST_PROP(JsonReader, ReadsAnyDecimalAsTheCLibraryDoes, ()) {
  auto digits = rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123456789")));
  std::string text = *rc::gen::element<std::string>("", "-") +
                     *rc::gen::element<std::string>("0", "1", "98765432109876543210") + "." +
                     *digits + *digits + "7" +
                     *rc::gen::element<std::string>("", "e5", "E-20", "e+290", "e-330");
  double expected = std::strtod(text.c_str(), nullptr);
  auto value = Parse("[" + text + "]");
  RC_ASSERT(value.has_value() == std::isfinite(expected));
  if (value) {
    RC_ASSERT(*value == Value(Array{expected}));
  }
}

TEST(JsonReader, TakesBareNanOnlyWhenAsked) {
  EXPECT_FALSE(Parse("[NaN]").has_value());
  auto value = Parse("[NaN, Infinity,-Infinity , {\"a\":NaN}]", {}, /*nan_literals=*/true);
  ASSERT_TRUE(value.has_value()) << value.error().ToString();
  EXPECT_EQ(Dump(*value), R"([NaN,Infinity,-Infinity,{"a":NaN}])");
  EXPECT_EQ(Dump(*Parse("-Infinity", {}, true)), "-Infinity");
  for (const char* text : {"[NaNa]", "[Infinit]", "[nan]", "[+Infinity]", "[-NaN]", "[NaN NaN]"}) {
    EXPECT_FALSE(Parse(text, {}, true).has_value()) << text;
  }
}

TEST(JsonReader, TakesNumbersBeyondDoubleForInfinitiesOnlyWithBareNan) {
  EXPECT_FALSE(Parse("[1e400]").has_value());
  std::string digits(400, '9');
  auto value = Parse("[1e400, -1e400, {\"a\": " + digits + "}]", {}, /*nan_literals=*/true);
  ASSERT_TRUE(value.has_value()) << value.error().ToString();
  EXPECT_EQ(Dump(*value), R"([Infinity,-Infinity,{"a":Infinity}])");
  for (const char* text : {"[1e400x]", "[1e]", "[01e400]", "[1e400 2]"}) {
    EXPECT_FALSE(Parse(text, {}, true).has_value()) << text;
  }
}

TEST(JsonReader, RefusesDeepNestingFast) {
  std::string deep(10'000'000, '[');
  EXPECT_EQ(ErrorOf(deep), "arrays and objects are nested deeper than 64 at line 1, column 1");
  EXPECT_EQ(ErrorOf(std::string(65, '[') + std::string(65, ']')),
            "arrays and objects are nested deeper than 64 at line 1, column 65");
  EXPECT_TRUE(Parse(std::string(64, '[') + std::string(64, ']')).has_value());
  // Out of the window of the early check, the walk finds it.
  std::string late = "[" + std::string(2'000'000, ' ') + "\"[[[\"," + std::string(5'000'000, '[');
  EXPECT_FALSE(Parse(late).has_value());
  EXPECT_FALSE(Parse(std::string(100'000, '{')).has_value());
  EXPECT_FALSE(Parse("[1,2,3]", {.bytes = 6}).has_value());
}

TEST(JsonReader, GivesTheRawTextOfAValue) {
  auto document =
      Document::Parse(R"( {"a": [1, {"b":"]\""} ] , "s" : "x\n" , "n": 1.50 , "o":{}})");
  ASSERT_TRUE(document.has_value());
  std::vector<std::string> raw;
  Status status = document->root().ForEachField([&](std::string_view, Cursor value) -> Status {
    ASSIGN_OR_RETURN(std::string_view text, value.Raw());
    raw.emplace_back(text);
    return OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_TRUE(document->Finish().ok());
  EXPECT_EQ(raw, (std::vector<std::string>{R"([1, {"b":"]\""} ])", R"("x\n")", "1.50", "{}"}));
  auto whole = Document::Parse(" [1] ");
  EXPECT_EQ(whole->root().Raw(), "[1]");
}

TEST(JsonReader, LetsAFailedReadBeFollowedByATree) {
  auto document = Document::Parse(R"({"key": {"b": [2], "a": "é"}, "next": 3, "last": "12x"})");
  std::vector<std::string> seen;
  Status status = document->root().ForEachField([&](std::string_view, Cursor value) -> Status {
    EXPECT_FALSE(value.Int64(IntForm::kNumberOrString).has_value() &&
                 value.kind() != Kind::kNumber);
    ASSIGN_OR_RETURN(Value tree, value.Tree());
    seen.push_back(DumpSorted(tree));
    return OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_TRUE(document->Finish().ok());
  EXPECT_EQ(seen, (std::vector<std::string>{R"({"a":"\u00e9","b":[2]})", "3", "\"12x\""}));
}

TEST(JsonReader, FindsABadEscapeThatAHandlerOverlooked) {
  auto document = Document::Parse(R"(["\q"])");
  Status status = document->root().ForEachElement([](size_t, Cursor value) -> Status {
    EXPECT_FALSE(value.String().has_value());
    return OkStatus();
  });
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
}

TEST(JsonReader, RefusesScalarReadsOfAContainerAtTheRoot) {
  for (const char* text : {"[1]", "{\"a\": 1}"}) {
    auto document = Document::Parse(text);
    EXPECT_EQ(document->root().Double().error().code(), Code::kInvalidArgument);
    EXPECT_EQ(document->root().Int64().error().code(), Code::kInvalidArgument);
    EXPECT_EQ(document->root().Bool().error().code(), Code::kInvalidArgument);
    EXPECT_EQ(document->root().String().error().code(), Code::kInvalidArgument);
    EXPECT_TRUE(document->root().Tree().has_value());
    EXPECT_TRUE(document->Finish().ok());
  }
}

TEST(JsonReader, RefusesToReadAContainerTwice) {
  auto document = Document::Parse("[[1], 2]");
  Status status = document->root().ForEachElement([](size_t, Cursor value) -> Status {
    if (value.kind() == Kind::kArray) {
      EXPECT_TRUE(value.Skip().ok());
      EXPECT_EQ(value.Tree().error().code(), Code::kInternal);
    }
    return OkStatus();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(document->Finish().ok());

  auto half = Document::Parse("[[1], 2]");
  EXPECT_FALSE(half->root()
                   .ForEachElement([](size_t, Cursor) { return Status(Code::kAborted, "stop"); })
                   .ok());
  EXPECT_FALSE(half->Finish().ok());
}

TEST(JsonReader, ReadsSeveralDocumentsAtOnce) {
  auto outer = Document::Parse(R"({"inner": "{\"a\": [1, 2]}"})");
  Status status = outer->root().ForEachField([&](std::string_view, Cursor value) -> Status {
    ASSIGN_OR_RETURN(std::string_view text, value.String());
    ASSIGN_OR_RETURN(Value inner, Parse(text));
    EXPECT_EQ(Dump(inner), R"({"a":[1,2]})");
    return OkStatus();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(outer->Finish().ok());

  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t, &good] {
      for (int i = 0; i < 200; ++i) {
        auto value = Parse("[" + std::to_string(t * 1000 + i) + "]");
        good += value && *value == Value(Array{Value(t * 1000 + i)}) ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(good, 800);
}

rc::Gen<Value> AnyValue(int depth) {
  auto text = rc::gen::map(rc::gen::container<std::string>(rc::gen::inRange(0, 128)),
                           [](std::string s) { return s + "ß中😀"; });
  auto scalar = rc::gen::oneOf(
      rc::gen::just(Value()),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Value(b); }),
      rc::gen::map(rc::gen::arbitrary<int64_t>(), [](int64_t i) { return Value(i); }),
      rc::gen::map(rc::gen::arbitrary<double>(),
                   [](double d) { return Value(std::isfinite(d) ? d : 0.5); }),
      rc::gen::map(text, [](std::string s) { return Value(std::move(s)); }));
  if (depth == 0) {
    return scalar;
  }
  auto child = AnyValue(depth - 1);
  auto array = rc::gen::map(rc::gen::container<std::vector<Value>>(child),
                            [](Array a) { return Value(std::move(a)); });
  auto object = rc::gen::map(
      rc::gen::container<std::vector<std::pair<std::string, Value>>>(rc::gen::pair(text, child)),
      [](Object o) {
        Value value{Object()};
        for (auto& [name, member] : o) {
          value.Set(name, std::move(member));
        }
        return value;
      });
  return rc::gen::oneOf(scalar, array, object);
}

RC_GTEST_PROP(JsonReader, ReadsBackWhatTheWriterWrote, ()) {
  Value value = *AnyValue(2);
  for (bool ascii : {false, true}) {
    auto back = Parse(Dump(value, {.ascii = ascii}));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == value);
  }
}

RC_GTEST_PROP(JsonReader, SurvivesAnyCutAndAnyFlippedByte, ()) {
  std::string text = Dump(*AnyValue(2));
  auto at = *rc::gen::inRange<size_t>(0, text.size() + 1);
  std::ignore = Parse(text.substr(0, at));
  if (at < text.size()) {
    text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
    std::ignore = Parse(text);
  }
}

}  // namespace
}  // namespace stetig::json
