// Paths and URIs from outside: what they mean to whoever decodes or joins them next. Pure
// functions; all are thread-safe and take any bytes.
#pragma once

#include <string_view>

namespace stetig {

/// Whether the path, percent-decoded until nothing changes, holds a ".." segment or a control
/// character, or does not come to rest. A backslash separates too: clients on Windows take it for a
/// slash.
bool LeavesItsFolder(std::string_view path);

/// Whether the path stays below whatever it is joined to, however often it is decoded: it does not
/// leave its folder, begins no place of its own ('/', '\', a drive "c:", "file:"), holds no '#' and
/// is UTF-8. Empty segments and "." pass.
bool IsSafeRelativePath(std::string_view path);

/// Whether the authority of a URI with this scheme names a host that a server or client would
/// connect to, as MLflow lists them (store/artifact/host_policy.py); in any case. mlflow-artifacts,
/// which names one only when it has an authority, is the caller's.
bool SchemeNamesHost(std::string_view scheme);

}  // namespace stetig
