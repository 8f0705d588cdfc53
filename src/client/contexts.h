// Servers that the command line knows by name: $XDG_CONFIG_HOME/stetig/contexts.json (~/.config by
// default), readable by its owner alone.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace stetig::client {

struct ServerContext {
  std::string name;
  std::string url;    ///< "https://mlops.example.com"
  std::string token;  ///< empty: no login
};

struct Contexts {
  std::string current;   ///< name; empty: none
  std::string language;  ///< "de", "en"; empty: that of the environment
  std::vector<ServerContext> all;

  const ServerContext* Find(const std::string& name) const;
  /// Adds or replaces, and makes it the current one.
  void Use(ServerContext context);
};

/// Where they are kept.
std::string ContextsFile();
/// Empty when there is no file. kDataLoss: the file cannot be read as what it should be.
Result<Contexts> LoadContexts();
Status SaveContexts(const Contexts& contexts);

}  // namespace stetig::client
