// Lines of an exported journal and signed notes: any bytes give a value or kInvalidArgument; an
// entry that was read is written as a line that reads as the same entry.
#include <cstdint>
#include <sstream>
#include <string_view>

#include "base/check.h"
#include "journal/export_line.h"
#include "journal/note.h"
#include "journal/verify.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stetig;
  using namespace stetig::journal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = line::Read(text);
  if (!read) {
    CHECK(read.error().code() == Code::kInvalidArgument);
  } else if (read->kind == line::Line::Kind::kEvent) {
    const std::string written = line::Write(read->entry);
    const auto again = line::Read(std::string_view(written).substr(0, written.size() - 1));
    CHECK(again.has_value() && line::Write(again->entry) == written &&
          HashLeaf(again->entry) == HashLeaf(read->entry));
  }
  const auto checkpoint = note::Read(text);
  CHECK(checkpoint.has_value() || checkpoint.error().code() == Code::kInvalidArgument);
  const auto key = note::VerifierKey::Parse(text);
  CHECK(!key || note::VerifierKey::Parse(key->Text())->id() == key->id());
  std::istringstream file{std::string(text)};
  const auto report = VerifyFile(file, {});
  CHECK(!report || report->finding || report->entries >= 0);
  return 0;
}
