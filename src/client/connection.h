// A request to a stetig server, as the command line sends it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/json_value.h"
#include "base/status.h"
#include "http/message.h"

namespace stetig::client {

/// Which server, and as whom.
struct Server {
  std::string host;
  uint16_t port = 80;
  bool tls = false;
  std::string base;           ///< path before /api, without a final '/'
  std::string authorization;  ///< value of the header; empty: none
  std::string url;            ///< as it was given, for messages
};

/// By the first of: `flag`, STETIG_SERVER, the current context, MLFLOW_TRACKING_URI,
/// http://127.0.0.1:5000; the login by the first of: STETIG_TOKEN, the context's token,
/// MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME and _PASSWORD. kInvalidArgument: no such URL.
Result<Server> ChooseServer(const std::string& flag);
Result<Server> ParseServer(const std::string& url);

struct Exchange {
  int status = 0;
  http::Headers headers;
  std::string body;
};

/// One request whose answer is read whole (at most 256 MiB). Blocking. kUnavailable: no server
/// there.
Result<Exchange> Send(const Server& server, http::Method method, std::string target,
                      std::string body, http::Headers headers);

/// The same with a body that is read piece by piece; it may take hours.
Result<Exchange> SendStream(const Server& server, http::Method method, std::string target,
                            std::unique_ptr<http::ByteStream> body, http::Headers headers);

/// A request whose answer comes bit by bit: `on_bytes` until it says false or the server ends.
/// Answers that are no 2xx come back whole.
Result<Exchange> Stream(const Server& server, std::string target,
                        std::function<bool(std::string_view)> on_bytes);

}  // namespace stetig::client
