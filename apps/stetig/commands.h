// The command line as a tree: which commands there are, what they take, what they run.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "settings.h"
#include "words.h"

namespace stetig::app {

/// What the command line said, filled while it is read.
struct Invocation {
  UpOptions options;
  Flags flags;
  std::string config_file;
  std::string output = "text";
  std::string name;  ///< of a user, or a token's id
  std::string role;
  std::string label;
  std::optional<int> days;
  std::vector<std::string> topic;  ///< of help; the shell of completion
  std::function<int()> action;     ///< what the chosen command does
  /// The one noun of API v1 whose verbs are made: it keeps the start short. Empty: all.
  std::string only;

  bool json() const { return output == "json"; }
  /// Whether the verbs of a noun are needed.
  bool Wants(std::string_view noun) const { return only.empty() || noun == only; }
};

// Exit codes of every command; docs/operations.md explains them.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongCommandLine = 2;

/// Adds every command to `app`. `invocation` outlives it.
void AddCommands(CLI::App& app, Invocation& invocation);

/// Adds the settings of `scope` as flags, and --config.
void AddSettings(CLI::App& command, Invocation& in, Scope scope);
/// Adds -o: text or json.
void AddOutput(CLI::App& command, Invocation& in);
/// Makes `run` what the command `name` does, once its settings are loaded.
void Runs(CLI::App& command, Invocation& in, std::string name,
          std::function<int(const Loaded& loaded)> run);

/// "up", "user add": the command that `app` was called for, "" for none.
std::string CalledCommand(const CLI::App& app);
/// What Invocation::only is for this first word: all are needed where it names no command, and for
/// `help` and `complete`.
std::string OnlyNoun(const std::string& word);
/// Whether the command that was called has -o json or jsonl.
bool AsksForJson(const CLI::App& app);
/// The command that these words name, e.g. {"user", "add"}; null for none.
const CLI::App* FindCommand(const CLI::App& app, const std::vector<std::string>& words);
/// "there is no command 'usr' (did you mean 'user'?)".
std::string UnknownCommand(const CLI::App& parent, const std::string& word);

}  // namespace stetig::app
