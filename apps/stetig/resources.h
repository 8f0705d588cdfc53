// The commands that API v1's table makes: `stetig NOUN VERB`.
#pragma once

#include <CLI/CLI.hpp>

#include "client/connection.h"
#include "commands.h"

namespace stetig::app {

// Exit codes of these commands beyond those of every command; docs/cli.md explains them.
inline constexpr int kNotFound = 3;
inline constexpr int kNotAllowed = 4;
inline constexpr int kRefused = 5;  ///< by a rule, or changed meanwhile
inline constexpr int kNotReachable = 6;

/// Adds a command for each noun of the table, with its verbs.
void AddResourceCommands(CLI::App& app, Invocation& invocation);

/// Adds `requirement sync`, beside the verbs of the table.
void AddRequirementSync(CLI::App& app, Invocation& invocation);

/// Adds `attachment add` and `attachment get`, which move files.
void AddFileCommands(CLI::App& app, Invocation& invocation);

/// Adds `NOUN import` for every kind of record.
void AddCsvImports(CLI::App& app, Invocation& invocation);

/// Adds `login` and `context`.
void AddServerCommands(CLI::App& app, Invocation& invocation);

/// The problem in an answer that is no 2xx.
Status ProblemOf(const client::Exchange& exchange);

/// Prints what went wrong with the next command to try; the exit code.
int FailRequest(const Status& status, bool json, const std::string& noun);

}  // namespace stetig::app
