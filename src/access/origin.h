// Guards against a browser being used against the server: DNS rebinding (Host) and cross-site
// requests (Origin). Pure functions; src/api plugs them in front of every route.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stetig::access {

/// Whether a Host header's value may be served. `allowed` holds extra host names ("ml.example.org",
/// "*.example.org", "*"). Always allowed, as MLflow does: localhost, loopback and private address
/// literals (RFC 1918, RFC 4193, link local), with any port.
bool HostAllowed(std::string_view host, const std::vector<std::string>& allowed);

/// Whether a state-changing request with this Origin header may run: no Origin (no browser), the
/// same host and port as Host, a loopback origin, or one listed in `allowed`
/// ("https://ui.example.org" or "*"). "null" is refused.
bool OriginAllowed(std::optional<std::string_view> origin, std::string_view host,
                   const std::vector<std::string>& allowed);

}  // namespace stetig::access
