#include "api/guard.h"

#include "access/origin.h"
#include "api/browser.h"
#include "api/errors.h"
#include "api/v1/problem.h"

namespace stetig::api {
namespace {

bool ChangesState(http::Method method) {
  return method == http::Method::kPost || method == http::Method::kPut ||
         method == http::Method::kPatch || method == http::Method::kDelete;
}

/// In a project the use case has the last word; here it is enough to be allowed somewhere.
bool Allowed(const access::Principal& who, const access::Demand& demand) {
  if (!demand.in_project || !who.scope) return who.May(demand.capability);
  return ((access::CapabilitiesOf(who.role) | who.scope->somewhere) & who.limit)
      .Has(demand.capability);
}

/// MLflow answers these in plain text.
http::Response BrowserRefusal(const http::Request& request, const char* code, const char* text) {
  if (!v1::IsV1(request.path)) return http::Response::Text(403, text);
  return ErrorAnswer(Status(Code::kPermissionDenied, text, code), request);
}

/// Who asks: by the Authorization header, else by the session of a browser. A browser sends its
/// cookie by itself, so a change has to say which site it comes from.
Task<access::Principal> WhoAsks(Context* context, http::Request* request) {
  std::optional<std::string> authorization;
  if (auto header = request->headers.Get("Authorization")) authorization.emplace(*header);
  // Without a provider there are no sessions of ours: a cookie is of another server of this host.
  if (!authorization && context->sign_in != nullptr) {
    if (auto secret = FindCookie(context->options, *request, Cookie::kSession)) {
      if (ChangesState(request->method) && !request->headers.Get("Origin")) {
        co_return Err(Code::kPermissionDenied,
                      "a change by a browser's session has no Origin, expected this site",
                      "origin_missing");
      }
      co_return co_await context->sessions->Authenticate(*std::move(secret), request->request_id,
                                                         request->deadline);
    }
  }
  co_return co_await context->access.Authenticate(std::move(authorization), request->request_id,
                                                  request->deadline);
}

}  // namespace

io::Awaitable<std::optional<http::Response>> Guard(Context* context, const http::Route* route,
                                                   http::Request* request) {
  const access::Demand demand = access::ParseDemand(route->permission);
  if (demand.is_public) {
    co_return std::nullopt;
  }
  std::string_view host = request->headers.Get("Host").value_or("");
  if (!access::HostAllowed(host, context->options.allowed_hosts)) {
    co_return BrowserRefusal(*request, "host_not_allowed",
                             "Invalid Host header - possible DNS rebinding attack detected");
  }
  if (ChangesState(request->method) && !access::OriginAllowed(request->headers.Get("Origin"), host,
                                                              context->options.allowed_origins)) {
    co_return BrowserRefusal(*request, "cross_origin", "Cross-origin request blocked");
  }
  auto found = co_await WhoAsks(context, request);
  if (!found) {
    co_return ErrorAnswer(found.error(), *request);
  }
  found->needs = demand.capability;
  if (!Allowed(*found, demand)) {
    co_return ErrorAnswer(Status(Code::kPermissionDenied, access::DenialOf(*found)), *request);
  }
  request->caller = *std::move(found);
  co_return std::nullopt;
}

}  // namespace stetig::api
