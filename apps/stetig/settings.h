// Every setting of the server, declared once: its flag, its environment variable, its name in the
// configuration file and its default come from here. docs/operations.md lists them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/config.h"
#include "server.h"

namespace stetig::app {

/// Which settings a command takes as flags. What the others say still comes from file and
/// environment.
enum class Scope : unsigned char {
  kStore,   ///< what is needed to find the data
  kServer,  ///< all
};

/// Flags as they stood on the command line, by setting.
using Flags = std::vector<std::pair<std::string, std::string>>;

/// What a setting's value is called in helps: "FILE", "N".
std::string_view PlaceholderOf(std::string_view setting);
bool InScope(std::string_view setting, Scope scope);

/// Declares every setting with its place in `options`, which outlives the result.
config::Settings DeclareSettings(UpOptions& options);

/// Settings as they hold, and the file that was read ("" for none).
struct Loaded {
  std::vector<config::Description> settings;
  std::string file;
};

/// The file that is read when none is named, if it is there.
inline constexpr const char* kDefaultFile = "/etc/stetig/config.yaml";

/// Reads file, environment and flags into `options`: flag > environment > file > default.
/// `config_file`: of --config; empty: STETIG_CONFIG, else kDefaultFile if it is there.
/// kInvalidArgument names the place of what is wrong; kNotFound: no such file.
Result<Loaded> LoadSettings(UpOptions& options, const Flags& flags, const std::string& config_file);

}  // namespace stetig::app
