// One call of API v1 from the command line: asked, sent, shown.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/v1/table.h"

namespace stetig::app {

/// What the command line gave for one operation.
struct Asked {
  std::string server;
  std::string output = "auto";
  std::string pick;
  bool all = false;
  bool quiet = false;
  std::string data;  ///< the body as JSON, or @FILE
  std::string if_match;
  std::string idempotency_key;
  std::vector<std::string> unset;
  std::vector<std::string> path;                           ///< in order of the path's names
  std::vector<std::pair<std::string, std::string>> query;  ///< by property
  std::vector<std::pair<const api::v1::Property*, std::string>> body;
};

/// Asks the server and prints the answer, or what went wrong; the exit code.
int RunOperation(const api::v1::Operation& operation, const Asked& asked);

}  // namespace stetig::app
