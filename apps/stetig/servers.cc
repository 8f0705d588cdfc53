// `stetig login` and `stetig context`: which servers the command line knows.
#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

#include "client/connection.h"
#include "client/contexts.h"
#include "client/output.h"
#include "io/host.h"
#include "resources.h"

namespace stetig::app {
namespace {

struct Login {
  std::string url;
  std::string name;
};

/// From STETIG_TOKEN, a terminal, or a line of standard input; empty where none is needed.
Result<std::string> ReadToken() {
  if (const char* given = std::getenv("STETIG_TOKEN")) return std::string(given);
  if (io::InputIsTerminal())
    return io::AskHidden(Say("Token (from 'stetig token create'; empty: none): "));
  std::string line;
  std::getline(std::cin, line);
  return line;
}

/// Only a server that answers, and takes the token, is kept.
Result<std::string> WhoAmI(const std::string& url, const std::string& token) {
  ASSIGN_OR_RETURN(client::Server server, client::ParseServer(url));
  if (!token.empty()) server.authorization = "Bearer " + token;
  ASSIGN_OR_RETURN(const client::Exchange exchange,
                   client::Send(server, http::Method::kGet, "/api/v1/server", {}, {}));
  if (exchange.status == 401) {
    return Err(Code::kUnauthenticated, Say("{} does not take this token", url));
  }
  auto answer = json::Parse(exchange.body);
  const json::Value* user = answer ? answer->Find("user") : nullptr;
  const json::Value* role = answer ? answer->Find("role") : nullptr;
  if (exchange.status != 200 || user == nullptr || role == nullptr) {
    return Err(Code::kInvalidArgument,
               Say("{} answers {}, expected a stetig server", url, exchange.status));
  }
  return fmt::format("{} ({})", *user->AsString(), *role->AsString());
}

Status LogIn(const Login& login) {
  ASSIGN_OR_RETURN(const std::string token, ReadToken());
  ASSIGN_OR_RETURN(const std::string who, WhoAmI(login.url, token));
  ASSIGN_OR_RETURN(const client::Server server, client::ParseServer(login.url));
  ASSIGN_OR_RETURN(client::Contexts contexts, client::LoadContexts());
  const std::string name = login.name.empty() ? server.host : login.name;
  contexts.Use({.name = name, .url = login.url, .token = token});
  TRY(client::SaveContexts(contexts));
  fmt::print("{}\n", Say("logged in at {} as {}; the context is called {}", login.url, who, name));
  return OkStatus();
}

Status ListContexts(const std::string& output) {
  ASSIGN_OR_RETURN(const client::Contexts contexts, client::LoadContexts());
  json::Array items;
  for (const client::ServerContext& one : contexts.all) {
    items.push_back(json::Object{{"name", one.name},
                                 {"url", one.url},
                                 {"login", !one.token.empty()},
                                 {"current", one.name == contexts.current}});
  }
  fmt::print("{}",
             client::ShowList(items, client::ShownOnOutput(client::ParseOutputForm(output),
                                                           {"name", "url", "login", "current"})));
  return OkStatus();
}

Status SetContextLanguage(const std::string& word) {
  if (word != "auto" && !client::ParseLanguage(word)) {
    return Err(Code::kInvalidArgument, Say("'{}' is no language, expected de, en or auto", word));
  }
  ASSIGN_OR_RETURN(client::Contexts contexts, client::LoadContexts());
  contexts.language = word == "auto" ? "" : word;
  return client::SaveContexts(contexts);
}

Result<client::Contexts> Require(const std::string& name) {
  ASSIGN_OR_RETURN(client::Contexts contexts, client::LoadContexts());
  if (contexts.Find(name) == nullptr) {
    return Err(Code::kNotFound, Say("there is no context '{}'", name));
  }
  return contexts;
}

Status UseContext(const std::string& name) {
  ASSIGN_OR_RETURN(client::Contexts contexts, Require(name));
  contexts.current = name;
  return client::SaveContexts(contexts);
}

Status RemoveContext(const std::string& name) {
  ASSIGN_OR_RETURN(client::Contexts contexts, Require(name));
  std::erase_if(contexts.all, [&](const client::ServerContext& one) { return one.name == name; });
  if (contexts.current == name) contexts.current.clear();
  return client::SaveContexts(contexts);
}

/// Lets `run` be what the command does.
void Does(CLI::App& command, Invocation& in, std::function<Status()> run) {
  command.callback([&in, run = std::move(run)] {
    in.action = [run] {
      const Status status = run();
      return status.ok() ? kDone : FailRequest(status, /*json=*/false, "context");
    };
  });
}

}  // namespace

void AddServerCommands(CLI::App& app, Invocation& in) {
  auto login = std::make_shared<Login>();
  CLI::App* log_in =
      app.add_subcommand("login", Say("Keeps a server and its token for later commands"));
  log_in->add_option("URL", login->url)->required()->type_name("");
  log_in->add_option("--name", login->name, Say("What to call it (default: its host)"))
      ->type_name("TEXT");
  log_in->footer(Examples({"login https://mlops.example.com",
                           "$STETIG_TOKEN=$TOKEN stetig login https://mlops.example.com --name "
                           "production"}));
  Does(*log_in, in, [login] { return LogIn(*login); });

  auto name = std::make_shared<std::string>();
  auto output = std::make_shared<std::string>("auto");
  CLI::App* context = app.add_subcommand("context", Say("Servers that the command line knows"));
  context->require_subcommand(1);
  CLI::App* list = context->add_subcommand("list", Say("Lists them"));
  list->add_option("-o,--output", *output, Say("Form of the list"))
      ->check(CLI::IsMember(client::OutputForms()))
      ->type_name("FORM");
  Does(*list, in, [output] { return ListContexts(*output); });
  CLI::App* use = context->add_subcommand("use", Say("Makes one the current one"));
  use->add_option("NAME", *name)->required()->type_name("");
  Does(*use, in, [name] { return UseContext(*name); });
  CLI::App* remove = context->add_subcommand("remove", Say("Forgets one"));
  remove->add_option("NAME", *name)->required()->type_name("");
  Does(*remove, in, [name] { return RemoveContext(*name); });
  CLI::App* language =
      context->add_subcommand("language", Say("Keeps the language of all commands"));
  language->add_option("LANGUAGE", *name, Say("de, en, or auto: that of the environment"))
      ->required()
      ->type_name("");
  language->footer(Examples({"context language de"}));
  Does(*language, in, [name] { return SetContextLanguage(*name); });
}

}  // namespace stetig::app
