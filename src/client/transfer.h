// Files to and from a stetig server.
#pragma once

#include <cstdint>
#include <string>

#include "client/connection.h"

namespace stetig::client {

/// What was sent, and what the server said.
struct Uploaded {
  Exchange exchange;
  std::string sha256;  ///< of the bytes that were sent, 64 hex digits
  uint64_t size = 0;
};

/// Sends the file at `path` ("-": standard input) as the body of a PUT, piece by piece. Blocking.
/// Codes of io::Env::Open; kUnavailable: no server there, or it went away.
Result<Uploaded> Upload(const Server& server, std::string target, const std::string& path,
                        http::Headers headers);

/// Fetches into the file at `path`, which is replaced when the whole answer has come and its
/// SHA-256 is the one that the header X-Content-Sha256 names ("-": standard output, checked at the
/// end). Answers that are no 2xx come back whole and write nothing. kDataLoss: other bytes have
/// come.
Result<Exchange> Download(const Server& server, std::string target, const std::string& path);

}  // namespace stetig::client
