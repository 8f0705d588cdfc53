#include "connect/forge/naming.h"

#include <algorithm>

#include "connect/forge/document.h"

namespace stetig::connect::forge {
namespace {

using std::string_view;

void AddKeys(const std::vector<Mention>& mentions, std::vector<std::string>& out) {
  for (const Mention& mention : mentions) {
    if (std::ranges::find(out, mention.key) == out.end()) out.push_back(mention.key);
  }
}

}  // namespace

/// What a message names: its first line is the subject.
std::vector<Mention> InCommit(string_view message) {
  const size_t end = std::min(message.find('\n'), message.size());
  connect::Commit commit;
  commit.subject = message.substr(0, end);
  commit.body = message.substr(end);
  return MentionsOf(commit, {});
}

std::vector<Mention> InRequest(const MergeRequest& request) {
  return MentionsOf(request.title, request.source_branch, {});
}

std::vector<std::string> KeysIn(const Facts& facts) {
  std::vector<std::string> out;
  for (const Commit& commit : facts.commits) AddKeys(InCommit(commit.message), out);
  for (const MergeRequest& request : facts.merge_requests) {
    AddKeys(InRequest(request), out);
  }
  return out;
}

std::vector<std::string> KeysIn(string_view kind, string_view document) {
  std::vector<std::string> out;
  if (kind == "commit") {
    if (auto commit = CommitFrom(document)) AddKeys(InCommit(commit->message), out);
  } else if (kind == "merge_request") {
    if (auto request = MergeRequestFrom(document)) {
      AddKeys(InRequest(*request), out);
    }
  }
  return out;
}

}  // namespace stetig::connect::forge
