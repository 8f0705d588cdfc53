#include "client/csv.h"

#include <gtest/gtest.h>

namespace stetig::client {
namespace {

/// Cells in brackets, rows by line number.
std::string Read(std::string_view text) {
  const auto rows = ParseCsv(text);
  if (!rows) return rows.error().ToString();
  std::string out;
  for (const CsvRow& row : *rows) {
    out += std::to_string(row.line) + ":";
    for (const std::string& cell : row.cells) out += "[" + cell + "]";
  }
  return out;
}

TEST(CsvTest, RowsAndCells) {
  EXPECT_EQ(Read(""), "");
  EXPECT_EQ(Read("a,b\n1,2\n"), "1:[a][b]2:[1][2]");
  EXPECT_EQ(Read("a,b\r\n1,\r\n"), "1:[a][b]2:[1][]");
  EXPECT_EQ(Read("\xEF\xBB\xBF"
                 "a\n\n\nb"),
            "1:[a]4:[b]");
  EXPECT_EQ(Read(",,\n"), "1:[][][]");
}

TEST(CsvTest, QuotedCellsHoldAnything) {
  EXPECT_EQ(Read("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\nnext\n"),
            "1:[a,b][say \"hi\"][two\nlines]3:[next]");
  EXPECT_EQ(Read("\"\",x"), "1:[][x]");
  EXPECT_EQ(Read("in \"side\" is plain\n"), "1:[in \"side\" is plain]");
}

TEST(CsvTest, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_EQ(Read("a\nb,\"open\nmore"), "invalid_argument: line 2: a quote is not closed");
  EXPECT_EQ(Read("\"a\"b\n"),
            "invalid_argument: line 1: text follows a closing quote, expected a comma");
}

}  // namespace
}  // namespace stetig::client
