// The control plane put together: store, blobs, services, HTTP. Wiring only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "sign_in.h"

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
  unsigned loops = 0;    ///< event loops; 0: half the cores, at least one
  unsigned readers = 4;  ///< database readers
  std::string log_level = "info";
  std::string log_format = "auto";
  SignInSettings sign_in;
};

/// Whether `host` can only be reached from this machine.
bool IsLoopback(const std::string& host);

/// Whether a caller without credentials is refused: wherever others can reach the server, and where
/// people sign in through a provider (then a proxy on this machine may stand in front).
bool RequiresLogin(const UpOptions& options);

/// Runs until SIGTERM or SIGINT, then drains. The exit code.
int Up(const UpOptions& options);

}  // namespace stetig::app
