// The one executable: reads the command line and hands over.
#include <fmt/format.h>

#include "commands.h"
#include "completion.h"
#include "help.h"

namespace {

using stetig::app::Invocation;
using stetig::app::Say;

/// The first words that are meant as commands but are none: said before CLI11 says something else.
std::optional<std::string> FindUnknown(const CLI::App& app,
                                       const std::vector<std::string>& arguments,
                                       std::string& parent) {
  const CLI::App* at = &app;
  for (const std::string& word : arguments) {
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
  fmt::print(stderr, "stetig: {}\n{}\n", what,
             command.empty() ? Say("See: stetig help") : Say("See: stetig help {}", command));
  return stetig::app::kWrongCommandLine;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool completes = !arguments.empty() && arguments.front() == "complete";
  if (completes) {
    arguments.erase(arguments.begin());
  } else if (const stetig::Status taken = stetig::app::TakeLanguage(arguments); !taken.ok()) {
    return Complain(taken.message(), "");
  }
  CLI::App app{Say("stetig: the whole MLOps cycle in one executable"), "stetig"};
  app.footer(
      Say("First steps:\n  stetig up\n  export MLFLOW_TRACKING_URI=http://127.0.0.1:5000\n\nExit "
          "codes: 0 done, 1 failed, 2 wrong command line or settings. Every command: stetig help "
          "COMMAND. The language: --lang de or en, anywhere."));
  app.formatter(std::make_shared<stetig::app::HelpFormatter>());
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", Say("Print this help message and exit"));
  app.set_version_flag("--version", "stetig " STETIG_VERSION, Say("Prints the version"));
  Invocation invocation;
  if (!arguments.empty() && !completes) {
    invocation.only = stetig::app::OnlyNoun(arguments.front());
  }
  stetig::app::AddCommands(app, invocation);
  if (completes) return stetig::app::Complete(app, arguments);
  if (arguments.empty()) {
    fmt::print(stderr, "{}", app.help());
    return stetig::app::kWrongCommandLine;
  }
  std::string parent;
  if (auto unknown = FindUnknown(app, arguments, parent)) {
    return Complain(*unknown, parent.empty() ? parent : parent.substr(1));
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return Complain(stetig::app::InWords(error), stetig::app::CalledCommand(app));
  }
  // Programs read these: English, whoever started them.
  if (stetig::app::AsksForJson(app))
    stetig::client::SetLanguage(stetig::client::Language::kEnglish);
  return invocation.action();
}
