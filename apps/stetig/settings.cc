#include "settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "open.h"

namespace stetig::app {
namespace {

constexpr std::array<std::string_view, 2> kStoreSettings = {"data", "store"};
constexpr int64_t kMaxLoops = 256;
constexpr unsigned kMaxForgePoll = 86'400;
constexpr int64_t kMaxReaders = 64;

/// What no single setting shows.
Status CheckTogether(const UpOptions& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    std::string_view given = options.tls_key.empty() ? "tls-cert" : "tls-key";
    std::string_view missing = options.tls_key.empty() ? "tls-key" : "tls-cert";
    return Err(Code::kInvalidArgument,
               fmt::format("{} is given without {}, expected both or none", given, missing));
  }
  if (options.data.empty()) {
    return Err(Code::kInvalidArgument, "data is empty, expected a folder");
  }
  return OkStatus();
}

std::string ChooseFile(const std::string& flag) {
  if (!flag.empty()) {
    return flag;
  }
  if (const char* variable = std::getenv("STETIG_CONFIG"); variable != nullptr && *variable != 0) {
    return variable;
  }
  std::error_code error;
  return std::filesystem::exists(kDefaultFile, error) ? kDefaultFile : "";
}

}  // namespace

std::string_view PlaceholderOf(std::string_view setting) {
  if (setting == "data") {
    return "DIR";
  }
  if (setting == "secrets") {
    return "DIR";
  }
  if (setting == "store") {
    return "URL";
  }
  if (setting.starts_with("tls-")) {
    return "FILE";
  }
  if (setting.starts_with("allowed-") || setting.starts_with("cors-")) {
    return "LIST";
  }
  if (setting == "port" || setting == "loops" || setting == "readers") {
    return "N";
  }
  return setting == "host" ? "ADDRESS" : "WORD";
}

bool InScope(std::string_view setting, Scope scope) {
  return scope == Scope::kServer ||
         std::ranges::find(kStoreSettings, setting) != kStoreSettings.end();
}

config::Settings DeclareSettings(UpOptions& options) {
  config::Settings settings;
  settings.Add("data", &options.data, "Folder of the server's data");
  settings.Add("store", &options.store,
               "Database: sqlite:///PATH or postgresql://USER@HOST/NAME; empty: SQLite in the data "
               "folder");
  settings.Add("host", &options.host,
               "Address to listen on; any but a loopback address needs users");
  settings.Add("port", &options.port, "Port to listen on; 0: any free one");
  settings.Add("tls-cert", &options.tls_certificate, "Certificate chain, PEM; needs tls-key");
  settings.Add("tls-key", &options.tls_key, "Private key, PEM; needs tls-cert");
  settings.Add("default-artifact-root", &options.artifact_root,
               "Where artifacts of new experiments go");
  settings.Add("allowed-hosts", &options.allowed_hosts,
               "Host names that clients may use, besides local ones");
  settings.Add("cors-allowed-origins", &options.allowed_origins,
               "Web origins that may change data");
  settings.Add(
      "secrets", &options.secrets,
      "Folder of secrets for connectors, a file for each; empty: secrets in the data folder");
  settings.Add("forge-poll", &options.forge_poll,
               "Seconds between two polls of a connected repository",
               config::Between(5, kMaxForgePoll));
  settings.Add("loops", &options.loops, "Event loops; 0: half the cores",
               config::Between(0, kMaxLoops));
  settings.Add("readers", &options.readers, "Database readers", config::Between(1, kMaxReaders));
  settings.Add("log-level", &options.log_level, "debug (every request), info, warning or error",
               config::OneOf({"debug", "info", "warning", "error"}));
  settings.Add("log-format", &options.log_format,
               "text, json, or auto: text on a terminal, else json",
               config::OneOf({"auto", "text", "json"}));
  return settings;
}

Result<Loaded> LoadSettings(UpOptions& options, const Flags& flags,
                            const std::string& config_file) {
  config::Settings settings = DeclareSettings(options);
  Loaded loaded{.settings = {}, .file = ChooseFile(config_file)};
  if (!loaded.file.empty()) {
    TRY(settings.LoadFile(loaded.file));
  }
  TRY(settings.LoadEnvironment());
  for (const auto& [name, value] : flags) {
    TRY(settings.SetFlag(name, value));
  }
  settings.Apply();
  TRY(CheckTogether(options));
  loaded.settings = settings.Describe();
  for (config::Description& setting : loaded.settings) {
    if (setting.name == "store") {
      setting.value = WithoutPassword(setting.value);
    }
  }
  return loaded;
}

}  // namespace stetig::app
