#include "commands.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "completion.h"
#include "doctor.h"
#include "journal.h"
#include "resources.h"
#include "users.h"

namespace stetig::app {
namespace {

constexpr std::string_view kVersion = STETIG_VERSION;
constexpr int kLongestTokenLife = 36'500;  // days: a hundred years

int Complain(const Status& status, std::string_view command) {
  fmt::print(stderr, "stetig: {}\nSee: stetig help {}\n", status.message(), command);
  return kWrongCommandLine;
}

}  // namespace

void AddSettings(CLI::App& command, Invocation& in, Scope scope) {
  for (const config::Description& setting : DeclareSettings(in.options).Describe()) {
    if (!InScope(setting.name, scope)) {
      continue;
    }
    const std::string_view placeholder = PlaceholderOf(setting.name);
    auto* option = command.add_option_function<std::string>(
        "--" + setting.name,
        [&in, name = setting.name](const std::string& value) {
          in.flags.emplace_back(name, value);
        },
        fmt::format("{} [{}]", setting.help, setting.environment));
    option->type_name(std::string(placeholder))->default_str(setting.default_value);
    if (placeholder == "LIST") {
      option->join(',');
    } else {
      option->take_last();
    }
  }
  command
      .add_option("--config", in.config_file,
                  fmt::format("File with settings (default: {}, if it is there) [STETIG_CONFIG]",
                              kDefaultFile))
      ->type_name("FILE");
}

void AddOutput(CLI::App& command, Invocation& in) {
  command.add_option("-o,--output", in.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("WORD")
      ->default_str("text");
}

void Runs(CLI::App& command, Invocation& in, std::string name,
          std::function<int(const Loaded& loaded)> run) {
  command.callback([&in, name = std::move(name), run = std::move(run)] {
    in.action = [&in, name, run] {
      auto loaded = LoadSettings(in.options, in.flags, in.config_file);
      return loaded ? run(*loaded) : Complain(loaded.error(), name);
    };
  });
}

namespace {

void AddUp(CLI::App& app, Invocation& in) {
  CLI::App* up = app.add_subcommand("up", "Starts the server");
  up->footer(
      "Examples:\n  stetig up\n  stetig up --data /srv/stetig --port 5000\n  stetig up --store "
      "postgresql://stetig@db/stetig --host 0.0.0.0");
  AddSettings(*up, in, Scope::kServer);
  Runs(*up, in, "up", [&in](const Loaded&) { return Up(in.options); });
}

void AddDoctor(CLI::App& app, Invocation& in) {
  CLI::App* doctor =
      app.add_subcommand("doctor", "Looks for what would keep the server from working");
  doctor->footer(
      "Give it the flags that you give to `stetig up`. It changes nothing and may run beside a "
      "server.\n\nExamples:\n  stetig doctor\n  stetig doctor --data /srv/stetig -o json");
  AddSettings(*doctor, in, Scope::kServer);
  AddOutput(*doctor, in);
  Runs(*doctor, in, "doctor",
       [&in](const Loaded& loaded) { return Doctor(in.options, loaded, in.json()); });
}

/// A subcommand of `user` or `token` that works on the store; `what`: the name of its argument.
CLI::App* AddStoreCommand(CLI::App& parent, Invocation& in, const char* name, const char* help,
                          const char* what, std::function<int()> run) {
  CLI::App* command = parent.add_subcommand(name, help);
  AddSettings(*command, in, Scope::kStore);
  if (what != nullptr) {
    command->add_option(what, in.name)->required()->type_name("");
  }
  Runs(*command, in, fmt::format("{} {}", parent.get_name(), name),
       [run = std::move(run)](const Loaded&) { return run(); });
  return command;
}

void AddUser(CLI::App& app, Invocation& in) {
  CLI::App* user = app.add_subcommand("user", "Adds, lists, changes and removes users");
  user->require_subcommand(1);
  constexpr const char* kPassword =
      "The password is asked for on the terminal, or is the first line of standard input, or the "
      "variable STETIG_PASSWORD. It has at least 12 characters.\n\nExample:\n  ";
  CLI::App* add = AddStoreCommand(*user, in, "add", "Adds a user", "NAME",
                                  [&in] { return AddUser(in.options, in.name, in.role); });
  add->add_option("--role", in.role, "viewer, editor or admin (default: editor)")
      ->type_name("WORD");
  add->footer(std::string(kPassword) + "stetig user add ada --role admin");
  AddStoreCommand(*user, in, "password", "Sets a user's password", "NAME", [&in] {
    return SetUserPassword(in.options, in.name);
  })->footer(std::string(kPassword) + "stetig user password ada");
  AddStoreCommand(*user, in, "role", "Sets a user's role", "NAME",
                  [&in] { return SetUserRole(in.options, in.name, in.role); })
      ->add_option("ROLE", in.role, "viewer, editor or admin")
      ->required()
      ->type_name("");
  AddStoreCommand(*user, in, "remove", "Removes a user with its tokens", "NAME",
                  [&in] { return RemoveUser(in.options, in.name); });
  AddOutput(*AddStoreCommand(*user, in, "list", "Lists users", nullptr,
                             [&in] { return ListUsers(in.options, in.json()); }),
            in);
}

void AddToken(CLI::App& app, Invocation& in) {
  CLI::App* token = app.add_subcommand("token", "Creates, lists and revokes tokens of programs");
  token->require_subcommand(1);
  CLI::App* create = AddStoreCommand(
      *token, in, "create", "Creates a token and prints it, once", "USER",
      [&in] { return CreateToken(in.options, in.name, in.label, in.role, in.days); });
  create->add_option("--label", in.label, "What it is for")->type_name("TEXT");
  create
      ->add_option("--role", in.role,
                   "viewer, editor or admin; the lower of this and the user's counts (default: "
                   "editor)")
      ->type_name("WORD");
  create->add_option("--days", in.days, "Life time in days (default: for ever)")
      ->check(CLI::Range(1, kLongestTokenLife))
      ->type_name("N");
  create->footer(
      "Examples:\n  stetig token create ada --label ci --days 90\n  export "
      "MLFLOW_TRACKING_TOKEN=$(stetig token create ada --label notebook)");
  AddStoreCommand(*token, in, "revoke", "Revokes a token", "ID",
                  [&in] { return RevokeToken(in.options, in.name); });
  AddOutput(*AddStoreCommand(*token, in, "list", "Lists tokens, without their secrets", nullptr,
                             [&in] { return ListTokens(in.options, in.json()); }),
            in);
}

int PrintVersion(bool json) {
  if (!json) {
    fmt::print("stetig {}\n", kVersion);
    return kDone;
  }
  std::string out;
  JsonWriter writer(&out);
  writer.BeginObject();
  writer.Field("name", std::string_view("stetig"));
  writer.Field("version", kVersion);
  writer.EndObject();
  fmt::print("{}\n", out);
  return kDone;
}

int PrintHelp(const CLI::App& app, const std::vector<std::string>& topic) {
  const CLI::App* at = &app;
  std::string parents;
  for (const std::string& word : topic) {
    const CLI::App* next = FindCommand(*at, {word});
    if (next == nullptr) {
      fmt::print(stderr, "stetig: {}\nSee: stetig help\n", UnknownCommand(*at, word));
      return kWrongCommandLine;
    }
    parents += (parents.empty() ? "" : " ") + at->get_name();
    at = next;
  }
  // Not App::help: that one explains the command that was called, which is `help`.
  const std::string name = parents.empty() ? at->get_name() : parents + " " + at->get_name();
  fmt::print("{}", at->get_formatter()->make_help(at, name, CLI::AppFormatMode::Normal));
  return kDone;
}

void AddOthers(CLI::App& app, Invocation& in) {
  CLI::App* version = app.add_subcommand("version", "Prints the version");
  AddOutput(*version, in);
  version->callback([&in] { in.action = [&in] { return PrintVersion(in.json()); }; });

  CLI::App* help = app.add_subcommand("help", "Explains a command");
  help->add_option("COMMAND", in.topic)->type_name("");
  help->callback([&app, &in] { in.action = [&app, &in] { return PrintHelp(app, in.topic); }; });

  CLI::App* completion = app.add_subcommand("completion", "Prints a shell's completion script");
  completion->footer(
      "Examples:\n  source <(stetig completion bash)   (in ~/.bashrc)\n  source <(stetig "
      "completion zsh)    (in ~/.zshrc)\n  stetig completion fish > "
      "~/.config/fish/completions/stetig.fish");
  completion->add_option("SHELL", in.topic, "bash, zsh or fish")
      ->required()
      ->expected(1)
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("");
  completion->callback([&app, &in] {
    in.action = [&app, &in] {
      fmt::print("{}", CompletionScript(app, in.topic.front()));
      return kDone;
    };
  });
}

}  // namespace

void AddCommands(CLI::App& app, Invocation& invocation) {
  AddUp(app, invocation);
  AddDoctor(app, invocation);
  AddUser(app, invocation);
  AddToken(app, invocation);
  AddJournalCommands(app, invocation);
  AddServerCommands(app, invocation);
  AddResourceCommands(app, invocation);
  AddFileCommands(app, invocation);
  AddRequirementSync(app, invocation);
  AddCsvImports(app, invocation);
  AddOthers(app, invocation);
}

std::string CalledCommand(const CLI::App& app) {
  std::string words;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    words += (words.empty() ? "" : " ") + at->get_name();
  }
  return words;
}

const CLI::App* FindCommand(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (const std::string& word : words) {
    const CLI::App* next = nullptr;
    for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; })) {
      next = command->get_name() == word ? command : next;
    }
    if (next == nullptr) {
      return nullptr;
    }
    at = next;
  }
  return at;
}

std::string UnknownCommand(const CLI::App& parent, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::App* command : parent.get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(command->get_name());
  }
  const auto nearest = config::Nearest(word, known);
  return fmt::format("there is no command '{}'{}", word,
                     nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : "");
}

}  // namespace stetig::app
