#include "access/oidc/metadata.h"

#include <gtest/gtest.h>

#include "base/json_value.h"

namespace stetig::access::oidc {
namespace {

constexpr const char* kIssuer = "https://server.example.com";

/// Of the example in OpenID Connect Discovery 1.0, section 4.2.
json::Object Example() {
  return {{"issuer", kIssuer},
          {"authorization_endpoint", "https://server.example.com/connect/authorize"},
          {"token_endpoint", "https://server.example.com/connect/token"},
          {"token_endpoint_auth_methods_supported",
           json::Array{"client_secret_basic", "private_key_jwt"}},
          {"userinfo_endpoint", "https://server.example.com/connect/userinfo"},
          {"jwks_uri", "https://server.example.com/jwks.json"},
          {"response_types_supported", json::Array{"code", "code id_token"}}};
}

Result<Metadata> Parse(std::initializer_list<json::Member> changes = {}) {
  json::Value document(Example());
  for (const auto& [name, value] : changes) {
    if (value.IsNull()) {
      std::erase_if(*document.AsObject(), [&](const auto& one) { return one.first == name; });
    } else {
      document.Set(name, value);
    }
  }
  return ParseMetadata(json::Dump(document), kIssuer);
}

TEST(MetadataTest, TheExampleOfTheSpecificationIsRead) {
  auto metadata = Parse();
  ASSERT_TRUE(metadata.has_value()) << metadata.error().ToString();
  EXPECT_EQ(metadata->authorization_endpoint, "https://server.example.com/connect/authorize");
  EXPECT_EQ(metadata->token.host, "server.example.com");
  EXPECT_EQ(metadata->token.port, 443);
  EXPECT_EQ(metadata->token.target, "/connect/token");
  EXPECT_TRUE(metadata->has_userinfo);
  EXPECT_FALSE(metadata->secret_in_body);
  EXPECT_FALSE(metadata->names_issuer);
  EXPECT_FALSE(Parse({{"userinfo_endpoint", nullptr}})->has_userinfo);
  EXPECT_TRUE(Parse({{"authorization_response_iss_parameter_supported", true}})->names_issuer);
  EXPECT_TRUE(Parse({{"token_endpoint_auth_methods_supported", json::Array{"client_secret_post"}}})
                  ->secret_in_body);
}

TEST(MetadataTest, WhatIsMissingOrWrongIsRefusedByName) {
  const auto refused = [](std::initializer_list<json::Member> changes, std::string_view named) {
    auto metadata = Parse(changes);
    ASSERT_FALSE(metadata.has_value()) << named;
    EXPECT_EQ(metadata.error().code(), Code::kInvalidArgument);
    EXPECT_TRUE(metadata.error().message().contains(named)) << metadata.error().message();
  };
  for (const char* name : {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"}) {
    refused({{name, nullptr}}, name);
    refused({{name, 5}}, name);
  }
  refused({{"issuer", "https://server.example.com/"}}, "oidc-issuer");
  refused({{"token_endpoint", "http://server.example.com/token"}}, "token_endpoint");
  refused({{"jwks_uri", "file:///etc/passwd"}}, "jwks_uri");
  refused({{"userinfo_endpoint", "//server.example.com/"}}, "userinfo_endpoint");
  refused({{"authorization_endpoint", "javascript:alert(1)"}}, "authorization_endpoint");
  refused({{"response_types_supported", json::Array{"id_token"}}}, "codes");
  refused({{"code_challenge_methods_supported", json::Array{"plain"}}}, "S256");
  for (const char* text : {"", "[]", "null", "{", "5"}) {
    EXPECT_FALSE(ParseMetadata(text, kIssuer).has_value()) << text;
  }
}

TEST(MetadataTest, UrlsAreTakenApart) {
  auto plain = ParseEndpoint("http://127.0.0.1:8080/a/b?c=d");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 8080);
  EXPECT_EQ(plain->target, "/a/b?c=d");
  EXPECT_FALSE(plain->tls);
  EXPECT_EQ(ParseEndpoint("https://x")->target, "/");
  EXPECT_EQ(ParseEndpoint("https://x?y=1")->target, "/?y=1");
  EXPECT_EQ(ParseEndpoint("https://[2001:db8::1]:8443/")->host, "2001:db8::1");
  EXPECT_EQ(ParseEndpoint("https://[2001:db8::1]/")->port, 443);
  EXPECT_FALSE(ParseEndpoint("http://localhost:1/")->tls);
  for (const char* url :
       {"", "x", "https://", "https:///path", "ftp://x", "http://example.org", "https://u@x/",
        "https://u:p@x/", "https://x/#f", "https://x:0/", "https://x:99999/", "https://x:y/",
        "https://x/ y", "https://x/\r\nHost: y", "https://x\\@y/", "https://é.example/",
        "http://127.0.0.1.evil.example/", "http://localhost.evil.example/"}) {
    EXPECT_FALSE(ParseEndpoint(url).has_value()) << url;
  }
}

}  // namespace
}  // namespace stetig::access::oidc
