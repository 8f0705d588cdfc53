// The one executable: reads the command line and hands over.
#include <fmt/format.h>

#include "commands.h"
#include "help.h"

namespace {

using stetig::app::Invocation;

/// The first words that are meant as commands but are none: said before CLI11 says something else.
std::optional<std::string> FindUnknown(const CLI::App& app, int argc, char** argv,
                                       std::string& parent) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool has_commands = !at->get_subcommands([](const CLI::App*) { return true; }).empty();
    if (word.starts_with('-') || !has_commands) {
      return std::nullopt;
    }
    const CLI::App* next = stetig::app::FindCommand(*at, {word});
    if (next == nullptr) {
      return stetig::app::UnknownCommand(*at, word);
    }
    parent += " " + word;
    at = next;
  }
  return std::nullopt;
}

int Complain(std::string_view what, std::string_view command) {
  fmt::print(stderr, "stetig: {}\nSee: stetig help{}{}\n", what, command.empty() ? "" : " ",
             command);
  return stetig::app::kWrongCommandLine;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"stetig: the whole MLOps cycle in one executable", "stetig"};
  app.footer(
      "First steps:\n  stetig up\n  export MLFLOW_TRACKING_URI=http://127.0.0.1:5000\n\nExit "
      "codes: 0 done, 1 failed, 2 wrong command line or settings. Every command: stetig help "
      "COMMAND");
  app.formatter(std::make_shared<stetig::app::HelpFormatter>());
  app.require_subcommand(1);
  app.set_version_flag("--version", "stetig " STETIG_VERSION);
  Invocation invocation;
  stetig::app::AddCommands(app, invocation);
  if (argc < 2) {
    fmt::print(stderr, "{}", app.help());
    return stetig::app::kWrongCommandLine;
  }
  std::string parent;
  if (auto unknown = FindUnknown(app, argc, argv, parent)) {
    return Complain(*unknown, parent.empty() ? parent : parent.substr(1));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return Complain(error.what(), stetig::app::CalledCommand(app));
  }
  return invocation.action();
}
