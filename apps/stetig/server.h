// The control plane put together: store, blobs, services, HTTP. Wiring only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace stetig::app {

/// The settings of the server; declared with their names and helps in settings.cc.
struct UpOptions {
  std::string data = "./data";
  std::string store;  ///< empty: SQLite in the data folder
  std::string host = "127.0.0.1";
  uint16_t port = 5000;
  std::string tls_certificate;
  std::string tls_key;
  std::string artifact_root = "mlflow-artifacts:/";
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  std::string secrets;          ///< folder of secrets; empty: secrets in the data folder
  unsigned forge_poll = 300;    ///< seconds between polls of a connected repository
  unsigned loops = 0;    ///< event loops; 0: half the cores, at least one
  unsigned readers = 4;  ///< database readers
  std::string log_level = "info";
  std::string log_format = "auto";
};

/// Whether `host` can only be reached from this machine.
bool IsLoopback(const std::string& host);

/// Runs until SIGTERM or SIGINT, then drains. The exit code.
int Up(const UpOptions& options);

}  // namespace stetig::app
