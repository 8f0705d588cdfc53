#include "access/oidc/jose.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace stetig::access::oidc {
namespace {

constexpr int kMaxDepth = 16;

Failure Malformed(std::string_view what) {
  return Err(Code::kUnauthenticated, fmt::format("the token of the provider {}", what),
             kTokenMalformed);
}

/// A member that is a text; nothing: absent or of another type.
const std::string* TextOf(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  return member == nullptr ? nullptr : member->AsString();
}

std::string BytesOf(const json::Value& object, std::string_view name) {
  const std::string* text = TextOf(object, name);
  return text == nullptr ? std::string() : Base64UrlDecode(*text).value_or(std::string());
}

struct Algorithm {
  std::string_view name;
  PublicKey::Kind kind;
};
constexpr Algorithm kAlgorithms[] = {{"RS256", PublicKey::Kind::kRsa},
                                     {"ES256", PublicKey::Kind::kP256},
                                     {"EdDSA", PublicKey::Kind::kEd25519}};

std::string_view NameOf(PublicKey::Kind kind) {
  return std::ranges::find(kAlgorithms, kind, &Algorithm::kind)->name;
}

/// Whether the key's owner meant it for verifying signatures (RFC 7517 sections 4.2 to 4.4).
bool ForSignatures(const json::Value& jwk, PublicKey::Kind kind) {
  const std::string* use = TextOf(jwk, "use");
  if (use != nullptr && *use != "sig") return false;
  const std::string* algorithm = TextOf(jwk, "alg");
  if (algorithm != nullptr && *algorithm != NameOf(kind)) return false;
  const json::Value* operations = jwk.Find("key_ops");
  if (operations == nullptr) return true;
  return operations->AsArray() != nullptr &&
         std::ranges::any_of(*operations->AsArray(), [](const json::Value& one) {
           return one.AsString() != nullptr && *one.AsString() == "verify";
         });
}

std::optional<PublicKey> KeyOf(const json::Value& jwk) {
  const std::string* type = TextOf(jwk, "kty");
  const std::string* curve = TextOf(jwk, "crv");
  if (type == nullptr) return std::nullopt;
  Result<PublicKey> key = Err(Code::kInvalidArgument, "another kind of key");
  if (*type == "RSA") {
    key = PublicKey::Rsa(BytesOf(jwk, "n"), BytesOf(jwk, "e"));
  } else if (*type == "EC" && curve != nullptr && *curve == "P-256") {
    key = PublicKey::P256(BytesOf(jwk, "x"), BytesOf(jwk, "y"));
  } else if (*type == "OKP" && curve != nullptr && *curve == "Ed25519") {
    key = PublicKey::Ed25519(BytesOf(jwk, "x"));
  }
  if (!key || !ForSignatures(jwk, key->kind())) return std::nullopt;
  return *std::move(key);
}

}  // namespace

Result<std::vector<Key>> ParseKeySet(std::string_view text) {
  ASSIGN_OR_RETURN(const json::Value set,
                   json::Parse(text, {.bytes = kMaxKeySetBytes, .depth = kMaxDepth}));
  const json::Value* all = set.Find("keys");
  if (all == nullptr || all->AsArray() == nullptr) {
    return Err(Code::kInvalidArgument, "the keys of the provider are no JWK set");
  }
  if (all->AsArray()->size() > kMaxKeys) {
    return Err(Code::kInvalidArgument, fmt::format("the provider has {} keys, expected at most {}",
                                                   all->AsArray()->size(), kMaxKeys));
  }
  std::vector<Key> keys;
  for (const json::Value& jwk : *all->AsArray()) {
    if (auto key = KeyOf(jwk)) {
      const std::string* kid = TextOf(jwk, "kid");
      keys.push_back({.kid = kid == nullptr ? std::string() : *kid, .key = *std::move(key)});
    }
  }
  return keys;
}

Result<SignedToken> ParseToken(std::string_view compact) {
  if (compact.size() > kMaxTokenBytes) {
    return Malformed(
        fmt::format("has {} bytes, expected at most {}", compact.size(), kMaxTokenBytes));
  }
  const std::vector<std::string_view> parts = Split(compact, '.');
  if (parts.size() != 3) {
    return Malformed(fmt::format("has {} parts, expected 3", parts.size()));
  }
  const auto header_text = Base64UrlDecode(parts[0]);
  auto payload = Base64UrlDecode(parts[1]);
  auto signature = Base64UrlDecode(parts[2]);
  if (!header_text || !payload || !signature || compact.contains('=')) {
    return Malformed("is not base64url");
  }
  const auto header = json::Parse(*header_text, {.bytes = kMaxTokenBytes, .depth = kMaxDepth});
  if (!header || header->AsObject() == nullptr) return Malformed("has no JSON header");
  // RFC 7515 section 4.1.11: we understand no extension.
  if (header->Find("crit") != nullptr) return Malformed("has critical extensions, expected none");
  const std::string* name = TextOf(*header, "alg");
  const auto* algorithm =
      name == nullptr ? std::end(kAlgorithms)
                      : std::ranges::find(kAlgorithms, std::string_view(*name), &Algorithm::name);
  if (algorithm == std::end(kAlgorithms)) {
    return Err(
        Code::kUnauthenticated,
        fmt::format("the token of the provider is signed with '{}', expected RS256, ES256 or "
                    "EdDSA",
                    name == nullptr ? "nothing" : FirstCodePoints(*name, 20)),
        kAlgorithmRefused);
  }
  SignedToken token{.kind = algorithm->kind,
                    .kid = std::nullopt,
                    .signed_part = fmt::format("{}.{}", parts[0], parts[1]),
                    .payload = *std::move(payload),
                    .signature = *std::move(signature)};
  if (const json::Value* kid = header->Find("kid")) {
    if (kid->AsString() == nullptr) return Malformed("has a 'kid' that is no text");
    token.kid = *kid->AsString();
  }
  return token;
}

Result<json::Object> VerifyToken(const SignedToken& token, std::span<const Key> keys) {
  std::vector<const Key*> fitting;
  for (const Key& key : keys) {
    const bool named = !token.kid || key.kid == *token.kid;
    if (named && key.key.kind() == token.kind) fitting.push_back(&key);
  }
  if (fitting.empty() || (!token.kid && fitting.size() > 1)) {
    return Err(Code::kUnauthenticated,
               fmt::format("the token of the provider is signed with the key '{}', which is {} its "
                           "keys for {}",
                           FirstCodePoints(token.kid.value_or(""), 80),
                           fitting.empty() ? "none of" : "not one alone of", NameOf(token.kind)),
               kUnknownKey);
  }
  const bool good = std::ranges::any_of(
      fitting, [&](const Key* key) { return key->key.Verify(token.signed_part, token.signature); });
  if (!good) {
    return Err(Code::kUnauthenticated, "the signature of the provider's token does not hold",
               kBadSignature);
  }
  auto claims = json::Parse(token.payload, {.bytes = kMaxTokenBytes, .depth = kMaxDepth});
  if (!claims || claims->AsObject() == nullptr) return Malformed("holds no JSON object");
  return *std::move(*claims).AsObject();
}

}  // namespace stetig::access::oidc
