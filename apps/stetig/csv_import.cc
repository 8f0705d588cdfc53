// `stetig NOUN import`: records from a CSV file, as `-o csv` writes them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>

#include "api/v1/table.h"
#include "base/digest.h"
#include "base/text.h"
#include "client/csv.h"
#include "client/output.h"
#include "io/file.h"
#include "resources.h"

namespace stetig::app {
namespace {

using api::v1::Operation;
using api::v1::Property;
using api::v1::Type;

constexpr size_t kMaxFile = size_t{16} << 20;

struct Asked {
  std::string server;
  std::string output = "auto";
  std::string file;
  std::string project;
  bool keep_status = false;
  bool dry_run = false;
};

/// The operations on one kind of record.
struct Kind {
  const Operation* create = nullptr;
  const Operation* update = nullptr;
};

/// A row ready to be sent: a change of `reference`, or a new record.
struct Row {
  size_t line = 0;
  std::string reference;
  json::Object body;
};

const Property* Find(const std::vector<Property>& properties, std::string_view name) {
  const auto found = std::ranges::find(properties, name, &Property::name);
  return found == properties.end() ? nullptr : &*found;
}

Result<json::Value> ValueOf(const Property& property, const std::string& cell) {
  const auto wrong = [&](std::string_view expected) {
    return Err(Code::kInvalidArgument, fmt::format("field '{}' is '{}', expected {}", property.name,
                                                   FirstCodePoints(cell, 80), expected));
  };
  switch (property.type) {
    case Type::kInteger:
      if (const auto number = ParseInt64(cell)) return json::Value(*number);
      return wrong("an integer");
    case Type::kNumber:
      if (const auto number = ParseDouble(cell)) return json::Value(*number);
      return wrong("a number");
    case Type::kBoolean:
      if (cell == "true" || cell == "false") return json::Value(cell == "true");
      return wrong("true or false");
    case Type::kStrings: {
      if (cell.starts_with('[')) return json::Parse(cell);
      json::Array lines;
      for (const std::string_view line : Split(cell, '\n')) {
        if (!Trim(line).empty()) lines.emplace_back(Trim(line));
      }
      return lines;
    }
    case Type::kObject:
    case Type::kAny:
      return json::Parse(cell);
    default:
      return json::Value(cell);
  }
}

/// A column is a field that can be set, `key` or `id` of a record that is there, or one that only
/// stetig sets and that is left out.
Status CheckColumns(const Kind& kind, const std::vector<std::string>& columns) {
  const api::v1::Schema& schema = api::v1::SchemaOf(kind.create->answer);
  for (const std::string& column : columns) {
    if (Find(kind.create->body, column) != nullptr || Find(schema.properties, column) != nullptr)
      continue;
    std::vector<std::string_view> names;
    for (const Property& property : kind.create->body) names.push_back(property.name);
    return Err(Code::kInvalidArgument,
               fmt::format("line 1: unknown column '{}', expected some of id, key, {}",
                           FirstCodePoints(column, 80), fmt::join(names, ", ")));
  }
  return OkStatus();
}

Result<Row> ReadRow(const Kind& kind, const std::vector<std::string>& columns,
                    const client::CsvRow& csv, const Asked& asked) {
  if (csv.cells.size() != columns.size()) {
    return Err(Code::kInvalidArgument,
               fmt::format("{} cells, expected {} as in line 1", csv.cells.size(), columns.size()));
  }
  Row row{.line = csv.line, .reference = {}, .body = {}};
  for (size_t i = 0; i < columns.size(); ++i) {
    if ((columns[i] == "id" || columns[i] == "key") && !csv.cells[i].empty() &&
        row.reference.empty()) {
      row.reference = csv.cells[i];
    }
  }
  const bool is_project = kind.create->kind == "project";
  if (is_project && row.reference.size() != 26) row.reference.clear();  // its key is a field
  const std::vector<Property>& body = row.reference.empty() ? kind.create->body : kind.update->body;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Property* property = Find(body, columns[i]);
    if (property == nullptr || csv.cells[i].empty()) continue;
    ASSIGN_OR_RETURN(json::Value value, ValueOf(*property, csv.cells[i]));
    row.body.emplace_back(property->name, std::move(value));
  }
  const bool takes_project = row.reference.empty() && Find(body, "project") != nullptr;
  if (takes_project && !asked.project.empty()) {
    json::Value whole(std::move(row.body));
    whole.Set("project", asked.project);
    row.body = std::move(*whole.AsObject());
  }
  return row;
}

Result<std::vector<Row>> ReadRows(const Kind& kind, const Asked& asked) {
  std::string text;
  if (asked.file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  } else {
    ASSIGN_OR_RETURN(text, io::ReadFile(io::Env::System(), asked.file, kMaxFile));
  }
  ASSIGN_OR_RETURN(const std::vector<client::CsvRow> csv, client::ParseCsv(text));
  if (csv.empty())
    return Err(Code::kInvalidArgument, "the file is empty, expected names of columns in line 1");
  const std::vector<std::string>& columns = csv.front().cells;
  TRY(CheckColumns(kind, columns));
  std::vector<Row> rows;
  for (size_t i = 1; i < csv.size(); ++i) {
    auto row = ReadRow(kind, columns, csv[i], asked);
    if (!row) {
      return Err(Code::kInvalidArgument,
                 fmt::format("line {}: {}", csv[i].line, row.error().message()));
    }
    rows.push_back(std::move(*row));
  }
  return rows;
}

/// Sends one row; the record's key.
Result<std::string> SendRow(const client::Server& server, const Kind& kind, const Row& row,
                            bool keep_status) {
  http::Headers headers;
  headers.Add("Content-Type", "application/json");
  const std::string body = json::Dump(json::Value(row.body));
  std::string target = std::string(api::v1::kBase) + kind.create->path;
  http::Method method = http::Method::kPost;
  if (row.reference.empty()) {
    if (keep_status) target += "?imported=true";
    // A file that is imported again makes nothing twice.
    headers.Add("Idempotency-Key", ToHex(Sha256(fmt::format("csv {} {}", row.line, body))));
  } else {
    method = http::Method::kPatch;
    target += "/" + PercentEncode(row.reference);
  }
  ASSIGN_OR_RETURN(const client::Exchange exchange,
                   client::Send(server, method, target, body, std::move(headers)));
  if (exchange.status / 100 != 2) return Err(ProblemOf(exchange));
  ASSIGN_OR_RETURN(const json::Value record, json::Parse(exchange.body));
  const json::Value* key = record.Find("key");
  return key == nullptr || key->AsString() == nullptr ? std::string() : *key->AsString();
}

int Run(const Kind& kind, const Asked& asked) {
  const bool as_json = asked.output == "json";
  auto rows = ReadRows(kind, asked);
  if (!rows) return FailRequest(rows.error(), as_json, kind.create->noun);
  auto server = client::ChooseServer(asked.server);
  if (!server) return FailRequest(server.error(), as_json, kind.create->noun);
  json::Array items;
  Status first_failure;
  for (const Row& row : *rows) {
    json::Object item = {{"line", static_cast<int64_t>(row.line)},
                         {"action", row.reference.empty() ? "create" : "update"},
                         {"key", row.reference}};
    if (!asked.dry_run) {
      auto key = SendRow(*server, kind, row, asked.keep_status);
      if (key) {
        item[2].second = *key;
      } else {
        item[1].second = "refused";
        item.emplace_back("reason", key.error().message());
        if (first_failure.ok()) first_failure = key.error();
        if (key.error().code() == Code::kUnavailable) break;
      }
    }
    items.push_back(std::move(item));
  }
  fmt::print("{}",
             client::ShowList(items, client::ShownOnOutput(client::ParseOutputForm(asked.output),
                                                           {"line", "action", "key", "reason"})));
  return first_failure.ok() ? kDone : FailRequest(first_failure, as_json, kind.create->noun);
}

void AddImport(CLI::App& app, const Kind& kind, Invocation& in) {
  auto asked = std::make_shared<Asked>();
  const std::string& noun = kind.create->noun;
  CLI::App* command = app.get_subcommand(noun)->add_subcommand(
      "import", "Makes and changes records from a CSV file; each row with a key or id is a change");
  command->add_option("FILE", asked->file, "As -o csv writes it; -: standard input")
      ->required()
      ->type_name("");
  if (Find(kind.create->body, "project") != nullptr) {
    command
        ->add_option("--project", asked->project, "Project of new records without one in the file")
        ->type_name("KEY");
  }
  command->add_flag("--keep-status", asked->keep_status,
                    "New records keep the status of the file, also one that none begins with");
  command->add_flag("--dry-run", asked->dry_run,
                    "Only checks the file and says what would be done");
  command->add_option("--server", asked->server, "URL or context of the server [STETIG_SERVER]")
      ->type_name("URL");
  command->add_option("-o,--output", asked->output, "Form of the list")
      ->check(CLI::IsMember(client::OutputForms()))
      ->type_name("FORM");
  command->footer(
      fmt::format("Examples:\n  stetig {0} list --all -o csv > {0}s.csv\n  stetig {0} import "
                  "{0}s.csv --dry-run",
                  noun));
  command->callback(
      [asked, kind, &in] { in.action = [asked, kind] { return Run(kind, *asked); }; });
}

}  // namespace

void AddCsvImports(CLI::App& app, Invocation& in) {
  std::map<std::string, Kind> kinds;
  for (const Operation& operation : api::v1::Operations()) {
    if (operation.kind.empty()) continue;
    if (operation.verb == "create") kinds[operation.noun].create = &operation;
    if (operation.verb == "update") kinds[operation.noun].update = &operation;
  }
  for (const auto& [noun, kind] : kinds) AddImport(app, kind, in);
}

}  // namespace stetig::app
