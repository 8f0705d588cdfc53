// What git prints of a foreign repository, and the keys in its messages: any bytes give values or
// kDataLoss; texts are UTF-8 within their limits; patches have the same identity in pieces.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "connect/git.h"
#include "connect/git_output.h"
#include "connect/keys.h"

namespace stetig::connect {
namespace {

void CheckMentions(const Commit& commit, std::string_view branch) {
  const std::vector<Mention> mentions = MentionsOf(commit, branch);
  CHECK(mentions.size() <= kMaxMentions);
  for (const Mention& mention : mentions) {
    CHECK(mention.span.size() <= kMaxSpan && IsValidUtf8(mention.span));
    const std::vector<std::string> keys = KeysIn(mention.key);
    CHECK(keys.size() == 1 && keys.front() == mention.key);
  }
  std::ignore = TrailersOf(commit.body);
  const std::string picked = PickedFrom(commit.body);
  CHECK(picked.empty() || IsSha(picked));
}

void CheckLog(std::string_view text) {
  const auto commits = ParseLog(text);
  if (!commits) {
    CHECK(commits.error().code() == Code::kDataLoss);
    return;
  }
  for (const Commit& commit : *commits) {
    CHECK(IsSha(commit.sha) && commit.parents.size() <= kMaxParents);
    CHECK(commit.subject.size() <= kMaxSubject && IsValidUtf8(commit.subject));
    CHECK(commit.body.size() <= kMaxMessage && IsValidUtf8(commit.body));
    CHECK(commit.author_name.size() <= kMaxPerson && IsValidUtf8(commit.author_name));
    CheckMentions(commit, commit.subject);
  }
}

void CheckPatches(std::string_view text) {
  PatchReader whole;
  whole.Feed(text);
  PatchReader pieces;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t size = std::min<size_t>(rest.size(), 1 + (rest.size() * 7) % 13);
    pieces.Feed(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  CHECK(whole.Take() == pieces.Take());
}

}  // namespace
}  // namespace stetig::connect

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stetig;
  using namespace stetig::connect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckLog(text);
  CheckPatches(text);
  const auto refs = ParseRefs(text, 100);
  CHECK(refs || refs.error().code() == Code::kDataLoss ||
        refs.error().code() == Code::kResourceExhausted);
  Commit commit;
  commit.subject = CleanGitText(text.substr(0, text.find('\n')), kMaxSubject);
  commit.body = CleanGitText(text, kMaxMessage);
  CheckMentions(commit, text);
  const Status url = CheckGitUrl(text);
  CHECK(url.ok() || url.code() == Code::kInvalidArgument);
  return 0;
}
