// What commands say to people, in their language.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "client/language.h"

namespace stetig::app {

using client::Say;
using client::Translated;

/// The end of a help: "Examples:", a line each. "stetig" comes before each, but one that begins
/// with '$' stands as it is behind it.
std::string Examples(const std::vector<std::string>& lines);

/// "Required": the group of flags that a command cannot do without.
std::string RequiredGroup();

/// What went wrong. In German the code in words comes before the English of server and libraries,
/// where texts_de/problems.inc knows the code.
std::string InWords(const Status& status);
/// The same of a command line that CLI11 does not take.
std::string InWords(const CLI::ParseError& error);

/// Takes `--lang WORD` out of the arguments and sets the language of this process: ChooseLanguage.
/// kInvalidArgument: a word that is neither de nor en.
Status TakeLanguage(std::vector<std::string>& arguments);

}  // namespace stetig::app
