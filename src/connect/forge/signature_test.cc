#include "connect/forge/signature.h"

#include <gtest/gtest.h>

namespace stetig::connect::forge {
namespace {

// The example of GitHub's documentation ("Validating webhook deliveries").
constexpr std::string_view kSecret = "It's a Secret to Everybody";
constexpr std::string_view kBody = "Hello, World!";
constexpr std::string_view kHex =
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

http::Headers With(std::string_view name, std::string_view value) {
  http::Headers headers;
  headers.Add(name, value);
  return headers;
}

TEST(SignatureTest, TakesGitHubsPublishedExample) {
  const std::string hub = "sha256=" + std::string(kHex);
  EXPECT_TRUE(SignatureFits(With("X-Hub-Signature-256", hub), kBody, kSecret));
  EXPECT_TRUE(SignatureFits(With("x-gitea-signature", kHex), kBody, kSecret));
}

TEST(SignatureTest, RefusesWhatIsNotSigned) {
  const std::string hub = "sha256=" + std::string(kHex);
  std::string other = hub;
  other.back() = '6';
  EXPECT_FALSE(SignatureFits({}, kBody, kSecret));
  EXPECT_FALSE(SignatureFits(With("X-Hub-Signature-256", ""), kBody, kSecret));
  EXPECT_FALSE(SignatureFits(With("X-Hub-Signature-256", "sha256="), kBody, kSecret));
  EXPECT_FALSE(SignatureFits(With("X-Hub-Signature-256", kHex), kBody, kSecret));
  EXPECT_FALSE(SignatureFits(With("X-Hub-Signature-256", other), kBody, kSecret));
  EXPECT_FALSE(SignatureFits(With("X-Hub-Signature-256", hub), "Hello, World?", kSecret));
  EXPECT_FALSE(SignatureFits(With("X-Hub-Signature-256", hub), kBody, "another"));
  EXPECT_FALSE(SignatureFits(With("X-Hub-Signature", hub), kBody, kSecret));
}

TEST(SignatureTest, AnEmptySecretSignsNothing) {
  // HMAC-SHA256 of nothing under an empty key, as RFC 4231's construction gives it.
  EXPECT_FALSE(SignatureFits(
      With("X-Gitea-Signature", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
      "", ""));
}

TEST(SignatureTest, TwoSignaturesAreNone) {
  http::Headers headers = With("X-Hub-Signature-256", "sha256=" + std::string(kHex));
  headers.Add("X-Hub-Signature-256", "sha256=" + std::string(64, '0'));
  EXPECT_FALSE(SignatureFits(headers, kBody, kSecret));
  // A wrong first header is not mended by another one.
  headers = With("X-Hub-Signature-256", "sha256=" + std::string(64, '0'));
  headers.Add("X-Gitea-Signature", kHex);
  EXPECT_FALSE(SignatureFits(headers, kBody, kSecret));
}

}  // namespace
}  // namespace stetig::connect::forge
