#include "base/yaml.h"

#include <gtest/gtest.h>

#include <string>

namespace stetig {
namespace {

std::string Read(std::string_view text) {
  const auto value = ParseYaml(text, "x.yaml");
  return value ? json::Dump(*value) : value.error().ToString();
}

TEST(YamlTest, ScalarsHaveTheTypesOfTheCoreSchema) {
  EXPECT_EQ(Read("[~, null, true, False, 12, +3, -4, 1.5, 1e3, yes, 'true', \"5\", 1.2.3, nan]"),
            R"([null,null,true,false,12,3,-4,1.5,1000.0,"yes","true","5","1.2.3","nan"])");
  EXPECT_EQ(Read(""), "null");
  EXPECT_EQ(Read("a:\n"), R"({"a":null})");
}

TEST(YamlTest, MappingsSequencesAndBlocks) {
  EXPECT_EQ(Read("title: Größe\nlist:\n  - a: 1\n    b: [x, y]\n  - |\n    two\n    lines\n"),
            "{\"title\":\"Größe\",\"list\":[{\"a\":1,\"b\":[\"x\",\"y\"]},\"two\\nlines\\n\"]}");
  EXPECT_EQ(Read("a: &x {b: 1}\nc: *x\n"), R"({"a":{"b":1},"c":{"b":1}})");
}

TEST(YamlTest, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_EQ(Read("a: 1\na: 2\n"), "invalid_argument: x.yaml, line 2: 'a' stands twice");
  EXPECT_EQ(Read("? [a]\n: 1\n"), "invalid_argument: x.yaml, line 1: a key is no text");
  EXPECT_EQ(Read("a: 1\n---\nb: 2\n"),
            "invalid_argument: x.yaml, line 3: a second document begins, expected one");
  EXPECT_TRUE(Read("a: [1, 2\n").starts_with("invalid_argument: x.yaml, line"));
  EXPECT_EQ(Read("a: \xff\n"), "invalid_argument: x.yaml is not UTF-8");
}

TEST(YamlTest, AliasesAndDepthAreBounded) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "" : ", ") + before;
    bomb += "]\n";
  }
  EXPECT_TRUE(Read(bomb).contains("holds more than 100000 values"));
  EXPECT_TRUE(Read(std::string(200, '[') + std::string(200, ']')).starts_with("invalid_argument"));
}

}  // namespace
}  // namespace stetig
