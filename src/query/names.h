// Names that clients give to keys, and the texts in which MLflow refuses them: shared by tracking
// and the registry. Lengths count Unicode code points. Every Status here is OK or kInvalidArgument.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace stetig::query {

/// Python's `json.dumps(text)`: in double quotes, everything beyond ASCII escaped. `text` is UTF-8.
std::string PythonJson(std::string_view text);
/// Python's `repr(text)`: in single quotes, unless it holds one and no double quote.
std::string PythonRepr(std::string_view text);

/// Whether every code point is one of Python's `\w` or of `others` (ASCII).
bool HasOnlyWordCharactersAnd(std::string_view others, std::string_view text);
/// Python's posixpath.normpath.
std::string NormalPath(std::string_view path);

/// Whether CheckKey passes; for many keys, whose names in the request cost something to make.
bool IsKey(std::string_view key);
/// The characters of a key of a metric, param or tag, then the form of a normal path. `parameter`:
/// its name in the request.
Status CheckKey(std::string_view key, std::string_view parameter);
/// Only that it is a normal path: a name that could be a file's and must not mean another one.
Status CheckNormalPath(std::string_view name, std::string_view parameter);
/// "'<what>' exceeds the maximum length of <limit> characters" when it does.
Status CheckLength(std::string_view what, size_t limit, std::string_view text);

}  // namespace stetig::query
