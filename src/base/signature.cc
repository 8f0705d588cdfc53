#include "base/signature.h"

#include <openssl/evp.h>

#include <memory>

#include "base/check.h"

namespace stetig::ed25519 {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

const unsigned char* Bytes(const void* bytes) { return static_cast<const unsigned char*>(bytes); }

Key PrivateKey(const Seed& seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed.data()), seed.size()));
  CHECK(key != nullptr);
  return key;
}

}  // namespace

PublicKey PublicKeyOf(const Seed& seed) {
  PublicKey out;
  size_t size = out.size();
  const Key key = PrivateKey(seed);
  CHECK(EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(out.data()),
                                    &size) == 1 &&
        size == out.size());
  return out;
}

Signature Sign(const Seed& seed, std::string_view message) {
  const Key key = PrivateKey(seed);
  const Context context(EVP_MD_CTX_new());
  CHECK(context != nullptr &&
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  Signature signature;
  size_t size = signature.size();
  CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       Bytes(message.data()), message.size()) == 1 &&
        size == signature.size());
  return signature;
}

bool Verify(const PublicKey& public_key, std::string_view message, const Signature& signature) {
  const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key.data()),
                                            public_key.size()));
  const Context context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  return key != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature.data()), signature.size(),
                          Bytes(message.data()), message.size()) == 1;
}

}  // namespace stetig::ed25519
