// How `stetig help COMMAND` and --help look.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace stetig::app {

/// Examples come first, then the usage, then the flags, the required ones apart and before all
/// others; one that may be given several times has "...". Subcommands inherit it.
class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter();  ///< in the language of this process

  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;

 private:
  std::string FlagsOf(const CLI::App* app) const;
};

}  // namespace stetig::app
