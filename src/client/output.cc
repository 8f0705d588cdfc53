#include "client/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "client/language.h"
#include "client/width.h"
#include "io/host.h"

namespace stetig::client {
namespace {

constexpr size_t kWidestCell = 60;

const json::Value* Member(const json::Value& value, const std::string& name) {
  return value.Find(name);
}

/// A value in one cell: texts as they are, everything else as JSON, nothing for what is not there.
std::string Cell(const json::Value* value) {
  if (value == nullptr || value->IsNull()) return {};
  if (const std::string* text = value->AsString()) return *text;
  return json::Dump(*value);
}

std::vector<std::string> Columns(const json::Array& items, const Shown& shown) {
  const bool chosen =
      !shown.columns.empty() && shown.form != OutputForm::kWide && shown.form != OutputForm::kCsv;
  if (chosen) return shown.columns;
  std::vector<std::string> columns;
  for (const json::Value& item : items) {
    if (item.AsObject() == nullptr) continue;
    for (const auto& [name, value] : *item.AsObject()) {
      if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
    }
  }
  return columns.empty() ? shown.columns : columns;
}

std::string Tsv(const json::Array& items, const std::vector<std::string>& columns) {
  std::string out;
  for (size_t i = 0; i < columns.size(); ++i) out += (i == 0 ? "" : "\t") + columns[i];
  out += "\n";
  for (const json::Value& item : items) {
    for (size_t i = 0; i < columns.size(); ++i) {
      out += (i == 0 ? "" : "\t") + OneLine(Cell(Member(item, columns[i])));
    }
    out += "\n";
  }
  return out;
}

/// RFC 4180, but for line ends: "\n".
std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string Csv(const json::Array& items, const std::vector<std::string>& columns) {
  std::string out;
  for (size_t i = 0; i < columns.size(); ++i) out += (i == 0 ? "" : ",") + CsvCell(columns[i]);
  out += "\n";
  for (const json::Value& item : items) {
    for (size_t i = 0; i < columns.size(); ++i) {
      out += (i == 0 ? "" : ",") + CsvCell(Cell(Member(item, columns[i])));
    }
    out += "\n";
  }
  return out;
}

std::string Padded(const std::string& text, size_t width) {
  const size_t length = DisplayWidth(text);
  return length >= width ? text : text + std::string(width - length, ' ');
}

/// Cut where the terminal ends, so that a row stays a line.
std::string Row(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                size_t limit) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool last = i + 1 == cells.size();
    line += (i == 0 ? "" : "  ") + (last ? cells[i] : Padded(cells[i], widths[i]));
  }
  return limit == 0 ? line : Shortened(line, limit);
}

std::string Table(const json::Array& items, const std::vector<std::string>& columns,
                  const Shown& shown) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> head;
  for (const std::string& column : columns) {
    head.push_back(Heading(column));
  }
  std::vector<size_t> widths;
  for (const std::string& name : head) widths.push_back(DisplayWidth(name));
  for (const json::Value& item : items) {
    std::vector<std::string>& row = rows.emplace_back();
    for (size_t i = 0; i < columns.size(); ++i) {
      row.push_back(Shortened(OneLine(Cell(Member(item, columns[i]))), kWidestCell));
      widths[i] = std::max(widths[i], DisplayWidth(row.back()));
    }
  }
  const std::string bold = shown.colours ? "\x1b[1m" : "";
  const std::string plain = shown.colours ? "\x1b[0m" : "";
  std::string out = bold + Row(head, widths, shown.width) + plain + "\n";
  for (const std::vector<std::string>& row : rows) out += Row(row, widths, shown.width) + "\n";
  return out;
}

/// What every reader of YAML takes as it is (YAML 1.2, section 5.1), without line separators.
bool IsPrintableYaml(char32_t c) {
  return (c >= 0x20 && c < 0x7F) ||
         (c >= 0xA0 && c <= 0xFFFD && c != 0x2028 && c != 0x2029 && c != 0xFEFF) ||
         (c >= 0x10000 && (c & 0xFFFF) < 0xFFFE);
}

/// A double-quoted scalar.
std::string QuotedYaml(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto c = TakeCodePoint(text);
    if (!c) break;  // JSON's texts are well-formed
    if (*c == '"' || *c == '\\') {
      out += '\\';
      out += static_cast<char>(*c);
    } else if (*c == '\n') {
      out += "\\n";
    } else if (IsPrintableYaml(*c)) {
      AppendUtf8(out, *c);
    } else if (*c <= 0xFFFF) {
      out += fmt::format("\\u{:04X}", static_cast<uint32_t>(*c));
    } else {
      out += fmt::format("\\U{:08X}", static_cast<uint32_t>(*c));
    }
  }
  return out + "\"";
}

/// Whether it may stand without quotes in YAML 1.1 and 1.2: letters first, no word or sign that
/// means something.
bool IsPlainYaml(std::string_view text) {
  static const std::vector<std::string_view> kWords = {"true", "false", "null", "yes", "no",
                                                       "on",   "off",   "y",    "n"};
  if (text.empty() || ParseDouble(text) || Trim(text).size() != text.size()) return false;
  for (const std::string_view word : kWords) {
    if (EqualsIgnoreCase(text, word)) return false;
  }
  const bool safe_begin = std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/")
                              .contains(text.front());
  if (!safe_begin || text.find_first_of(":#\n\r\t\"'{}[],&*!|>%@`\\") != std::string_view::npos) {
    return false;
  }
  for (std::string_view rest = text; !rest.empty();) {
    const auto c = TakeCodePoint(rest);
    if (!c || !IsPrintableYaml(*c)) return false;
  }
  return true;
}

void AppendYaml(std::string& out, const json::Value& value, size_t depth);

std::string YamlScalar(const json::Value& value) {
  if (const std::string* text = value.AsString()) {
    return IsPlainYaml(*text) ? *text : QuotedYaml(*text);
  }
  return json::Dump(value);
}

bool IsNested(const json::Value& value) {
  return (value.AsArray() != nullptr && !value.AsArray()->empty()) ||
         (value.AsObject() != nullptr && !value.AsObject()->empty());
}

void AppendYaml(std::string& out, const json::Value& value, size_t depth) {
  const std::string indent(depth * 2, ' ');
  if (const json::Array* array = value.AsArray(); array != nullptr && !array->empty()) {
    for (const json::Value& element : *array) {
      if (!IsNested(element)) {
        out += indent + "- " + YamlScalar(element) + "\n";
        continue;
      }
      std::string inner;
      AppendYaml(inner, element, depth + 1);
      out += indent + "- " + inner.substr((depth + 1) * 2);
    }
  } else if (const json::Object* object = value.AsObject(); object != nullptr && !object->empty()) {
    for (const auto& [name, member] : *object) {
      out += indent + YamlScalar(json::Value(name)) + ":";
      if (IsNested(member)) {
        out += "\n";
        AppendYaml(out, member, depth + 1);
      } else {
        out += " " + YamlScalar(member) + "\n";
      }
    }
  } else {
    out += indent + YamlScalar(value) + "\n";
  }
}

OutputForm Resolved(const Shown& shown) {
  if (shown.form != OutputForm::kAuto) return shown.form;
  return shown.terminal ? OutputForm::kTable : OutputForm::kTsv;
}

}  // namespace

const std::vector<std::string>& OutputForms() {
  static const std::vector<std::string> forms = {"auto", "table", "wide", "tsv",
                                                 "json", "jsonl", "yaml", "csv"};
  return forms;
}

OutputForm ParseOutputForm(std::string_view name) {
  const auto found = std::ranges::find(OutputForms(), name);
  return found == OutputForms().end() ? OutputForm::kAuto
                                      : static_cast<OutputForm>(found - OutputForms().begin());
}

Shown ShownOnOutput(OutputForm form, std::vector<std::string> columns) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  const bool is_terminal = io::OutputIsTerminal();
  return {.form = form,
          .columns = std::move(columns),
          .terminal = is_terminal,
          .colours = is_terminal && !dumb && (no_colour == nullptr || *no_colour == 0),
          .width = io::TerminalWidth()};
}

std::string ShowList(const json::Array& items, const Shown& shown) {
  const OutputForm form = Resolved(shown);
  switch (form) {
    case OutputForm::kJson:
      return json::Dump(json::Value(items)) + "\n";
    case OutputForm::kJsonLines: {
      std::string out;
      for (const json::Value& item : items) out += json::Dump(item) + "\n";
      return out;
    }
    case OutputForm::kYaml:
      return items.empty() ? "[]\n" : ToYaml(json::Value(items));
    case OutputForm::kCsv:
      return Csv(items, Columns(items, shown));
    case OutputForm::kTsv:
      return Tsv(items, Columns(items, shown));
    default:
      return Table(items, Columns(items, shown), shown);
  }
}

std::string ShowObject(const json::Value& value, const Shown& shown) {
  const OutputForm form = Resolved(shown);
  if (form == OutputForm::kJson || form == OutputForm::kJsonLines) return json::Dump(value) + "\n";
  if (form == OutputForm::kYaml) return ToYaml(value);
  if (form == OutputForm::kCsv) return ShowList({value}, shown);
  const json::Object* object = value.AsObject();
  if (object == nullptr) return Cell(&value) + "\n";
  size_t widest = 0;
  for (const auto& [name, member] : *object) widest = std::max(widest, DisplayWidth(name));
  std::string out;
  for (const auto& [name, member] : *object) {
    const std::string text = form == OutputForm::kTsv ? OneLine(Cell(&member)) : Cell(&member);
    out += form == OutputForm::kTsv ? fmt::format("{}\t{}\n", name, text)
                                    : fmt::format("{}  {}\n", Padded(name, widest), OneLine(text));
  }
  return out;
}

std::string ToYaml(const json::Value& value) {
  std::string out;
  AppendYaml(out, value, 0);
  return out;
}

}  // namespace stetig::client
