#include "base/public_key.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace stetig {
namespace {

std::string Raw(std::string_view base64url) {
  auto decoded = Base64UrlDecode(base64url);
  EXPECT_TRUE(decoded.has_value()) << base64url;
  return decoded.value_or("");
}

// RFC 7515 appendix A.2.
constexpr std::string_view kModulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb"
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-D"
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
constexpr std::string_view kRsaMessage =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ";
constexpr std::string_view kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5ju"
    "jGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07"
    "Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipU"
    "TI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

// Appendix A.3.
constexpr std::string_view kX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr std::string_view kY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
constexpr std::string_view kEcMessage =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ";
constexpr std::string_view kEcSignature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

// RFC 8037 appendix A.
constexpr std::string_view kPoint = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
constexpr std::string_view kEdMessage = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
constexpr std::string_view kEdSignature =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

/// The published signature holds; a change of any byte of it or of the message does not.
void Hold(const PublicKey& key, std::string_view message, const std::string& signature) {
  EXPECT_TRUE(key.Verify(message, signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    std::string other = signature;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(key.Verify(message, other)) << i;
  }
  std::string other(message);
  other.back() = static_cast<char>(other.back() ^ 1);
  EXPECT_FALSE(key.Verify(other, signature));
  EXPECT_FALSE(key.Verify(message, ""));
  EXPECT_FALSE(key.Verify(message, signature + '\0'));
  EXPECT_FALSE(key.Verify(message, signature.substr(1)));
}

TEST(PublicKeyTest, RsaTakesTheSignatureOfRfc7515AppendixA2) {
  auto key = PublicKey::Rsa(Raw(kModulus), Raw("AQAB"));
  ASSERT_TRUE(key.has_value()) << key.error().ToString();
  Hold(*key, kRsaMessage, Raw(kRsaSignature));
}

TEST(PublicKeyTest, P256TakesTheSignatureOfRfc7515AppendixA3) {
  auto key = PublicKey::P256(Raw(kX), Raw(kY));
  ASSERT_TRUE(key.has_value()) << key.error().ToString();
  Hold(*key, kEcMessage, Raw(kEcSignature));
  EXPECT_FALSE(key->Verify(kEcMessage, std::string(64, '\0')));
}

TEST(PublicKeyTest, Ed25519TakesTheSignatureOfRfc8037AppendixA4) {
  auto key = PublicKey::Ed25519(Raw(kPoint));
  ASSERT_TRUE(key.has_value()) << key.error().ToString();
  Hold(*key, kEdMessage, Raw(kEdSignature));
}

TEST(PublicKeyTest, AKeyOfAnotherKindTakesNothing) {
  auto rsa = PublicKey::Rsa(Raw(kModulus), Raw("AQAB"));
  auto ec = PublicKey::P256(Raw(kX), Raw(kY));
  ASSERT_TRUE(rsa && ec);
  EXPECT_FALSE(rsa->Verify(kEcMessage, Raw(kEcSignature)));
  EXPECT_FALSE(ec->Verify(kRsaMessage, Raw(kRsaSignature)));
}

TEST(PublicKeyTest, BadKeysAreRefused) {
  EXPECT_FALSE(PublicKey::Rsa(Raw(kModulus).substr(128), Raw("AQAB")).has_value());  // 1,024 bits
  EXPECT_FALSE(PublicKey::Rsa(std::string(1025, '\x7f'), Raw("AQAB")).has_value());
  EXPECT_FALSE(PublicKey::Rsa(std::string(256, '\xfe'), Raw("AQAB")).has_value());  // even
  EXPECT_FALSE(PublicKey::Rsa("", "").has_value());
  for (const char* exponent : {"\x01", "\x02", "", "\x01\x01\x01\x01\x01"}) {
    EXPECT_FALSE(PublicKey::Rsa(Raw(kModulus), exponent).has_value());
  }
  std::string off = Raw(kY);
  off.back() = static_cast<char>(off.back() ^ 1);
  EXPECT_FALSE(PublicKey::P256(Raw(kX), off).has_value());
  EXPECT_FALSE(PublicKey::P256(std::string(32, '\0'), std::string(32, '\0')).has_value());
  EXPECT_FALSE(PublicKey::P256(Raw(kX).substr(1), Raw(kY)).has_value());
  EXPECT_FALSE(PublicKey::Ed25519(Raw(kPoint).substr(1)).has_value());
}

}  // namespace
}  // namespace stetig
