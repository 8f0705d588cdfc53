// How bash splits a command line into words, and how a word is quoted for it.
#include "client/width.h"
#include "completion.h"

namespace stetig::app {
namespace {

constexpr std::string_view kBlanks = " \t\n";
constexpr std::string_view kSpecial = " \t!\"#$&'()*,;<>?[\\]^`{|}~";

/// Reads one line; its state between two characters.
class Splitter {
 public:
  explicit Splitter(std::string_view breaks) : breaks_(breaks) {}

  ShellLine Split(std::string_view line) {
    for (size_t at = 0; at < line.size(); ++at) {
      if (out_.quote == '\'') {
        InQuote(line[at]);
      } else if (line[at] == '\\' && at + 1 < line.size() && Escapes(line[at + 1])) {
        Add(line[++at]);
      } else if (out_.quote == '"') {
        InQuote(line[at]);
      } else {
        Plain(line[at]);
      }
    }
    // The program's own name, and assignments before it.
    size_t first = 0;
    while (first < out_.words.size() && out_.words[first].contains('=')) ++first;
    first = first < out_.words.size() ? first + 1 : first;
    out_.words.erase(out_.words.begin(), out_.words.begin() + static_cast<ptrdiff_t>(first));
    return std::move(out_);
  }

 private:
  bool Escapes(char next) const {
    return out_.quote == 0 || std::string_view("$`\"\\\n").contains(next);
  }
  void Add(char c) {
    out_.current += c;
    begun_ = true;
  }
  void InQuote(char c) {
    if (c != out_.quote) return Add(c);
    out_.quote = 0;
    out_.kept = before_quote_;
  }
  void Plain(char c) {
    if (kBlanks.contains(c)) {
      if (begun_) out_.words.push_back(std::move(out_.current));
      out_.current.clear();
      out_.kept = 0;
      begun_ = false;
    } else if (c == '\'' || c == '"') {
      out_.quote = c;
      before_quote_ = out_.kept;
      out_.kept = out_.current.size();
      begun_ = true;
    } else {
      Add(c);
      if (breaks_.contains(c)) out_.kept = out_.current.size();
    }
  }

  std::string_view breaks_;
  ShellLine out_;
  size_t before_quote_ = 0;
  bool begun_ = false;
};

}  // namespace

ShellLine SplitShellLine(std::string_view line, std::string_view breaks) {
  return Splitter(breaks).Split(line);
}

std::string QuotedForShell(std::string_view word, char quote) {
  std::string out;
  for (const char c : word) {
    if (quote == '\'') {
      out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    } else if (quote == '"') {
      // A '!' means history also between double quotes, and a backslash there would stay.
      if (c == '!') {
        out += "\"\\!\"";
      } else {
        if (std::string_view("$`\"\\").contains(c)) out += '\\';
        out += c;
      }
    } else {
      if (kSpecial.contains(c)) out += '\\';
      out += c;
    }
  }
  return out;
}

bool MayBeOffered(std::string_view word) { return !word.empty() && client::OneLine(word) == word; }

}  // namespace stetig::app
