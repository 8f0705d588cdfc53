// Names and content types of attachments: any bytes are taken or refused; what is taken is one
// segment of a path that stays below its folder, and one header field.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/paths.h"
#include "base/text.h"
#include "planning/names.h"
#include "planning/types.h"

namespace stetig::planning {
namespace {

void Run(std::string_view text) {
  const Status name = CheckAttachmentName(text);
  if (name.ok()) {
    CHECK(!text.empty() && text.size() <= kMaxAttachmentName && IsValidUtf8(text));
    CHECK(text.find_first_of("/\\:\n\r") == std::string_view::npos && !text.contains('\0'));
    CHECK(!LeavesItsFolder(text));
  } else {
    CHECK(name.code() == Code::kInvalidArgument && IsValidUtf8(name.message()));
  }
  const Status type = CheckContentType(text);
  if (type.ok()) {
    for (const char c : text) CHECK(c >= 0x20 && c < 0x7F);
  } else {
    CHECK(type.code() == Code::kInvalidArgument && IsValidUtf8(type.message()));
  }
}

}  // namespace
}  // namespace stetig::planning

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  stetig::planning::Run(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
