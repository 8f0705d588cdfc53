// Names that come with files.
#pragma once

#include <string_view>

#include "base/status.h"

namespace stetig::planning {

/// A name that is a file's name on every system and shows as what it is: one segment of a path,
/// 1 to kMaxAttachmentName bytes of UTF-8, without control characters and characters that turn the
/// direction of writing, not "." or "..", no blank at either end, no '/', '\' or ':'. However often
/// it is decoded it leaves no folder. kInvalidArgument, detail invalid_name.
Status CheckAttachmentName(std::string_view name);

/// "type/subtype" with parameters, as a header says it (RFC 9110, section 8.3.1), at most 200
/// bytes. kInvalidArgument, detail invalid_content_type.
Status CheckContentType(std::string_view type);

}  // namespace stetig::planning
