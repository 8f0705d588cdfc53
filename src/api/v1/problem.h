// Errors of API v1: RFC 9457 problem details, "application/problem+json".
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "http/message.h"

namespace stetig::api::v1 {

/// {"type": "https://stetig.dev/problems/CODE", "title", "status", "detail", "code", "request_id"}.
/// `code` is stable: the status's detail word, else the name of its code; `title` belongs to it.
http::Response ProblemOf(const Status& status, std::string_view request_id);

/// The same for a refusal that has no Status of its own (unknown path, wrong method, …): the code
/// follows from the HTTP status.
http::Response ProblemOf(int http_status, std::string_view detail, std::string_view request_id);

/// Every code that has a title of its own.
std::vector<std::string_view> KnownProblems();

/// Whether the answer to this path speaks this dialect.
bool IsV1(std::string_view path);

}  // namespace stetig::api::v1
