#include "base/paths.h"

#include <gtest/gtest.h>

#include <string>

namespace stetig {
namespace {

TEST(Paths, DotDotIsFoundHoweverItIsWritten) {
  for (const char* path : {"..", "a/..", "a/../b", "a\\..\\b", "%2e%2e/b", "a%2f..%2fb", "%252e.",
                           "a/%25252e%25252e", "a/.%2e", "..%5cb", "a%00b", "a\nb", "a\x7f"}) {
    EXPECT_TRUE(LeavesItsFolder(path)) << path;
    EXPECT_FALSE(IsSafeRelativePath(path)) << path;
  }
  for (const char* path :
       {"", "a", "a..b", "...", "a/...", "a//b", "./a", "100%", "a%20b", "ü/中"}) {
    EXPECT_FALSE(LeavesItsFolder(path)) << path;
    EXPECT_TRUE(IsSafeRelativePath(path)) << path;
  }
}

TEST(Paths, PathThatNeverComesToRestIsNotSafe) {
  std::string deep = "%2e";
  for (int i = 0; i < 12; ++i) {
    deep.insert(1, "25");
  }
  EXPECT_TRUE(LeavesItsFolder(deep));
  EXPECT_FALSE(IsSafeRelativePath(deep));
}

TEST(Paths, PathThatBeginsAPlaceOfItsOwnIsNoRelativeOne) {
  for (const char* path : {"/a", "%2fa", "\\a", "%5ca", "c:a", "c%3a/a", "1:a", "file:a", "FILE:/a",
                           "a#b", "a%23b", "a\xff", "a%ff"}) {
    EXPECT_FALSE(LeavesItsFolder(path)) << path;
    EXPECT_FALSE(IsSafeRelativePath(path)) << path;
  }
}

TEST(Paths, SchemesOfMlflowsHostPolicyNameAHost) {
  for (const char* scheme :
       {"ftp", "sftp", "hdfs", "viewfs", "http", "https", "r2", "b2", "abfss", "HTTP"}) {
    EXPECT_TRUE(SchemeNamesHost(scheme)) << scheme;
  }
  for (const char* scheme : {"", "s3", "gs", "wasbs", "file", "mlflow-artifacts", "runs"}) {
    EXPECT_FALSE(SchemeNamesHost(scheme)) << scheme;
  }
}

}  // namespace
}  // namespace stetig
