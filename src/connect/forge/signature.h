// Whether a webhook comes from who holds the secret: HMAC-SHA256 over the body as it arrived.
#pragma once

#include <string_view>

#include "http/message.h"

namespace stetig::connect::forge {

/// Whether the body is signed with `secret` by X-Hub-Signature-256 ("sha256=" and hex) or, where
/// that is missing, X-Gitea-Signature (hex). False for a missing or repeated header, another
/// algorithm, an empty secret. Takes the same time wherever the signatures differ. Thread-safe.
bool SignatureFits(const http::Headers& headers, std::string_view body, std::string_view secret);

}  // namespace stetig::connect::forge
