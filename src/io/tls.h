// TLS contexts for servers and clients: TLS 1.2 and newer, forward-secret ciphers, ALPN http/1.1.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace boost::asio::ssl {
class context;
}

namespace stetig::io {

/// An SSL_CTX with its settings. Immutable and thread-safe once made.
class TlsContext {
 public:
  /// Files in PEM form; the certificate file holds the chain, leaf first. kNotFound,
  /// kPermissionDenied: a file cannot be read. kInvalidArgument: a file is not PEM, or the key does
  /// not belong to the certificate.
  static Result<std::shared_ptr<TlsContext>> Server(const std::string& certificate_file,
                                                    const std::string& key_file);
  /// Verifies the peer against `ca_file` (PEM), or the system's authorities when empty.
  static Result<std::shared_ptr<TlsContext>> Client(const std::string& ca_file = {});

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  /// For Asio's streams, in `io` and `http` only.
  boost::asio::ssl::context& asio() { return *context_; }

 private:
  TlsContext();
  std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace stetig::io
