// How answers are shown: tables on a terminal, tab-separated lines in a pipe, JSON, YAML, CSV.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json_value.h"
#include "base/status.h"

namespace stetig::client {

enum class OutputForm : unsigned char {
  kAuto,
  kTable,
  kWide,
  kTsv,
  kJson,
  kJsonLines,
  kYaml,
  kCsv
};

/// "auto", "table", "wide", "tsv", "json", "jsonl", "yaml", "csv".
const std::vector<std::string>& OutputForms();
OutputForm ParseOutputForm(std::string_view name);

struct Shown {
  OutputForm form = OutputForm::kAuto;
  std::vector<std::string> columns;  ///< of tables; empty: every member
  bool terminal = false;
  bool colours = false;
  size_t width = 0;  ///< columns of the terminal; 0: unknown
};

/// What standard output is, and NO_COLOR and TERM=dumb.
Shown ShownOnOutput(OutputForm form, std::vector<std::string> columns);

/// A list of objects as text, each line ended.
std::string ShowList(const json::Array& items, const Shown& shown);
/// One object as text.
std::string ShowObject(const json::Value& value, const Shown& shown);

/// What a path picks out of a value: `.title`, `.items[].key`, `.metrics.accuracy`, `.refs[0]`,
/// several joined by commas (then each result line has one column for each). A member with other
/// characters than letters, digits, _ and - is quoted: `.params."max depth"`. Texts come as they
/// are, everything else as JSON. kInvalidArgument: no such path language.
Result<std::string> Pick(const json::Value& value, std::string_view paths);

/// YAML 1.2 of a value: block style, strings quoted where they need to be.
std::string ToYaml(const json::Value& value);

}  // namespace stetig::client
