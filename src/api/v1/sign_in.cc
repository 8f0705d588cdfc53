// Operations about signing in: what is offered, and the sessions of browsers.
#include "access/sessions.h"
#include "api/browser.h"
#include "api/v1/groups.h"
#include "base/ids.h"

namespace stetig::api::v1 {
namespace {

using http::Method;

constexpr int64_t kPage = 100;

Task<Reply> OfferOf(Call call) {
  json::Object body = {{"provider", call.context.sign_in != nullptr}};
  if (call.context.sign_in != nullptr) {
    body.emplace_back("issuer", call.context.sign_in->provider().options().issuer);
    body.emplace_back("start", "/api/v1/sign-in");
  }
  co_return Reply{.body = std::move(body), .etag = {}, .location = {}};
}

json::Object SessionOf(const access::Session& session) {
  return {{"id", session.id},
          {"user", session.user},
          {"way", session.way},
          {"address", session.address},
          {"agent", session.agent},
          {"created", TimeOf(session.created)},
          {"used", TimeOf(session.used)},
          {"expires", TimeOf(session.expires)}};
}

/// Whose sessions the caller may see and end; empty: everybody's.
std::string WhoseOf(const Call& call) {
  return call.who.May(access::Capability::kAdmin) ? std::string() : call.who.user;
}

Task<Reply> List(Call call) {
  json::Array items;
  std::string next;
  std::string before = call.Query("page_token");
  if (!before.empty() && !IsUlid(before)) {
    co_return Err(Code::kInvalidArgument, "parameter 'page_token' is none of ours",
                  "invalid_parameter");
  }
  if (call.context.sessions != nullptr) {
    const auto limit = static_cast<size_t>(call.QueryInt("limit", kPage));
    std::string whose = call.QueryFlag("everybody") ? WhoseOf(call) : call.who.user;
    auto listed = co_await call.context.sessions->List(
        std::move(whose), std::move(before), static_cast<int64_t>(limit) + 1, call.deadline);
    ASSIGN_OR_CO_RETURN(std::vector<access::Session> sessions, std::move(listed));
    if (sessions.size() > limit) {
      sessions.resize(limit);
      next = sessions.back().id;
    }
    for (const access::Session& session : sessions) items.push_back(SessionOf(session));
  }
  co_return Reply{.body = ListBody(std::move(items), next), .etag = {}, .location = {}};
}

Task<Reply> End(Call call) {
  if (call.context.sessions == nullptr) {
    co_return Err(Code::kNotFound, "there are no sessions here", "no_such_session");
  }
  std::string whose = WhoseOf(call);
  CO_TRY(co_await call.context.sessions->End(call.who, call.Path("session"), std::move(whose),
                                             call.deadline));
  co_return Reply{};
}

}  // namespace

Group SignInGroup() {
  Group group;
  group.operations.push_back({.method = Method::kGet,
                              .path = "/sign-in/options",
                              .noun = "sign-in",
                              .verb = "options",
                              .summary = "Says how one may sign in.",
                              .permission = "public",
                              .answer = "SignInOptions",
                              .examples = {"sign-in options"},
                              .act = OfferOf});
  group.operations.push_back(
      {.method = Method::kGet,
       .path = "/sessions",
       .noun = "session",
       .verb = "list",
       .summary = "Lists the sessions of browsers: your own, newest first.",
       .permission = "read",
       .query = {{.name = "everybody",
                  .type = Type::kBoolean,
                  .doc = "Those of all users; for admins, others get their own."}},
       .answer = "Session",
       .list = true,
       .shown = {"id", "user", "way", "address", "used", "expires"},
       .examples = {"session list", "session list --everybody true -o json"},
       .act = List});
  group.operations.push_back({.method = Method::kDelete,
                              .path = "/sessions/{session}",
                              .noun = "session",
                              .verb = "end",
                              .summary = "Ends a session: your own, or any for admins.",
                              .permission = "read",
                              .examples = {"session end 01JDQ3V5Y8R7M2K4N6P9S1T3W5"},
                              .act = End});
  std::vector<Property>& query = group.operations[1].query;
  const std::vector<Property> page = PageParameters();
  query.insert(query.end(), page.begin(), page.end());
  query.push_back(FieldsParameter());
  group.schemas.push_back(
      {.name = "SignInOptions",
       .doc = "How one may sign in, beside passwords and tokens.",
       .properties = {
           {.name = "provider",
            .type = Type::kBoolean,
            .doc = "Whether there is an OpenID provider.",
            .required = true},
           {.name = "issuer", .doc = "Which one."},
           {.name = "start", .doc = "Where a browser begins; takes return_to, a path of ours."}}});
  group.schemas.push_back(
      {.name = "Session",
       .doc = "A browser that has signed in.",
       .properties = {
           {.name = "id", .doc = "Its handle.", .required = true},
           {.name = "user", .doc = "Who signed in.", .required = true},
           {.name = "way", .doc = "How: oidc.", .required = true},
           {.name = "address", .doc = "From where.", .required = true},
           {.name = "agent", .doc = "With which browser.", .required = true},
           {.name = "created", .doc = "When it began.", .required = true, .format = "date-time"},
           {.name = "used",
            .doc = "When it was last used, to the minute.",
            .required = true,
            .format = "date-time"},
           {.name = "expires",
            .doc = "When it ends at the latest.",
            .required = true,
            .format = "date-time"}}});
  return group;
}

}  // namespace stetig::api::v1
