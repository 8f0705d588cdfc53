#include "api/v1/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "api/errors.h"
#include "api/v1/table.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace stetig::api::v1 {
namespace {

constexpr size_t kMostDetail = 600;  // code points

/// A kind of problem: its title is the same each time (RFC 9457, section 3.1.3). docs/api.md lists
/// them with what to do.
struct Known {
  std::string_view code;
  std::string_view title;
};

constexpr Known kKnown[] = {
    // what is wrong with the request
    {"invalid_argument", "Invalid request"},
    {"bad_request", "Invalid request"},
    {"invalid_body", "Invalid body"},
    {"invalid_field", "Invalid value of a field"},
    {"missing_field", "Missing field"},
    {"unknown_field", "Unknown field"},
    {"invalid_parameter", "Invalid value of a parameter"},
    {"missing_parameter", "Missing parameter"},
    {"unknown_parameter", "Unknown parameter"},
    {"unexpected_body", "Body where none is expected"},
    {"invalid_if_match", "Invalid If-Match"},
    {"ambiguous_prefix", "Ambiguous begin of an id"},
    {"unsupported_media_type", "Unsupported media type"},
    {"invalid_name", "Invalid name of a file"},
    {"invalid_content_type", "Invalid content type of a file"},
    {"body_too_large", "Body too large"},
    {"uri_too_long", "Target too long"},
    {"headers_too_large", "Header fields too large"},
    {"request_timeout", "Request not complete in time"},
    // who asks
    {"unauthenticated", "Credentials missing or wrong"},
    {"permission_denied", "Not allowed to this role"},
    {"host_not_allowed", "Unknown name of the server"},
    {"cross_origin", "Change from another site"},
    // what it asks for
    {"not_found", "Not found"},
    {"record_not_found", "Record not found"},
    {"link_not_found", "Link not found"},
    {"attachment_not_found", "Attachment not found"},
    {"phase_not_found", "Phase not found"},
    {"other_kind", "Record of another kind"},
    {"method_not_allowed", "Method not allowed"},
    // what stands against it
    {"already_exists", "Already there"},
    {"key_taken", "Key taken"},
    {"aborted", "Conflict with another change"},
    {"revision_mismatch", "Changed meanwhile"},
    {"failed_precondition", "Refused by a rule"},
    {"idempotency_key_reused", "Idempotency key used for something else"},
    {"status_move", "No way between these statuses"},
    {"initial_status", "No status to begin with"},
    {"wip_limit", "Column of the board is full"},
    {"triage_missing", "Triage missing"},
    {"service_level_missing", "Service level missing"},
    {"project_not_empty", "Project not empty"},
    {"too_many_attachments", "Too many attachments"},
    // what the server cannot do now
    {"resource_exhausted", "Too many requests"},
    {"unavailable", "Not available now"},
    {"deadline_exceeded", "Not done in time"},
    {"disk_full", "Disk full"},
    {"unimplemented", "Not implemented"},
    {"internal", "Error of the server"},
    {"data_loss", "Damaged data"},
};

std::string_view TitleOf(std::string_view code, int http_status) {
  const auto known = std::ranges::find(kKnown, code, &Known::code);
  if (known != std::end(kKnown)) return known->title;
  return http_status >= 500 ? "Error of the server" : "Request refused";
}

/// The code of a refusal that knows only its HTTP status.
std::string_view CodeOf(int http_status) {
  switch (http_status) {
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 408:
      return "request_timeout";
    case 413:
      return "body_too_large";
    case 414:
      return "uri_too_long";
    case 415:
      return "unsupported_media_type";
    case 431:
      return "headers_too_large";
    case 501:
      return "unimplemented";
    case 503:
      return "unavailable";
    default:
      return http_status >= 500 ? "internal" : "bad_request";
  }
}

http::Response ProblemOf(int http_status, std::string_view code, std::string_view detail,
                         std::string_view request_id) {
  std::string body;
  JsonWriter json(&body);
  json.BeginObject();
  json.Field("type", fmt::format("https://stetig.dev/problems/{}", code));
  json.Field("title", TitleOf(code, http_status));
  json.Field("status", http_status);
  // Messages may repeat what came in: enough to find it, not all of it.
  const bool whole = CodePoints(detail) <= kMostDetail;
  json.Field("detail", whole ? std::string(detail)
                             : fmt::format("{}…", FirstCodePoints(detail, kMostDetail)));
  json.Field("code", code);
  json.Field("request_id", request_id);
  json.EndObject();
  http::Response response = http::Response::Json(http_status, std::move(body));
  response.headers.Set("Content-Type", "application/problem+json");
  if (http_status == 401)
    response.headers.Add("WWW-Authenticate", "Bearer, Basic realm=\"stetig\"");
  if (http_status == 429 || http_status == 503) response.headers.Add("Retry-After", "1");
  return response;
}

}  // namespace

http::Response ProblemOf(const Status& status, std::string_view request_id) {
  const int http_status = WireErrorOf(status).v1;
  const std::string_view code = status.detail().empty() ? CodeName(status.code()) : status.detail();
  http::Response response = ProblemOf(http_status, code, status.message(), request_id);
  if (http_status >= 500 || http_status == 401 || http_status == 403 || http_status == 429) {
    response.failure = status.ToString();
  }
  return response;
}

http::Response ProblemOf(int http_status, std::string_view detail, std::string_view request_id) {
  return ProblemOf(http_status, CodeOf(http_status), detail, request_id);
}

bool IsV1(std::string_view path) {
  return path.starts_with(kBase) && (path.size() == kBase.size() || path[kBase.size()] == '/');
}

}  // namespace stetig::api::v1
