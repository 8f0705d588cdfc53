#include "help.h"

#include <algorithm>

#include "words.h"

namespace stetig::app {

HelpFormatter::HelpFormatter() {
  label("Usage", Say("Usage"));
  label("OPTIONS", Say("OPTIONS"));
  label("Options", Say("Options"));
  label("Positionals", Say("Positionals"));
  label("SUBCOMMAND", Say("SUBCOMMAND"));
  label("SUBCOMMANDS", Say("SUBCOMMANDS"));
  label("Subcommands", Say("Subcommands"));
  label("REQUIRED", Say("REQUIRED"));
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
  // Examples, and what else a command has to say at the end.
  const std::string footer = make_footer(app);
  const size_t begin = footer.find(Say("Examples:"));
  const std::string first = begin == std::string::npos ? footer : footer.substr(begin);
  const std::string last = begin == std::string::npos ? "" : footer.substr(0, begin);
  std::string out = make_description(app);
  if (!first.empty()) out += "\n" + first;
  out += "\n";
  out += make_usage(app, std::move(name));
  out += make_positionals(app);
  out += FlagsOf(app);
  std::string commands = make_subcommands(app, mode);
  constexpr std::string_view kHead = "\nSubcommands:\n";  // CLI11's own name of the group
  if (const size_t head = commands.find(kHead); head != std::string::npos) {
    commands.replace(head, kHead.size(), "\n" + Say("Subcommands") + ":\n");
  }
  out += commands;
  if (!last.empty()) out += "\n" + last.substr(0, last.find_last_not_of('\n') + 1) + "\n";
  return out;
}

std::string HelpFormatter::FlagsOf(const CLI::App* app) const {
  std::vector<std::string> groups = app->get_groups();
  const auto required = std::ranges::find(groups, RequiredGroup());
  if (required != groups.end()) std::rotate(groups.begin(), required, required + 1);
  std::string out;
  for (const std::string& group : groups) {
    const std::vector<const CLI::Option*> options =
        app->get_options([&group](const CLI::Option* option) {
          return option->get_group() == group && option->nonpositional();
        });
    if (group.empty() || options.empty()) continue;
    out += make_group(group == "Options" ? Say("Options") : group, false, options);
  }
  return out;
}

/// Spellings with '_' are taken, and not shown.
std::string HelpFormatter::make_option_name(const CLI::Option* option, bool is_positional) const {
  if (is_positional) return option->get_name(true, false);
  std::string names;
  for (const std::string& name : option->get_snames()) names += (names.empty() ? "-" : ",-") + name;
  for (const std::string& name : option->get_lnames()) {
    if (!name.contains('_')) names += (names.empty() ? "--" : ",--") + name;
  }
  return names;
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (!option->get_option_text().empty()) return " " + option->get_option_text();
  if (option->get_type_size() == 0) return {};
  std::string out;
  // Without the words that a check adds: the description names them.
  const std::string type = option->get_type_name();
  if (!type.empty()) out += " " + type.substr(0, type.find(":{"));
  if (!option->get_default_str().empty()) out += "=" + option->get_default_str();
  const bool several = option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll &&
                       option->get_expected_max() == CLI::detail::expected_max_vector_size;
  if (several && option->nonpositional()) out += " ...";
  return out;
}

}  // namespace stetig::app
