#include "connect/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "connect/git_output.h"

namespace stetig::connect {
namespace {

using std::string_view;

constexpr string_view kNaming[] = {"requirement", "task",  "change-request", "feedback",
                                   "refs",        "fixes", "closes",         "resolves"};
constexpr string_view kPicked = "(cherry picked from commit ";

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordByte(char c) {
  return IsUpper(c) || IsDigit(c) || c == '_' || (c >= 'a' && c <= 'z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// The length of the key that starts at `at`; 0: none.
size_t KeyAt(string_view text, size_t at) {
  if (!IsUpper(text[at]) || (at > 0 && (IsWordByte(text[at - 1]) || text[at - 1] == '-'))) return 0;
  size_t end = at + 1;
  while (end < text.size() && (IsUpper(text[end]) || IsDigit(text[end]) || text[end] == '_')) ++end;
  if (end == text.size() || text[end] != '-') return 0;
  const size_t digits = ++end;
  while (end < text.size() && IsDigit(text[end])) ++end;
  if (end == digits || end - digits > 12 || end - at > 64) return 0;
  return end < text.size() && IsWordByte(text[end]) ? 0 : end - at;
}

/// What stands around a key, without line ends.
std::string SpanAround(string_view text, size_t at) {
  const size_t line = text.rfind('\n', at) == string_view::npos ? 0 : text.rfind('\n', at) + 1;
  const size_t begin = at - line > kMaxSpan / 2 ? at - kMaxSpan / 2 : line;
  string_view span = text.substr(begin, kMaxSpan);
  return CleanGitText(Trim(span.substr(0, span.find('\n'))), kMaxSpan);
}

template <class Found>
void EachKey(string_view text, Found found) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = KeyAt(text, at);
    if (size > 0) found(text.substr(at, size), at);
    at += std::max<size_t>(size, 1);
  }
}

class Mentions {
 public:
  void Add(string_view text, MentionSource source, string_view trailer = {}) {
    EachKey(text, [&](string_view key, size_t at) {
      const bool known =
          std::ranges::any_of(found_, [key](const Mention& mention) { return mention.key == key; });
      if (known || found_.size() == kMaxMentions) return;
      found_.push_back({.key = std::string(key),
                        .source = source,
                        .trailer = std::string(trailer),
                        .span = SpanAround(text, at)});
    });
  }
  std::vector<Mention> Take() { return std::move(found_); }

 private:
  std::vector<Mention> found_;
};

bool IsTrailerLine(string_view line, string_view* name, string_view* value) {
  const size_t colon = line.find(':');
  if (colon == string_view::npos || colon == 0) return false;
  *name = Trim(line.substr(0, colon));
  *value = Trim(line.substr(colon + 1));
  return !name->empty() && std::ranges::all_of(*name, [](char c) {
    return IsUpper(c) || IsDigit(c) || c == '-' || (c >= 'a' && c <= 'z');
  });
}

bool IsGitsOwn(string_view line) {
  return line.starts_with("Signed-off-by: ") || line.starts_with(kPicked);
}

/// The last paragraph; empty when it is the only one.
string_view LastParagraph(string_view body) {
  while (!body.empty() && (body.back() == '\n' || body.back() == ' ')) body.remove_suffix(1);
  const size_t blank = body.rfind("\n\n");
  return blank == string_view::npos ? string_view() : body.substr(blank + 2);
}

/// Of a merge's subject: the branch that was merged, which names keys as a branch does.
bool IsMergeSubject(string_view subject) {
  return subject.starts_with("Merge branch '") || subject.starts_with("Merge pull request #") ||
         subject.starts_with("Merge remote-tracking branch '");
}

}  // namespace

std::vector<std::string> KeysIn(std::string_view text) {
  std::vector<std::string> keys;
  EachKey(text, [&](string_view key, size_t) {
    if (std::ranges::find(keys, key) == keys.end()) keys.emplace_back(key);
  });
  return keys;
}

std::vector<Trailer> TrailersOf(std::string_view body) {
  std::vector<Trailer> trailers;
  size_t lines = 0;
  size_t fitting = 0;
  bool gits_own = false;
  const string_view paragraph = LastParagraph(body);
  if (paragraph.empty()) return trailers;
  for (const string_view line : Split(paragraph, '\n')) {
    ++lines;
    string_view name;
    string_view value;
    if (line.starts_with(' ') && !trailers.empty()) {
      ++fitting;
      trailers.back().value += fmt::format(" {}", Trim(line));
    } else if (IsGitsOwn(line)) {
      ++fitting;
      gits_own = true;
      if (IsTrailerLine(line, &name, &value))
        trailers.emplace_back(std::string(name), std::string(value));
    } else if (IsTrailerLine(line, &name, &value)) {
      ++fitting;
      trailers.emplace_back(std::string(name), std::string(value));
    }
  }
  const bool block = fitting == lines || (gits_own && fitting * 4 >= lines);
  return block ? trailers : std::vector<Trailer>();
}

std::vector<Mention> MentionsOf(const Commit& commit, std::string_view branch) {
  Mentions mentions;
  for (const Trailer& trailer : TrailersOf(commit.body)) {
    if (std::ranges::find(kNaming, AsciiLower(trailer.name)) != std::end(kNaming)) {
      mentions.Add(trailer.value, MentionSource::kTrailer, trailer.name);
    }
  }
  const bool merge = IsMergeSubject(commit.subject);
  mentions.Add(commit.subject, merge ? MentionSource::kBranch : MentionSource::kSubject);
  mentions.Add(branch, MentionSource::kBranch);
  mentions.Add(commit.body, MentionSource::kBody);
  return mentions.Take();
}

std::vector<Mention> MentionsOf(std::string_view title, std::string_view branch,
                                std::string_view body) {
  Mentions mentions;
  mentions.Add(title, MentionSource::kMergeTitle);
  mentions.Add(branch, MentionSource::kBranch);
  mentions.Add(body, MentionSource::kBody);
  return mentions.Take();
}

std::string PickedFrom(std::string_view body) {
  const size_t at = body.rfind(kPicked);
  if (at == string_view::npos || (at > 0 && body[at - 1] != '\n')) return {};
  const string_view rest = body.substr(at + kPicked.size());
  const string_view sha = rest.substr(0, rest.find(')'));
  return IsSha(sha) && rest.size() > sha.size() ? std::string(sha) : std::string();
}

std::string RuleOf(const Mention& mention) {
  switch (mention.source) {
    case MentionSource::kTrailer:
      return fmt::format("trailer {}", mention.trailer);
    case MentionSource::kSubject:
      return "subject";
    case MentionSource::kMergeTitle:
      return "merge request";
    case MentionSource::kBranch:
      return "branch";
    case MentionSource::kBody:
      return "body";
  }
  return "body";
}

}  // namespace stetig::connect
