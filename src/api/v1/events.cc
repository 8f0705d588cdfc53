// The journal as a list and as a live feed (server-sent events, WHATWG HTML section 9.2), both
// filtered and resumable by sequence number.
#include <fmt/format.h>

#include <utility>

#include "api/sight.h"
#include "api/v1/groups.h"
#include "base/text.h"
#include "journal/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;

constexpr int kBatch = 100;

json::Value Parsed(const std::string& payload) {
  auto value = json::Parse(payload);
  return value ? std::move(*value) : json::Value(json::Object());
}

json::Value ToJson(const journal::Event& event) {
  json::Array refs;
  for (const journal::Ref& ref : event.refs) refs.push_back(json::Array{ref.type, ref.id});
  return json::Object{{"seq", event.seq},
                      {"time", TimeOf(event.time)},
                      {"project", event.project},
                      {"actor", event.actor},
                      {"kind", event.kind},
                      {"subject_type", event.subject.type},
                      {"subject_id", event.subject.id},
                      {"refs", std::move(refs)},
                      {"payload", Parsed(event.payload)},
                      {"request_id", event.request_id}};
}

journal::Filter FilterOf(const Call& call) {
  return {.kinds = call.http->QueryAll("kind"),
          .project = call.Query("project"),
          .actor = call.Query("actor"),
          .subject = {.type = call.Query("subject_type"), .id = call.Query("subject_id")}};
}

/// Only auditors, and everybody where the server says so, may ask what somebody else did.
Task<> CheckActor(Context* context, access::Principal who, std::string actor, Deadline deadline) {
  if (actor.empty() || actor == who.user) co_return OkStatus();
  auto shown = co_await ShowsOthers(context, std::move(who), deadline);
  ASSIGN_OR_CO_RETURN(const bool others, std::move(shown));
  if (others) co_return OkStatus();
  co_return Status(Code::kPermissionDenied,
                   "what a person did is shown to themself and to auditors only: 'actor' can be "
                   "your own name alone",
                   "activity_hidden");
}

Task<Reply> List(Call call) {
  const int64_t limit = call.QueryInt("limit", 100);
  int64_t after = call.QueryInt("after", 0);
  if (const std::string token = call.Query("page_token"); !token.empty()) {
    const auto seq = ParseInt64(token);
    if (!seq || *seq < 0) {
      co_return Err(Code::kInvalidArgument,
                    fmt::format("page_token is '{}', expected the next_page_token of a page",
                                FirstCodePoints(token, 80)),
                    "invalid_parameter");
    }
    after = *seq;
  }
  CO_TRY(co_await CheckActor(&call.context, call.who, call.Query("actor"), call.deadline));
  // A page is full unless it is the last, so that what is left out does not show in its length.
  json::Array items;
  int64_t last = after;
  for (bool more = true; more && std::cmp_less(items.size(), limit);) {
    const int64_t wanted = limit - std::ssize(items);
    auto read = co_await call.context.journal.Read(last, static_cast<int>(wanted), FilterOf(call),
                                                   call.http->FreshDeadline());
    ASSIGN_OR_CO_RETURN(std::vector<journal::Event> events, std::move(read));
    more = std::ssize(events) == wanted;
    if (!events.empty()) last = events.back().seq;
    auto kept = co_await SeenEvents(&call.context, call.who, std::move(events), call.deadline);
    ASSIGN_OR_CO_RETURN(const std::vector<journal::Event> seen, std::move(kept));
    for (const journal::Event& event : seen) items.push_back(ToJson(event));
  }
  // A full page may be the last: the next one is empty then.
  const bool full = std::cmp_equal(items.size(), limit);
  co_return Reply{.body = ListBody(std::move(items), full ? std::to_string(last) : ""),
                  .etag = {},
                  .location = {}};
}

/// Pulls events behind a sequence number; the connection asks for the next one when it has sent the
/// last.
/// What the reader may see is looked at again with every batch.
class Feed final : public http::EventSource {
 public:
  Feed(Context& context, access::Principal who, journal::Filter filter, int64_t after)
      : context_(context), who_(std::move(who)), filter_(std::move(filter)), after_(after) {}

  Task<std::optional<Item>> Next(Deadline deadline) override {
    while (at_ == events_.size()) {
      auto read = co_await context_.journal.Wait(after_, kBatch, filter_, deadline);
      ASSIGN_OR_CO_RETURN(std::vector<journal::Event> events, std::move(read));
      if (events.empty()) co_return std::nullopt;
      after_ = events.back().seq;
      auto renewed = co_await context_.access.Renew(who_, deadline);
      ASSIGN_OR_CO_RETURN(who_, std::move(renewed));
      if (!filter_.actor.empty()) {
        CO_TRY(co_await CheckActor(&context_, who_, filter_.actor, deadline));
      }
      auto kept = co_await SeenEvents(&context_, who_, std::move(events), deadline);
      ASSIGN_OR_CO_RETURN(events_, std::move(kept));
      at_ = 0;
    }
    const journal::Event& event = events_[at_++];
    co_return Item{
        .id = std::to_string(event.seq), .event = event.kind, .data = json::Dump(ToJson(event))};
  }

 private:
  Context& context_;
  access::Principal who_;
  const journal::Filter filter_;
  int64_t after_;
  std::vector<journal::Event> events_;
  size_t at_ = 0;
};

/// Behind Last-Event-ID (a browser that comes back) or `after`; without either, from now on.
Task<http::Response> Watch(Call call) {
  CO_TRY(co_await CheckActor(&call.context, call.who, call.Query("actor"), call.deadline));
  int64_t after = call.QueryInt("after", -1);
  if (const auto last = call.http->headers.Get("Last-Event-ID")) {
    const auto seq = ParseInt64(*last);
    if (!seq) {
      co_return Err(Code::kInvalidArgument,
                    fmt::format("Last-Event-ID is '{}', expected a sequence number",
                                FirstCodePoints(*last, 80)),
                    "invalid_parameter");
    }
    after = *seq;
  }
  if (after < 0) {
    auto head = co_await call.context.journal.Head(call.deadline);
    ASSIGN_OR_CO_RETURN(after, std::move(head));
  }
  http::Response response;
  response.body = std::make_unique<Feed>(call.context, call.who, FilterOf(call), after);
  co_return response;
}

std::vector<Property> FilterParameters() {
  return {{.name = "after",
           .type = Type::kInteger,
           .doc = "Only events behind this sequence number.",
           .least = 0},
          {.name = "kind",
           .type = Type::kStrings,
           .doc = "Kind, or run.* for all that begin so; may be given several times."},
          {.name = "project", .doc = "Id of a project."},
          {.name = "actor", .doc = "User name."},
          {.name = "subject_type", .doc = "Type of what it is about: run."},
          {.name = "subject_id", .doc = "Its id; needs subject_type."}};
}

}  // namespace

Group EventGroup() {
  Group group;
  Operation list{.method = Method::kGet,
                 .path = "/journal",
                 .noun = "event",
                 .verb = "list",
                 .summary = "Lists events of the journal in order.",
                 .permission = "read in project",
                 .query = FilterParameters(),
                 .answer = "Event",
                 .list = true,
                 .shown = {"seq", "time", "actor", "kind", "subject_type", "subject_id"},
                 .examples = {"event list --kind 'requirement.*' --limit 20"},
                 .act = List};
  const std::vector<Property> page = PageParameters();
  list.query.insert(list.query.begin(), page.begin(), page.end());
  list.query.push_back(FieldsParameter());
  Operation watch{.method = Method::kGet,
                  .path = "/events",
                  .noun = "event",
                  .verb = "watch",
                  .summary = "Sends events as they happen (server-sent events, resumable by id).",
                  .permission = "read in project",
                  .query = FilterParameters(),
                  .examples = {"event watch --kind 'run.*'"},
                  .act_raw = Watch};
  group.operations = {std::move(list), std::move(watch)};
  group.schemas.push_back(
      {.name = "Event",
       .doc = "One entry of the journal.",
       .properties = {
           {.name = "seq",
            .type = Type::kInteger,
            .doc = "1, 2, 3 … without gaps.",
            .required = true},
           {.name = "time", .doc = "When it happened.", .required = true, .format = "date-time"},
           {.name = "project", .doc = "Id of the project; empty: of all.", .required = true},
           {.name = "actor", .doc = "Who did it; empty: not shown to you.", .required = true},
           {.name = "kind", .doc = "What happened: run.finished.", .required = true},
           {.name = "subject_type", .doc = "Type of what it is about.", .required = true},
           {.name = "subject_id", .doc = "Its id.", .required = true},
           {.name = "refs",
            .type = Type::kAny,
            .doc = "[type, id] of what else it touches.",
            .required = true},
           {.name = "payload", .type = Type::kObject, .doc = "Details.", .required = true},
           {.name = "request_id", .doc = "Names the request in the log.", .required = true}}});
  return group;
}

}  // namespace stetig::api::v1
