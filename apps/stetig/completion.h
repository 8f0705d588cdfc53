// Completion in the shell: the script only asks `stetig complete`, so it never goes stale, and no
// word from a server is ever part of a command.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace stetig::app {

/// The completion script of "bash", "zsh" or "fish".
std::string CompletionScript(const std::string& shell);

/// `stetig complete …`: prints what may come next, "w" and a word a line, or "f" for files. Values
/// are asked from the server that the line names, all within 300 ms; on any failure there are
/// none. `arguments`: "bash LINE BREAKS" (LINE up to the cursor, BREAKS as COMP_WORDBREAKS; words
/// come as readline inserts them, quoted), or "words -- WORD…" (the last one is being written).
/// Always 0.
int Complete(const CLI::App& app, const std::vector<std::string>& arguments);

/// A bash command line up to the cursor.
struct ShellLine {
  std::vector<std::string> words;  ///< finished ones, unquoted, without the program
  std::string current;             ///< the one being written, unquoted
  size_t kept = 0;                 ///< bytes of it that readline leaves as they are
  char quote = 0;                  ///< an open ' or "
};
ShellLine SplitShellLine(std::string_view line, std::string_view breaks);

/// The word, quoted so that bash reads it back as it is, also behind an open quote.
std::string QuotedForShell(std::string_view word, char quote);

/// Whether a terminal takes no orders from it and it is one line: what completion may offer.
bool MayBeOffered(std::string_view word);

}  // namespace stetig::app
