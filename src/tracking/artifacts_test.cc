#include <gmock/gmock.h>

#include "tracking/testing/fixture.h"

namespace stetig::tracking {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Said;
using ::testing::SizeIs;

class ArtifactsTest : public testing::TrackingTest {
 protected:
  std::string Put(std::string path, std::string manifest, uint64_t size = 1) {
    return Said(Run(
        service().PutArtifact(Who(), std::move(path), std::move(manifest), size, "sha", Soon())));
  }
  std::string Delete(std::string path) {
    return Said(Run(service().DeleteArtifact(Who(), std::move(path), Soon())));
  }
  /// "path manifest" of a file, "path/" of a folder; what was said when there is none.
  std::string Find(std::string path) {
    auto entry = Run(service().GetArtifact(Who(), std::move(path), Soon()));
    return entry ? Text(*entry) : Said(entry);
  }
  /// In pages of two.
  std::vector<std::string> List(std::string path) {
    std::vector<std::string> texts;
    ListArtifacts query{.path = std::move(path), .max_results = 2, .page_token = {}};
    do {
      auto page = Run(service().ListArtifacts(Who(), query, Soon()));
      EXPECT_EQ(Said(page), "ok");
      if (!page) return texts;
      for (const Service::ArtifactEntry& entry : page->items) texts.push_back(Text(entry));
      query.page_token = std::move(page->next_page_token);
    } while (!query.page_token.empty());
    return texts;
  }
  std::vector<std::string> Manifests(std::string after, size_t limit) {
    return Run(service().LiveManifests(std::move(after), limit, Soon()))
        .value_or(std::vector<std::string>{"failed"});
  }

 private:
  static std::string Text(const Service::ArtifactEntry& entry) {
    return entry.path + (entry.is_dir ? "/" : " ") + entry.manifest;
  }
};

TEST_P(ArtifactsTest, FilesStandInTheFoldersAboveThem) {
  EXPECT_EQ(Put("r/model/weights", "aa", uint64_t{1} << 40), "ok");
  EXPECT_EQ(Put("r/model/config", "bb"), "ok");
  EXPECT_EQ(Put("r.txt", "cc"), "ok");
  EXPECT_EQ(Find("r/model/weights"), "r/model/weights aa");
  EXPECT_EQ(Find("r/model"), "r/model/");
  EXPECT_EQ(Find("r/none"), "not_found: No such artifact: 'r/none'");
  EXPECT_THAT(List(""), ElementsAre("r/", "r.txt cc"));
  EXPECT_THAT(List("r"), ElementsAre("r/model/"));
  EXPECT_THAT(List("r/model"), ElementsAre("r/model/config bb", "r/model/weights aa"));
  EXPECT_THAT(List("none"), IsEmpty());
  EXPECT_THAT(List("r/model/config"), IsEmpty());
  const auto entry = Run(service().GetArtifact(Who(), "r/model/weights", Soon()));
  ASSERT_EQ(Said(entry), "ok");
  EXPECT_EQ(entry->size, uint64_t{1} << 40);
}

TEST_P(ArtifactsTest, AFileIsReplacedAndARepeatedPutIsNoEvent) {
  EXPECT_EQ(Put("a/f", "aa"), "ok");
  EXPECT_EQ(Put("a/f", "aa"), "ok");
  EXPECT_EQ(Put("a/f", "bb"), "ok");
  EXPECT_EQ(Find("a/f"), "a/f bb");
  EXPECT_THAT(Events({"artifact.stored"}), SizeIs(1));
  const auto replaced = Events({"artifact.replaced"});
  ASSERT_THAT(replaced, SizeIs(1));
  EXPECT_EQ(replaced[0].payload, R"({"manifest":"bb","sha256":"sha"})");
}

TEST_P(ArtifactsTest, FilesAndFoldersDoNotTakeEachOthersPlace) {
  ASSERT_EQ(Put("a/b", "aa"), "ok");
  EXPECT_EQ(Put("a", "bb"),
            "invalid_argument: artifact path 'a' is a folder, expected a file or nothing");
  EXPECT_EQ(Put("a/b/c/d", "bb"),
            "invalid_argument: artifact path 'a/b' is a file, expected a folder or nothing");
  EXPECT_THAT(List("a"), ElementsAre("a/b aa"));
  EXPECT_EQ(Put("", "aa"), "invalid_argument: Invalid path");
  EXPECT_EQ(Put("a/../b", "aa"), "invalid_argument: Invalid path");
  EXPECT_EQ(Delete(""), "invalid_argument: Invalid path");
  EXPECT_EQ(Put("x", ""), "invalid_argument: an artifact needs a manifest and a size below 2^63");
  EXPECT_EQ(Put("x", "aa", uint64_t{1} << 63),
            "invalid_argument: an artifact needs a manifest and a size below 2^63");
}

TEST_P(ArtifactsTest, DeletingAFolderTakesWhatIsBelowItAndNothingElse) {
  for (const char* path : {"a/b/c", "a/b/d/e", "a/b.txt", "a/b0/x", "a/b-1/x", "ab/c", "a/B/c"})
    ASSERT_EQ(Put(path, "aa"), "ok");
  EXPECT_EQ(Delete("a/b"), "ok");
  EXPECT_EQ(Find("a/b"), "not_found: No such artifact: 'a/b'");
  EXPECT_THAT(List("a/b/d"), IsEmpty());
  EXPECT_THAT(List("a"), ElementsAre("a/B/", "a/b-1/", "a/b.txt aa", "a/b0/"));
  EXPECT_THAT(List("a/b0"), ElementsAre("a/b0/x aa"));
  EXPECT_THAT(List("ab"), ElementsAre("ab/c aa"));
  EXPECT_EQ(Delete("a/b"), "not_found: No such artifact: 'a/b'");
  const auto deleted = Events({"artifact.deleted"});
  ASSERT_THAT(deleted, SizeIs(1));
  EXPECT_EQ(deleted[0].payload, R"({"rows":"4","manifest":""})");
}

TEST_P(ArtifactsTest, FoldersGoWithTheirLastFile) {
  ASSERT_EQ(Put("a/b/c/f", "aa"), "ok");
  ASSERT_EQ(Put("a/g", "bb"), "ok");
  EXPECT_EQ(Delete("a/b/c/f"), "ok");
  EXPECT_THAT(List("a"), ElementsAre("a/g bb"));
  EXPECT_EQ(Put("a/b", "cc"), "ok");  // a file may stand where the folder was
  EXPECT_EQ(Delete("a/b"), "ok");
  EXPECT_EQ(Delete("a/g"), "ok");
  EXPECT_THAT(List(""), IsEmpty());
}

TEST_P(ArtifactsTest, LiveManifestsAreThoseThatFilesName) {
  for (const auto& [path, manifest] : std::initializer_list<std::pair<const char*, const char*>>{
           {"f1", "cc"}, {"d/f2", "aa"}, {"f3", "cc"}, {"f4", "bb"}, {"f5", "dd"}})
    ASSERT_EQ(Put(path, manifest), "ok");
  EXPECT_THAT(Manifests("", 100), ElementsAre("aa", "bb", "cc", "dd"));
  EXPECT_THAT(Manifests("", 2), ElementsAre("aa", "bb"));
  EXPECT_THAT(Manifests("bb", 2), ElementsAre("cc", "dd"));
  ASSERT_EQ(Delete("f1"), "ok");  // f3 still names it
  ASSERT_EQ(Delete("f5"), "ok");
  ASSERT_EQ(Put("d/f2", "ee"), "ok");
  EXPECT_THAT(Manifests("", 100), ElementsAre("bb", "cc", "ee"));
}

STETIG_ON_BOTH_STORES(ArtifactsTest);

}  // namespace
}  // namespace stetig::tracking
