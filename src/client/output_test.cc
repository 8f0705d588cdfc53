#include "client/output.h"

#include <gtest/gtest.h>

namespace stetig::client {
namespace {

json::Value Parsed(std::string_view text) {
  auto value = json::Parse(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value ? std::move(*value) : json::Value();
}

json::Array Items(std::string_view text) { return *Parsed(text).AsArray(); }

Shown As(OutputForm form, std::vector<std::string> columns = {}) {
  return {.form = form, .columns = std::move(columns)};
}

TEST(OutputTest, FormsAreKnownByName) {
  EXPECT_EQ(ParseOutputForm("json"), OutputForm::kJson);
  EXPECT_EQ(ParseOutputForm("csv"), OutputForm::kCsv);
  EXPECT_EQ(ParseOutputForm("auto"), OutputForm::kAuto);
  EXPECT_EQ(ParseOutputForm("nothing"), OutputForm::kAuto);
  for (const std::string& name : OutputForms()) {
    EXPECT_EQ(ParseOutputForm(name) == OutputForm::kAuto, name == "auto") << name;
  }
}

TEST(OutputTest, AutoIsATableOnATerminalAndTabsElsewhere) {
  const json::Array items = Items(R"([{"a": 1}])");
  Shown shown = As(OutputForm::kAuto, {"a"});
  EXPECT_EQ(ShowList(items, shown), "a\n1\n");
  shown.terminal = true;
  EXPECT_EQ(ShowList(items, shown), "A\n1\n");
}

TEST(OutputTest, TabSeparatedLinesHaveOneLineForEachItem) {
  const json::Array items = Items(
      R"([{"key": "A-1", "title": "two\tparts\nand \u001b[31mmore", "n": 1.5, "list": ["x", 1], "none": null},
          {"key": "A-2", "flag": true}])");
  EXPECT_EQ(ShowList(items, As(OutputForm::kTsv, {"key", "title", "n", "list", "none", "flag"})),
            "key\ttitle\tn\tlist\tnone\tflag\n"
            "A-1\ttwo parts and  [31mmore\t1.5\t[\"x\",1]\t\t\n"
            "A-2\t\t\t\t\ttrue\n");
  EXPECT_EQ(ShowList({}, As(OutputForm::kTsv, {"key", "title"})), "key\ttitle\n");
}

// RFC 4180: quotes around cells with commas, quotes or line ends; quotes doubled.
TEST(OutputTest, CommaSeparatedValuesKeepEveryCharacter) {
  const json::Array items =
      Items(R"([{"a": "plain", "b": "a, \"b\"\nc"}, {"a": "größe", "c": {"x": [1, null]}}])");
  EXPECT_EQ(ShowList(items, As(OutputForm::kCsv, {"a"})),
            "a,b,c\n"
            "plain,\"a, \"\"b\"\"\nc\",\n"
            "größe,,\"{\"\"x\"\":[1,null]}\"\n");
}

TEST(OutputTest, TablesAlignByWidthOfTheCharacters) {
  const json::Array items = Items(
      R"([{"updated_at": "日本語", "b": "x"}, {"updated_at": "ab", "b": "y"}, {"updated_at": "e\u0301", "b": "z"}])");
  EXPECT_EQ(ShowList(items, As(OutputForm::kTable, {"updated_at", "b"})),
            "UPDATED AT  B\n"
            "日本語      x\n"
            "ab          y\n"
            "e\u0301           z\n");
}

TEST(OutputTest, TablesStayWithinTheTerminalAndShortenLongCells) {
  Shown shown = As(OutputForm::kTable, {"a", "b"});
  shown.width = 8;
  EXPECT_EQ(ShowList(Items(R"([{"a": "abc", "b": "日本語"}])"), shown), "A    B\nabc  日…\n");
  const std::string longer(70, 'x');
  const json::Array items = {json::Object{{"a", longer}}};
  EXPECT_EQ(ShowList(items, As(OutputForm::kTable, {"a"})), "A\n" + std::string(59, 'x') + "…\n");
}

TEST(OutputTest, WideShowsEveryMember) {
  const json::Array items = Items(R"([{"a": 1, "b": 2}, {"c": 3}])");
  EXPECT_EQ(ShowList(items, As(OutputForm::kWide, {"a"})), "A  B  C\n1  2  \n      3\n");
}

TEST(OutputTest, OnlyAColouredHeadHasEscapes) {
  Shown shown = As(OutputForm::kTable, {"a"});
  shown.colours = true;
  EXPECT_EQ(ShowList(Items(R"([{"a": "\u001b[31m"}])"), shown), "\x1b[1mA\x1b[0m\n [31m\n");
}

TEST(OutputTest, JsonAndJsonLines) {
  const json::Array items = Items(R"([{"a": "é"}, {"b": [1, null]}])");
  EXPECT_EQ(ShowList(items, As(OutputForm::kJson)), "[{\"a\":\"é\"},{\"b\":[1,null]}]\n");
  EXPECT_EQ(ShowList(items, As(OutputForm::kJsonLines)), "{\"a\":\"é\"}\n{\"b\":[1,null]}\n");
  EXPECT_EQ(ShowList({}, As(OutputForm::kJsonLines)), "");
}

TEST(OutputTest, OneObjectInEachForm) {
  const json::Value value = Parsed(R"({"key": "A-1", "größe": [1], "text": "a\nb"})");
  EXPECT_EQ(ShowObject(value, As(OutputForm::kTsv)), "key\tA-1\ngröße\t[1]\ntext\ta b\n");
  EXPECT_EQ(ShowObject(value, As(OutputForm::kTable)), "key    A-1\ngröße  [1]\ntext   a b\n");
  EXPECT_EQ(ShowObject(value, As(OutputForm::kCsv)), "key,größe,text\nA-1,[1],\"a\nb\"\n");
  EXPECT_EQ(ShowObject(value, As(OutputForm::kJsonLines)),
            "{\"key\":\"A-1\",\"größe\":[1],\"text\":\"a\\nb\"}\n");
}

// YAML 1.2; tests/e2e/test_cli_v1.py reads it back with PyYAML (YAML 1.1).
TEST(OutputTest, YamlQuotesWhatWouldMeanSomethingElse) {
  EXPECT_EQ(
      ToYaml(Parsed(R"({"plain": "two words", "word": "No", "number": "1.5", "date": "2026-11-27",
                              "colon": "a: b", "hash": "a #b", "blank": " a", "empty": "", "y": 1})")),
      "plain: two words\nword: \"No\"\n"
      "number: \"1.5\"\ndate: \"2026-11-27\"\n"
      "colon: \"a: b\"\nhash: \"a #b\"\nblank: \" a\"\nempty: \"\"\n\"y\": 1\n");
}

TEST(OutputTest, YamlNests) {
  EXPECT_EQ(
      ToYaml(Parsed(R"({"a": [1, {"b": [], "c": {}}, [2, 3]], "d": {"e": null}, "f": true})")),
      "a:\n  - 1\n  - b: []\n    c: {}\n  - - 2\n    - 3\nd:\n  e: null\nf: true\n");
  EXPECT_EQ(ShowList({}, As(OutputForm::kYaml)), "[]\n");
}

TEST(OutputTest, YamlEscapesWhatItsReadersRefuse) {
  EXPECT_EQ(
      ToYaml(Parsed(
          R"(["a\u0000b", "a\u007fb", "a\u009bb", "a\u2028b", "a\ufeffb", "é", "a\\b\"c\nd\te"])")),
      "- \"a\\u0000b\"\n- \"a\\u007Fb\"\n- \"a\\u009Bb\"\n- \"a\\u2028b\"\n- \"a\\uFEFFb\"\n- "
      "\"é\"\n"
      "- \"a\\\\b\\\"c\\nd\\u0009e\"\n");
  EXPECT_EQ(ToYaml(json::Value("\U0001F600")), "\"\U0001F600\"\n");
  EXPECT_EQ(ToYaml(json::Value("\U0001FFFE")), "\"\\U0001FFFE\"\n");
}

}  // namespace
}  // namespace stetig::client
