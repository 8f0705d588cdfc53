// Query strings and comma lists (RFC 9110 section 5.6). Percent-escapes and text without case:
// base/text.h.
#pragma once

#include <string>
#include <string_view>

namespace stetig::http {

/// Form decoding: '+' is a space, malformed escapes stay as they are.
std::string FormDecode(std::string_view text);
/// Without optional white space (OWS: spaces and tabs, no line breaks) at both ends.
std::string_view TrimOws(std::string_view text);
/// Takes the next element off a comma list, trimmed; false at its end. Empty elements are skipped.
bool NextListElement(std::string_view* list, std::string_view* element);

}  // namespace stetig::http
