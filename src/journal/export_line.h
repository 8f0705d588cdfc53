// The lines of an exported journal (docs/formats/journal-export.md). Pure functions; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "journal/entry.h"
#include "journal/proof_repository.h"

namespace stetig::journal::line {

/// Most bytes of a line that is read.
inline constexpr size_t kMaxBytes = size_t{64} << 20;

/// Each with its line break.
std::string Header(std::string_view key, int64_t size);
std::string Write(const Entry& entry);
std::string Write(const repository::StoredCheckpoint& checkpoint);
std::string End(int64_t size);

/// What a line holds, by its kind; the rest is empty.
struct Line {
  enum class Kind : unsigned char { kHeader, kEvent, kCheckpoint, kEnd };
  Kind kind = Kind::kEnd;
  std::string key;   ///< of the header
  int64_t size = 0;  ///< of header and end
  Entry entry;
  repository::StoredCheckpoint checkpoint;
};
/// `text` without its line break. kInvalidArgument: no such line; the message names the field.
Result<Line> Read(std::string_view text);

}  // namespace stetig::journal::line
