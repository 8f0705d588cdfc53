#include "client/contexts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "client/connection.h"

namespace stetig::client {
namespace {

namespace fs = std::filesystem;

/// Has a folder of its own for the file, and an environment without servers.
class ContextsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "stetig-contexts-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
    for (const char* variable :
         {"STETIG_SERVER", "STETIG_TOKEN", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN",
          "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"}) {
      unsetenv(variable);
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string folder_;
};

TEST_F(ContextsTest, WithoutAFileThereAreNone) {
  const auto contexts = LoadContexts();
  ASSERT_TRUE(contexts.has_value());
  EXPECT_TRUE(contexts->all.empty());
  EXPECT_EQ(contexts->current, "");
}

TEST_F(ContextsTest, WhatIsSavedComesBackAndOnlyItsOwnerReadsIt) {
  Contexts contexts;
  contexts.Use({.name = "a", .url = "http://a:1", .token = "secret \"quoted\""});
  contexts.Use({.name = "b", .url = "https://b/", .token = ""});
  contexts.Use({.name = "a", .url = "http://a:2", .token = "new"});
  ASSERT_TRUE(SaveContexts(contexts).ok());
  EXPECT_EQ(ContextsFile(), folder_ + "/stetig/contexts.json");
  struct stat found = {};
  ASSERT_EQ(stat(ContextsFile().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  const auto loaded = LoadContexts();
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
  EXPECT_EQ(loaded->current, "a");
  ASSERT_EQ(loaded->all.size(), 2U);
  ASSERT_NE(loaded->Find("a"), nullptr);
  EXPECT_EQ(loaded->Find("a")->url, "http://a:2");
  EXPECT_EQ(loaded->Find("a")->token, "new");
  EXPECT_EQ(loaded->Find("b")->url, "https://b/");
  EXPECT_EQ(loaded->Find("c"), nullptr);
}

TEST_F(ContextsTest, ADamagedFileIsNamed) {
  fs::create_directories(folder_ + "/stetig");
  for (const char* text : {"", "{", "[]", "{}", R"({"contexts": 5})"}) {
    std::ofstream(ContextsFile()) << text;
    const auto loaded = LoadContexts();
    ASSERT_FALSE(loaded.has_value()) << text;
    EXPECT_EQ(loaded.error().code(), Code::kDataLoss);
    EXPECT_NE(loaded.error().message().find(ContextsFile()), std::string::npos);
  }
}

TEST_F(ContextsTest, TheServerIsTheFirstOneNamed) {
  EXPECT_EQ(ChooseServer("").value().port, 5000);
  setenv("MLFLOW_TRACKING_URI", "http://tracking:1", 1);
  EXPECT_EQ(ChooseServer("").value().host, "tracking");
  Contexts contexts;
  contexts.Use({.name = "other", .url = "http://other:2", .token = "t2"});
  contexts.Use({.name = "current", .url = "http://current:3", .token = "t3"});
  ASSERT_TRUE(SaveContexts(contexts).ok());
  EXPECT_EQ(ChooseServer("").value().host, "current");
  EXPECT_EQ(ChooseServer("").value().authorization, "Bearer t3");
  setenv("STETIG_SERVER", "other", 1);
  EXPECT_EQ(ChooseServer("").value().host, "other");
  EXPECT_EQ(ChooseServer("").value().authorization, "Bearer t2");
  EXPECT_EQ(ChooseServer("http://flag:4").value().host, "flag");
  EXPECT_EQ(ChooseServer("http://current:3").value().authorization, "Bearer t3");
}

TEST_F(ContextsTest, ATokenGoesOnlyToItsServer) {
  Contexts contexts;
  contexts.Use({.name = "mine", .url = "http://mine:1", .token = "secret"});
  ASSERT_TRUE(SaveContexts(contexts).ok());
  EXPECT_EQ(ChooseServer("http://evil:1").value().authorization, "");
  EXPECT_EQ(ChooseServer("http://mine:2").value().authorization, "");
}

TEST_F(ContextsTest, UrlsAreTakenApart) {
  const Server plain = ParseServer("http://host:81/base/").value();
  EXPECT_EQ(plain.host, "host");
  EXPECT_EQ(plain.port, 81);
  EXPECT_EQ(plain.base, "/base");
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(ParseServer("https://host").value().port, 443);
  EXPECT_EQ(ParseServer("http://host").value().port, 80);
  EXPECT_EQ(ParseServer("http://[::1]:82").value().host, "::1");
  EXPECT_EQ(ParseServer("http://[::1]:82").value().port, 82);
  EXPECT_EQ(ParseServer("http://[::1]").value().port, 80);
  // "ada:a b" in Base64 (RFC 4648).
  EXPECT_EQ(ParseServer("http://ada:a%20b@host").value().authorization, "Basic YWRhOmEgYg==");
  for (const char* url : {"", "host", "ftp://host", "http://", "http://:80", "http://host:0",
                          "http://host:99999", "http://host:x"}) {
    const auto server = ParseServer(url);
    EXPECT_FALSE(server.has_value()) << url;
  }
}

}  // namespace
}  // namespace stetig::client
