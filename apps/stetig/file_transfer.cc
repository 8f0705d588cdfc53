// `stetig attachment add` and `stetig attachment get`: files to the server and back.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/mlflow/mime_types.h"
#include "api/v1/table.h"
#include "base/check.h"
#include "base/text.h"
#include "client/output.h"
#include "client/transfer.h"
#include "io/host.h"
#include "resources.h"

namespace stetig::app {
namespace {

using api::v1::Operation;

struct Asked {
  std::string server;
  std::string output = "auto";
  std::string record;
  std::string name;
  std::string file;
  std::string type;
  std::string to = "-";
  std::string pick;
  int64_t version = 0;
};

const Operation& OperationOf(std::string_view id) {
  const auto& all = api::v1::Operations();
  const auto found = std::ranges::find_if(all, [id](const Operation& o) { return o.Id() == id; });
  CHECK(found != all.end());
  return *found;
}

std::string TargetOf(const Asked& asked) {
  return fmt::format("{}/records/{}/attachments/{}", api::v1::kBase, PercentEncode(asked.record),
                     PercentEncode(asked.name));
}

Result<std::string> Add(Asked asked) {
  if (asked.name.empty()) asked.name = asked.file.substr(asked.file.rfind('/') + 1);
  if (asked.name == "-" || asked.name.empty()) {
    return Err(Code::kInvalidArgument,
               fmt::format("'{}' has no name, expected --name NAME", asked.file));
  }
  if (asked.type.empty()) asked.type = api::mlflow::MimeTypeOf(asked.name);
  ASSIGN_OR_RETURN(const client::Server server, client::ChooseServer(asked.server));
  http::Headers headers;
  headers.Add("Content-Type", asked.type);
  ASSIGN_OR_RETURN(const client::Uploaded sent,
                   client::Upload(server, TargetOf(asked), asked.file, std::move(headers)));
  if (sent.exchange.status / 100 != 2) return Err(ProblemOf(sent.exchange));
  ASSIGN_OR_RETURN(const json::Value answer, json::Parse(sent.exchange.body));
  const json::Value* sha256 = answer.Find("sha256");
  if (sha256 == nullptr || sha256->AsString() == nullptr || *sha256->AsString() != sent.sha256) {
    return Err(Code::kDataLoss, "the server has stored other bytes than were sent: send again");
  }
  if (!asked.pick.empty()) return client::Pick(answer, asked.pick);
  return client::ShowObject(answer, client::ShownOnOutput(client::ParseOutputForm(asked.output),
                                                          OperationOf("attachment.add").shown));
}

Status Get(const Asked& asked) {
  if (asked.to == "-" && io::OutputIsTerminal()) {
    return Err(Code::kInvalidArgument,
               "a file's bytes are not for a terminal, expected --to FILE, or a pipe");
  }
  ASSIGN_OR_RETURN(const client::Server server, client::ChooseServer(asked.server));
  std::string target = TargetOf(asked);
  if (asked.version != 0) target += fmt::format("?version={}", asked.version);
  ASSIGN_OR_RETURN(const client::Exchange exchange,
                   client::Download(server, std::move(target), asked.to));
  return exchange.status / 100 == 2 ? OkStatus() : ProblemOf(exchange);
}

CLI::App* AddCommand(CLI::App& app, std::string_view verb, Asked& asked) {
  const Operation& operation = OperationOf(fmt::format("attachment.{}", verb));
  CLI::App* command =
      app.get_subcommand("attachment")->add_subcommand(operation.verb, operation.summary);
  std::vector<std::string> lines;
  for (const std::string& example : operation.examples) lines.push_back("  stetig " + example);
  command->footer(fmt::format("Examples:\n{}", fmt::join(lines, "\n")));
  command->add_option("ID", asked.record, "Id or key of the record, or the begin of an id")
      ->required()
      ->type_name("");
  command->add_option("--server", asked.server, "URL or context of the server [STETIG_SERVER]")
      ->type_name("URL");
  return command;
}

}  // namespace

void AddFileCommands(CLI::App& app, Invocation& in) {
  auto add = std::make_shared<Asked>();
  CLI::App* command = AddCommand(app, "add", *add);
  command->add_option("FILE", add->file, "The file; -: standard input")->required()->type_name("");
  command->add_option("--name", add->name, "Its name at the record (default: the file's)")
      ->type_name("TEXT");
  command->add_option("--type", add->type, "Its media type (default: by the name)")
      ->type_name("TYPE");
  command->add_option("-o,--output", add->output, "Form of the answer")
      ->check(CLI::IsMember(client::OutputForms()))
      ->type_name("FORM");
  command->add_option("--pick", add->pick, "Prints only what a path finds: .version")
      ->type_name("PATH");
  command->callback([add, &in] {
    in.action = [add] {
      auto text = Add(*add);
      if (!text) return FailRequest(text.error(), add->output == "json", "attachment");
      fmt::print("{}", *text);
      return kDone;
    };
  });

  auto get = std::make_shared<Asked>();
  command = AddCommand(app, "get", *get);
  command->add_option("NAME", get->name, "Its name")->required()->type_name("");
  command->add_option("--to", get->to, "The file to write, replaced if it is there (default: -)")
      ->type_name("FILE");
  command->add_option("--version", get->version, "Which version (default: the newest)")
      ->check(CLI::Range(int64_t{1}, std::numeric_limits<int64_t>::max()))
      ->type_name("N");
  command->callback([get, &in] {
    in.action = [get] {
      const Status got = Get(*get);
      return got.ok() ? kDone : FailRequest(got, /*json=*/false, "attachment");
    };
  });
}

}  // namespace stetig::app
