// `stetig verify` and `stetig journal`: what the journal proves, for operators and auditors. They
// work on the store itself, also beside a running server, or on an exported file.
#pragma once

#include <CLI/CLI.hpp>

#include "commands.h"

namespace stetig::app {

/// Adds `verify` and `journal`.
void AddJournalCommands(CLI::App& app, Invocation& invocation);

}  // namespace stetig::app
