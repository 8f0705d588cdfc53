#include "tracking/internal/location.h"

#include <gmock/gmock.h>

#include <string>

namespace stetig::tracking {
namespace {

using ::testing::StartsWith;

TEST(LocationTest, UrisSplitAsPythonSplitsThem) {
  const UriParts uri = SplitUri("s3://bucket/a/b?v=1&w=?#frag#x");
  EXPECT_EQ(uri.scheme, "s3");
  EXPECT_TRUE(uri.has_authority);
  EXPECT_EQ(uri.authority, "bucket");
  EXPECT_EQ(uri.path, "/a/b");
  EXPECT_EQ(uri.query, "v=1&w=?");
  EXPECT_EQ(uri.fragment, "frag#x");
  EXPECT_EQ(SplitUri("mlflow-artifacts:/7").scheme, "mlflow-artifacts");
  EXPECT_EQ(SplitUri("mlflow-artifacts:/7").path, "/7");
  EXPECT_FALSE(SplitUri("mlflow-artifacts:/7").has_authority);
  for (const char* path : {"/data/x", "data/x", "", "1a:b", ":b", "a b:c"}) {
    EXPECT_EQ(SplitUri(path).scheme, "") << path;
    EXPECT_EQ(SplitUri(path).path, path);
  }
  EXPECT_EQ(SplitUri("s3://bucket?q").authority, "bucket");
}

TEST(LocationTest, PathsAreAppendedBeforeTheQuery) {
  const auto appended = [](const char* uri) { return AppendToUri(uri, "7/artifacts"); };
  EXPECT_EQ(appended("s3://b/x?v=1"), "s3://b/x/7/artifacts?v=1");
  EXPECT_EQ(appended("s3://b/x/"), "s3://b/x/7/artifacts");
  EXPECT_EQ(appended("s3://b"), "s3://b/7/artifacts");
  EXPECT_EQ(appended("mlflow-artifacts:/"), "mlflow-artifacts:/7/artifacts");
  EXPECT_EQ(appended("/data"), "/data/7/artifacts");
  EXPECT_EQ(appended("data"), "data/7/artifacts");
  EXPECT_EQ(appended("file:///data"), "file:///data/7/artifacts");
  EXPECT_EQ(appended("file:/data"), "file:///data/7/artifacts");
}

TEST(LocationTest, LocationsThatLeadElsewhereAreRefused) {
  const auto said = [](const std::string& location, const char* root = "mlflow-artifacts:/") {
    return ValidateArtifactLocation(location, root).ToString();
  };
  for (const char* fine : {"", "/data/x", "data", "s3://b/x?v=1", "mlflow-artifacts:/7",
                           "file:///x", "gs://b/a..b", "s3://b/100%"})
    EXPECT_EQ(said(fine), "ok") << fine;
  for (const char* dots : {"s3://b/../x", "s3://b/a/..", "s3://b/%2e%2e/x", "s3://b/%252e%252e/x",
                           "../x", "/a/..\\b", "s3://b/a\nb", "s3://b/%00"}) {
    EXPECT_EQ(said(dots),
              "invalid_argument: 'artifact_location' must not contain '..' or control characters "
              "in its path.")
        << dots;
  }
  EXPECT_EQ(said("s3://b/x?p=%2e."), "invalid_argument: Invalid query string");
  EXPECT_EQ(said("s3://b/x#y"),
            "invalid_argument: 'artifact_location' URL can't include fragments or params.");
  EXPECT_EQ(said("runs:/r/a"),
            "invalid_argument: Artifact location cannot be a runs:/ URI. Given: 'runs:/r/a'");
  EXPECT_EQ(said("s3://" + std::string(2043, 'x')), "ok");
  EXPECT_THAT(said("s3://" + std::string(2044, 'x')),
              StartsWith("invalid_argument: Invalid artifact path length."));
  EXPECT_THAT(said("http://host/x"),
              StartsWith("invalid_argument: 'artifact_location' cannot use the 'http' scheme"));
  EXPECT_EQ(said("http://host/x", "http://host/root"), "ok");
}

TEST(LocationTest, ArtifactPathsAreRelativeAndNormal) {
  for (const char* fine :
       {"", "a", "a/b/c.txt", "a b", "é", "a..b", "...", "100%", "a%20b", "ab:c"})
    EXPECT_EQ(ValidateArtifactPath(fine), OkStatus()) << fine;
  for (const char* bad :
       {"/a",     "a/",       "a//b",         ".",        "./a",   "a/.", "..",   "../a",
        "a/../b", "%2e%2e/a", "a/%252e%252e", "a\\..\\b", "%2fa",  "\\a", "C:/a", "a\nb",
        "a%00b",  "a#b",      "a%23b",        "file:a",   "FILE:a"})
    EXPECT_EQ(ValidateArtifactPath(bad).ToString(), "invalid_argument: Invalid path") << bad;
  EXPECT_EQ(ValidateArtifactPath(std::string_view("a\0b", 3)).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace stetig::tracking
