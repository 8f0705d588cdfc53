#include <gtest/gtest.h>

#include "client/output.h"

namespace stetig::client {
namespace {

const char* const kDocument = R"({
  "title": "two words", "n": 1.5, "flag": true, "none": null,
  "items": [{"key": "A-1", "tags": ["x", "y"]}, {"key": "A-2"}, {"key": "A-3", "tags": []}],
  "params": {"max depth": "4", "a-b_c": {"d": 7}, "": "empty"},
  "refs": [["run", "1"], ["task", "2"]]
})";

struct Case {
  const char* path;
  const char* expected;
};

class PickTest : public testing::TestWithParam<Case> {};

TEST_P(PickTest, FindsWhatThePathNames) {
  auto document = json::Parse(kDocument);
  ASSERT_TRUE(document.has_value());
  const auto picked = Pick(*document, GetParam().path);
  ASSERT_TRUE(picked.has_value()) << GetParam().path << ": " << picked.error().message();
  EXPECT_EQ(*picked, GetParam().expected) << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    Paths, PickTest,
    testing::Values(Case{".title", "two words\n"}, Case{".n", "1.5\n"}, Case{".flag", "true\n"},
                    Case{".none", "null\n"}, Case{".nothing", "null\n"},
                    Case{".nothing.below", "null\n"}, Case{".items[].key", "A-1\nA-2\nA-3\n"},
                    Case{".items[0].key", "A-1\n"}, Case{".items[-1].key", "A-3\n"},
                    Case{".items[3].key", "null\n"}, Case{".items[-4]", "null\n"},
                    Case{".items[].tags[]", "x\ny\n"}, Case{".items[2].tags", "[]\n"},
                    Case{".items[0].tags[1]", "y\n"}, Case{".title[]", ""},
                    Case{".params.\"max depth\"", "4\n"}, Case{".params.a-b_c.d", "7\n"},
                    Case{".params.\"\"", "empty\n"}, Case{".refs[][0]", "run\ntask\n"},
                    Case{".refs[1]", "[\"task\",\"2\"]\n"}, Case{".title,.n", "two words\t1.5\n"},
                    Case{".items[].key, .n", "A-1\t1.5\nA-2\t\nA-3\t\n"}));

TEST(PickWholeTest, ADotIsTheWholeValue) {
  auto document = json::Parse(R"([{"a": 1}, 2])");
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(Pick(*document, ".").value_or("?"), "[{\"a\":1},2]\n");
  EXPECT_EQ(Pick(*document, ".[0].a").value_or("?"), "1\n");
  EXPECT_EQ(Pick(*document, ".[]").value_or("?"), "{\"a\":1}\n2\n");
}

TEST(PickErrorTest, WhatIsNoPathIsRefusedAndNamed) {
  for (const char* path : {"", "title", ".a b", ".a..", ".[", ".[x]", ".a[1", ".\"a", ".a,", ".a,b",
                           "..", ".a|.b", ".a[1.5]", ".a]", ".ä"}) {
    const auto picked = Pick(json::Value(json::Object()), path);
    ASSERT_FALSE(picked.has_value()) << path << " gave " << *picked;
    EXPECT_EQ(picked.error().code(), Code::kInvalidArgument);
    EXPECT_NE(picked.error().message().find(std::string("'") + path + "' is no path"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace stetig::client
