#include "connect/git_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace stetig::connect {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/// Seconds since the epoch; git may print what no clock shows.
WallTime TimeOf(std::string_view text) {
  constexpr int64_t kLatest = 253'402'300'799;  // the end of the year 9999
  return {std::clamp(ParseInt64(text).value_or(0), int64_t{0}, kLatest) * 1000};
}

Status NoOutput(std::string_view what, std::string_view text) {
  return Err(Code::kDataLoss, fmt::format("git printed '{}', expected {}",
                                          CleanGitText(text.substr(0, 80), 80), what));
}

Result<std::vector<std::string>> ParentsOf(std::string_view text) {
  std::vector<std::string> parents;
  if (text.empty()) return parents;
  for (const std::string_view parent : Split(text, ' ')) {
    if (!IsSha(parent)) return Err(NoOutput("ids of commits", text));
    if (parents.size() < kMaxParents) parents.emplace_back(parent);
  }
  return parents;
}

void SplitMessage(std::string_view message, Commit& commit) {
  message = message.substr(0, kMaxMessage);
  while (message.starts_with('\n')) message.remove_prefix(1);
  const size_t end = std::min(message.find('\n'), message.size());
  commit.subject = CleanGitText(message.substr(0, end), kMaxSubject);
  commit.body = CleanGitText(message.substr(end), kMaxMessage);
}

}  // namespace

bool IsSha(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && std::ranges::all_of(text, IsHex);
}

std::string CleanGitText(std::string_view text, size_t bytes) {
  std::string clean;
  clean.reserve(std::min(text.size(), bytes));
  while (!text.empty()) {
    std::string_view rest = text;
    const auto point = TakeCodePoint(rest);
    std::string_view piece = point ? text.substr(0, text.size() - rest.size()) : kReplacement;
    if (!point) rest = text.substr(1);
    text = rest;
    if (point && (*point < 0x20 || *point == 0x7F)) {
      if (*point == '\r') continue;
      piece = *point == '\n' ? "\n" : " ";
    }
    if (clean.size() + piece.size() > bytes) break;
    clean += piece;
  }
  return clean;
}

Result<std::vector<Commit>> ParseLog(std::string_view output) {
  std::vector<Commit> commits;
  while (!output.empty()) {
    std::string_view fields[kLogFields];
    for (std::string_view& field : fields) {
      const size_t end = output.find('\0');
      if (end == std::string_view::npos) return Err(NoOutput("fields that end with NUL", output));
      field = output.substr(0, end);
      output.remove_prefix(end + 1);
    }
    if (!IsSha(fields[0])) return Err(NoOutput("the id of a commit", fields[0]));
    Commit commit;
    commit.sha = fields[0];
    ASSIGN_OR_RETURN(commit.parents, ParentsOf(fields[1]));
    commit.author_name = CleanGitText(fields[2], kMaxPerson);
    commit.author_email = CleanGitText(fields[3], kMaxPerson);
    commit.authored = TimeOf(fields[4]);
    commit.committed = TimeOf(fields[5]);
    SplitMessage(fields[6], commit);
    commits.push_back(std::move(commit));
  }
  return commits;
}

Result<std::vector<GitRef>> ParseRefs(std::string_view output, size_t most) {
  constexpr std::string_view kHeads = "refs/heads/";
  constexpr std::string_view kTags = "refs/tags/";
  std::vector<GitRef> refs;
  for (std::string_view line : Split(output, '\n')) {
    if (line.empty()) continue;
    std::string_view words[4];
    for (std::string_view& word : words) {
      const size_t end = line.find(' ');
      if (end == std::string_view::npos) return Err(NoOutput("a branch or tag", line));
      word = line.substr(0, end);
      line.remove_prefix(end + 1);
    }
    const std::string_view sha = words[2] == "tag" ? words[1] : words[0];
    const bool commit = words[2] == "commit" || (words[2] == "tag" && words[3] == "commit");
    const bool branch = line.starts_with(kHeads);
    if (!commit || (!branch && !line.starts_with(kTags))) continue;
    if (!IsSha(sha)) return Err(NoOutput("the id of a commit", sha));
    const std::string_view name = line.substr(branch ? kHeads.size() : kTags.size());
    // A name that was cut or mended could be another's: such refs are left out.
    if (name.size() > kMaxRefName || CleanGitText(name, name.size()) != name) continue;
    if (refs.size() == most) {
      return Err(Code::kResourceExhausted,
                 fmt::format("the repository has more than {} branches and tags", most));
    }
    refs.push_back(
        {branch ? RefKind::kBranch : RefKind::kTag, std::string(name), std::string(sha)});
  }
  return refs;
}

void PatchReader::Feed(std::string_view piece) {
  while (!piece.empty()) {
    const size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, std::min(end, piece.size()));
    if (rest_.size() + part.size() > kMaxLine) {
      too_long_ = true;
    } else {
      rest_ += part;
    }
    if (end == std::string_view::npos) return;
    piece.remove_prefix(end + 1);
    broken_ |= too_long_;
    if (!too_long_) Line(rest_);
    too_long_ = false;
    rest_.clear();
  }
}

void PatchReader::Line(std::string_view line) {
  if (line.starts_with('\0') && IsSha(line.substr(1))) {
    EndCommit();
    sha_ = line.substr(1);
    return;
  }
  if (line.starts_with("diff --git ")) {
    in_ = In::kHeader;
    any_ = true;
    Hash(line);
  } else if (in_ == In::kHeader) {
    HeaderLine(line);
  } else if (in_ == In::kLines &&
             (line.starts_with('+') || line.starts_with('-') || line.starts_with(' '))) {
    Hash(line);
  }
}

void PatchReader::HeaderLine(std::string_view line) {
  if (line.starts_with("@@ ")) {
    in_ = In::kLines;
  } else if (line.starts_with("index ")) {
    // The ids alone tell binary files apart; of texts they tell where the change was applied.
    index_ = line.substr(0, line.find(' ', 6));
  } else if (line.starts_with("Binary files ")) {
    Hash(index_);
  } else {
    Hash(line);
  }
}

void PatchReader::Hash(std::string_view line) {
  std::string dense;
  std::ranges::copy_if(line, std::back_inserter(dense), [](char c) {
    return c != ' ' && c != '\t' && c != '\r' && c != '\f' && c != '\v';
  });
  dense += '\n';
  digest_.Update(dense);
}

void PatchReader::EndCommit() {
  const Sha256Digest digest = digest_.Finish();
  if (!sha_.empty() && any_ && !broken_) found_[sha_] = ToHex(digest);
  sha_.clear();
  index_.clear();
  in_ = In::kNothing;
  any_ = false;
  broken_ = false;
}

std::map<std::string, std::string> PatchReader::Take() {
  if (!rest_.empty() && !too_long_) Line(rest_);
  broken_ |= too_long_;
  rest_.clear();
  EndCommit();
  return std::exchange(found_, {});
}

}  // namespace stetig::connect
