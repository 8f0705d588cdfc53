// Completion scripts for shells, made from the command tree itself.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace stetig::app {

/// `shell`: "bash", "zsh" or "fish".
std::string CompletionScript(const CLI::App& app, const std::string& shell);

}  // namespace stetig::app
