#include "io/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <string_view>

#include "io/file.h"

namespace stetig::io {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::array<unsigned char, 9> kProtocols = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

std::string LastError() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

// Picks http/1.1 when offered; a client that offers other protocols only is refused.
int SelectProtocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* in, unsigned int in_size, void* /*arg*/) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kProtocols.data(), kProtocols.size(), in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Status SetUp(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    return Err(Code::kInternal, fmt::format("TLS cannot be set up: {}", LastError()));
  }
  return OkStatus();
}

Status CheckReadable(const std::string& file, std::string_view what) {
  return ::access(file.c_str(), R_OK) == 0 ? OkStatus()
                                           : ErrnoStatus(errno, fmt::format("TLS {} file", what));
}

}  // namespace

TlsContext::TlsContext() : context_(std::make_unique<ssl::context>(ssl::context::tls)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::Server(const std::string& certificate_file,
                                                       const std::string& key_file) {
  TRY(CheckReadable(certificate_file, "certificate"));
  TRY(CheckReadable(key_file, "key"));
  std::shared_ptr<TlsContext> tls(new TlsContext);
  SSL_CTX* context = tls->context_->native_handle();
  TRY(SetUp(context));
  SSL_CTX_set_alpn_select_cb(context, SelectProtocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
    return Err(
        Code::kInvalidArgument,
        fmt::format("the TLS certificate file is no PEM certificate chain: {}", LastError()));
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Err(Code::kInvalidArgument,
               fmt::format("the TLS key file is no PEM key of the certificate: {}", LastError()));
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return Err(Code::kInvalidArgument,
               fmt::format("the TLS key does not belong to the certificate: {}", LastError()));
  }
  return tls;
}

Result<std::shared_ptr<TlsContext>> TlsContext::Client(const std::string& ca_file) {
  std::shared_ptr<TlsContext> tls(new TlsContext);
  SSL_CTX* context = tls->context_->native_handle();
  TRY(SetUp(context));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  // ALPN's setter returns 0 on success, unlike its neighbours.
  if (SSL_CTX_set_alpn_protos(context, kProtocols.data(), kProtocols.size()) != 0) {
    return Err(Code::kInternal, "TLS cannot be set up: protocol list");
  }
  if (ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return tls;
  }
  TRY(CheckReadable(ca_file, "authority"));
  if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1) {
    return Err(Code::kInvalidArgument,
               fmt::format("the TLS authority file is no PEM certificate: {}", LastError()));
  }
  return tls;
}

}  // namespace stetig::io
