#include <fmt/format.h>

#include <vector>

#include "journal/export_line.h"
#include "journal/verify.h"

namespace stetig::journal {
namespace {

using Kind = Finding::Kind;
using line::Line;

constexpr size_t kChunk = 64 * 1024;
// What JsonWriter writes for the field: lines without it are no erasures.
constexpr std::string_view kErasedMark = R"("kind":"journal.erased")";

/// Lines of bounded length.
class Lines {
 public:
  explicit Lines(std::istream& in) : in_(in), chunk_(kChunk) {}

  /// False at the end, and where a line is too long: then too_long().
  bool Next() {
    text_.clear();
    ++number_;
    for (;;) {
      in_.getline(chunk_.data(), static_cast<std::streamsize>(chunk_.size()));
      const auto count = static_cast<size_t>(in_.gcount());
      if (count == 0) {
        return false;
      }
      const bool whole = in_.good();  // then the line break was counted too
      text_.append(chunk_.data(), whole ? count - 1 : count);
      too_long_ = text_.size() > line::kMaxBytes;
      if (whole || too_long_ || in_.eof()) {
        return !too_long_;
      }
      in_.clear();  // the line goes on
    }
  }
  const std::string& text() const { return text_; }
  int64_t number() const { return number_; }
  bool too_long() const { return too_long_; }
  void Rewind() {
    in_.clear();
    in_.seekg(0);
    number_ = 0;
  }

 private:
  std::istream& in_;
  std::vector<char> chunk_;
  std::string text_;
  int64_t number_ = 0;
  bool too_long_ = false;
};

Finding InFile(int64_t number, std::string_view what) {
  return {Kind::kFile, 0, fmt::format("line {}: {}", number, what)};
}

/// The second pass: everything in order.
class FileVerifier {
 public:
  FileVerifier(Checker& checker, int64_t size) : checker_(checker), size_(size) {}

  std::optional<Finding> Add(const Line& line, int64_t number) {
    switch (line.kind) {
      case Line::Kind::kEvent:
        return checker_.AddEntry(line.entry);
      case Line::Kind::kCheckpoint:
        return checker_.AddCheckpoint(line.checkpoint);
      case Line::Kind::kEnd:
        ended_ = true;
        return line.size == size_ ? std::nullopt
                                  : std::optional(InFile(number, "end and head differ in size"));
      case Line::Kind::kHeader:
        return InFile(number, "a second head");
    }
    return std::nullopt;
  }

  std::optional<Finding> Finish() {
    auto finding = checker_.Finish();
    if (!finding && (!ended_ || checker_.entries() != size_)) {
      finding = Finding{Kind::kFile, checker_.entries(),
                        fmt::format("the file is to have {} entries and has {}: its end was cut "
                                    "off",
                                    size_, checker_.entries())};
    }
    return finding;
  }
  bool ended() const { return ended_; }

 private:
  Checker& checker_;
  int64_t size_;
  bool ended_ = false;
};

/// The first pass: erasures, which may be behind the entries that they are about.
void ReadErasures(Lines& lines, Checker& checker) {
  while (lines.Next()) {
    if (lines.text().contains(kErasedMark)) {
      const auto line = line::Read(lines.text());
      if (line && line->kind == Line::Kind::kEvent) {
        checker.AddErasure(line->entry.event);
      }
    }
  }
}

std::optional<Finding> ReadAll(Lines& lines, FileVerifier& verifier) {
  while (lines.Next()) {
    if (verifier.ended()) {
      return InFile(lines.number(), "there is something behind the end");
    }
    const auto line = line::Read(lines.text());
    if (!line) {
      return InFile(lines.number(), line.error().message());
    }
    if (auto finding = verifier.Add(*line, lines.number())) {
      return finding;
    }
  }
  if (lines.too_long()) {
    return InFile(lines.number(), "it is too long");
  }
  return verifier.Finish();
}

}  // namespace

Result<Report> VerifyFile(std::istream& file, VerifyOptions options) {
  Lines lines(file);
  Report nothing;
  if (!lines.Next()) {
    nothing.finding = InFile(1, "the file is empty");
    return nothing;
  }
  const auto head = line::Read(lines.text());
  if (!head || head->kind != Line::Kind::kHeader) {
    nothing.finding = InFile(1, "this is no exported journal");
    return nothing;
  }
  if (options.keys.empty()) {
    auto key = note::VerifierKey::Parse(head->key);
    if (!key) {
      nothing.finding = InFile(1, key.error().message());
      return nothing;
    }
    options.keys.push_back(*std::move(key));
  }
  ASSIGN_OR_RETURN(Checker checker, Checker::Make(options));
  ReadErasures(lines, checker);
  lines.Rewind();
  lines.Next();
  FileVerifier verifier(checker, head->size);
  auto finding = ReadAll(lines, verifier);
  Report report = std::move(checker.report());
  report.finding = std::move(finding);
  return report;
}

}  // namespace stetig::journal
