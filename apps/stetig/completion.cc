#include "completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <vector>

#include "client/output.h"

namespace stetig::app {
namespace {

/// One command with what may follow it.
struct Place {
  std::vector<std::string> path;  ///< {"user", "add"}
  std::string help;
  std::vector<const CLI::App*> commands;
  std::vector<const CLI::Option*> options;
};

void Collect(const CLI::App& app, std::vector<std::string> path, std::vector<Place>& places) {
  Place place{.path = path, .help = app.get_description(), .commands = {}, .options = {}};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    place.commands.push_back(command);
  }
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_lnames().empty()) {
      place.options.push_back(option);
    }
  }
  places.push_back(place);
  for (const CLI::App* command : place.commands) {
    std::vector<std::string> below = path;
    below.push_back(command->get_name());
    Collect(*command, std::move(below), places);
  }
}

bool TakesFile(const CLI::Option& option) {
  return option.get_type_name() == "FILE" || option.get_type_name() == "DIR";
}

/// Up to the first bracket or quote: what every shell takes inside single quotes.
std::string ShortHelp(const std::string& help) {
  std::string text = help.substr(0, help.find_first_of("[;"));
  std::erase_if(text, [](char c) { return c == '\'' || c == ':'; });
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string Words(const Place& place) {
  std::vector<std::string> words;
  for (const CLI::App* command : place.commands) {
    words.push_back(command->get_name());
  }
  if (place.path == std::vector<std::string>{"completion"}) {
    words = {"bash", "zsh", "fish"};
  }
  for (const CLI::Option* option : place.options) {
    words.push_back("--" + option->get_lnames().front());
  }
  return fmt::format("{}", fmt::join(words, " "));
}

/// The commands whose --output is text or json; all others have the forms of lists.
std::string TextCommands(const std::vector<Place>& places) {
  std::string commands;
  for (const Place& place : places) {
    for (const CLI::Option* option : place.options) {
      if (option->get_lnames().front() != "output" || option->get_type_name().starts_with("FORM"))
        continue;
      commands += fmt::format("{}'{}'", commands.empty() ? "" : "|", fmt::join(place.path, " "));
    }
  }
  return commands;
}

std::string BashLike(const std::vector<Place>& places) {
  std::string words;
  std::string commands;
  for (const Place& place : places) {
    const std::string path = fmt::format("{}", fmt::join(place.path, " "));
    words += fmt::format("    '{}') words='{}' ;;\n", path, Words(place));
    if (!place.path.empty()) {
      commands += fmt::format("{}'{}'", commands.empty() ? "" : "|", path);
    }
  }
  std::string files;
  for (const Place& place : places) {
    for (const CLI::Option* option : place.options) {
      const std::string flag = "--" + option->get_lnames().front();
      if (TakesFile(*option) && !files.contains(flag)) {
        files += (files.empty() ? "" : "|") + flag;
      }
    }
  }
  return fmt::format(R"(_stetig() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local path='' next words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="${{path:+$path }}${{COMP_WORDS[i]}}"
    case $next in
    {}) path=$next ;;
    esac
  done
  case $previous in
  {}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  --output|-o)
    case $path in
    {}) words='text json' ;;
    *) words='{}' ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current")); return ;;
  --role) COMPREPLY=($(compgen -W 'viewer domain_expert data_scientist ml_engineer operator auditor admin' -- "$current")); return ;;
  esac
  case $path in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -F _stetig stetig
)",
                     commands, files, TextCommands(places), fmt::join(client::OutputForms(), " "),
                     words);
}

std::string Fish(const std::vector<Place>& places) {
  std::string out = "complete -c stetig -f\n";
  for (const Place& place : places) {
    std::string when;
    for (const std::string& word : place.path) {
      when += fmt::format("{}__fish_seen_subcommand_from {}", when.empty() ? "" : "; and ", word);
    }
    if (place.path.empty()) {
      when = "__fish_use_subcommand";
    }
    std::vector<std::string> names;
    for (const CLI::App* command : place.commands) {
      names.push_back(command->get_name());
    }
    std::string commands = when;
    if (!place.path.empty() && !names.empty()) {
      commands += fmt::format("; and not __fish_seen_subcommand_from {}", fmt::join(names, " "));
    }
    for (const CLI::App* command : place.commands) {
      out += fmt::format("complete -c stetig -n '{}' -a {} -d '{}'\n", commands,
                         command->get_name(), ShortHelp(command->get_description()));
    }
    for (const CLI::Option* option : place.options) {
      const bool flag = option->get_type_name().empty();
      out += fmt::format("complete -c stetig -n '{}' -l {}{} -d '{}'\n", when,
                         option->get_lnames().front(),
                         flag                 ? ""
                         : TakesFile(*option) ? " -r -F"
                                              : " -x",
                         ShortHelp(option->get_description()));
    }
  }
  out += "complete -c stetig -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n";
  return out;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, const std::string& shell) {
  std::vector<Place> places;
  Collect(app, {}, places);
  if (shell == "fish") {
    return Fish(places);
  }
  if (shell == "zsh") {
    return "autoload -Uz compinit bashcompinit && compinit && bashcompinit\n" + BashLike(places);
  }
  return BashLike(places);
}

}  // namespace stetig::app
