#include "base/public_key.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <string>
#include <vector>

#include "base/check.h"

namespace stetig {
namespace {

constexpr int kLeastRsaBits = 2'048;
constexpr int kMostRsaBits = 8'192;
constexpr int kMostExponentBits = 32;
constexpr size_t kCoordinate = 32;

struct Free {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Owned<BIGNUM> Number(std::string_view big_endian) {
  Owned<BIGNUM> number(BN_bin2bn(Bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
  CHECK(number != nullptr);
  return number;
}

/// Null when OpenSSL takes it for no key of that kind.
std::shared_ptr<void> Build(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool made =
      parameters != nullptr && context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
  ERR_clear_error();
  if (!made) return nullptr;
  return {key, [](void* one) { EVP_PKEY_free(static_cast<EVP_PKEY*>(one)); }};
}

/// The DER form that OpenSSL reads; empty: r or s is no number of a signature.
std::string DerOf(std::string_view signature) {
  if (signature.size() != 2 * kCoordinate) return {};
  const Owned<ECDSA_SIG> parts(ECDSA_SIG_new());
  CHECK(parts != nullptr);
  Owned<BIGNUM> r = Number(signature.substr(0, kCoordinate));
  Owned<BIGNUM> s = Number(signature.substr(kCoordinate));
  CHECK(ECDSA_SIG_set0(parts.get(), r.release(), s.release()) == 1);
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &out);
  std::string der(reinterpret_cast<const char*>(out), size > 0 ? static_cast<size_t>(size) : 0);
  OPENSSL_free(out);
  return der;
}

}  // namespace

Result<PublicKey> PublicKey::Rsa(std::string_view modulus, std::string_view exponent) {
  if (modulus.size() > kMostRsaBits / 8 + 1 || exponent.size() > kMostExponentBits) {
    return Err(Code::kInvalidArgument,
               fmt::format("the RSA modulus has {} bytes, expected {} to {} bits", modulus.size(),
                           kLeastRsaBits, kMostRsaBits));
  }
  const Owned<BIGNUM> n = Number(modulus);
  const Owned<BIGNUM> e = Number(exponent);
  if (BN_num_bits(n.get()) < kLeastRsaBits || BN_num_bits(n.get()) > kMostRsaBits ||
      BN_is_odd(n.get()) == 0) {
    return Err(Code::kInvalidArgument,
               fmt::format("the RSA modulus has {} bits, expected an odd number of {} to {}",
                           BN_num_bits(n.get()), kLeastRsaBits, kMostRsaBits));
  }
  if (BN_num_bits(e.get()) < 2 || BN_num_bits(e.get()) > kMostExponentBits ||
      BN_is_odd(e.get()) == 0) {
    return Err(Code::kInvalidArgument,
               fmt::format("the RSA exponent has {} bits, expected an odd number of 2 to {}",
                           BN_num_bits(e.get()), kMostExponentBits));
  }
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  CHECK(builder != nullptr &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  auto key = Build("RSA", builder.get());
  if (!key) return Err(Code::kInvalidArgument, "the numbers make no RSA key");
  return PublicKey(Kind::kRsa, std::move(key));
}

Result<PublicKey> PublicKey::P256(std::string_view x, std::string_view y) {
  if (x.size() != kCoordinate || y.size() != kCoordinate) {
    return Err(
        Code::kInvalidArgument,
        fmt::format("the coordinates have {} and {} bytes, expected 32 each", x.size(), y.size()));
  }
  std::string point = "\x04";
  point.append(x).append(y);
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  CHECK(builder != nullptr &&
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) == 1);
  auto key = Build("EC", builder.get());
  if (!key) return Err(Code::kInvalidArgument, "the coordinates are no point of P-256");
  return PublicKey(Kind::kP256, std::move(key));
}

Result<PublicKey> PublicKey::Ed25519(std::string_view point) {
  if (point.size() != kCoordinate) {
    return Err(Code::kInvalidArgument,
               fmt::format("the Ed25519 key has {} bytes, expected 32", point.size()));
  }
  EVP_PKEY* key =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(point), point.size());
  if (key == nullptr) return Err(Code::kInvalidArgument, "the bytes are no Ed25519 key");
  return PublicKey(Kind::kEd25519, std::shared_ptr<void>(key, [](void* one) {
                     EVP_PKEY_free(static_cast<EVP_PKEY*>(one));
                   }));
}

bool PublicKey::Verify(std::string_view message, std::string_view signature) const {
  std::string der;
  if (kind_ == Kind::kP256) {
    der = DerOf(signature);
    if (der.empty()) return false;
    signature = der;
  }
  auto* key = static_cast<EVP_PKEY*>(key_.get());
  const EVP_MD* digest = kind_ == Kind::kEd25519 ? nullptr : EVP_sha256();
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  const bool good = EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), Bytes(signature), signature.size(),
                                     Bytes(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace stetig
