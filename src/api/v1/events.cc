// The journal as a list and as a live feed (server-sent events, WHATWG HTML section 9.2), both
// filtered and resumable by sequence number.
#include <fmt/format.h>

#include <utility>

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
  json::Array texts;
  for (const std::string& text : event.texts) texts.push_back(text);
  json::Array erased;
  for (const int place : event.erased) erased.push_back(static_cast<int64_t>(place));
  return json::Object{{"seq", event.seq},
                      {"time", TimeOf(event.time)},
                      {"project", event.project},
                      {"actor", event.actor},
                      {"kind", event.kind},
                      {"subject_type", event.subject.type},
                      {"subject_id", event.subject.id},
                      {"refs", std::move(refs)},
                      {"payload", Parsed(event.payload)},
                      {"texts", std::move(texts)},
                      {"erased", std::move(erased)},
                      {"request_id", event.request_id}};
}

journal::Filter FilterOf(const Call& call) {
  return {.kinds = call.http->QueryAll("kind"),
          .project = call.Query("project"),
          .actor = call.Query("actor"),
          .subject = {.type = call.Query("subject_type"), .id = call.Query("subject_id")}};
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
  auto read = co_await call.context.journal.Read(after, static_cast<int>(limit), FilterOf(call),
                                                 call.deadline);
  ASSIGN_OR_CO_RETURN(const std::vector<journal::Event> events, std::move(read));
  json::Array items;
  for (const journal::Event& event : events) items.push_back(ToJson(event));
  // A full page may be the last: the next one is empty then.
  const bool more = std::cmp_equal(items.size(), limit);
  co_return Reply{.body = ListBody(std::move(items), more ? std::to_string(events.back().seq) : ""),
                  .etag = {},
                  .location = {}};
}

/// Pulls events behind a sequence number; the connection asks for the next one when it has sent the
/// last.
class Feed final : public http::EventSource {
 public:
  Feed(journal::Journal& journal, journal::Filter filter, int64_t after)
      : journal_(journal), filter_(std::move(filter)), after_(after) {}

  Task<std::optional<Item>> Next(Deadline deadline) override {
    if (at_ == events_.size()) {
      auto read = co_await journal_.Wait(after_, kBatch, filter_, deadline);
      ASSIGN_OR_CO_RETURN(events_, std::move(read));
      at_ = 0;
      if (events_.empty()) co_return std::nullopt;
    }
    const journal::Event& event = events_[at_++];
    after_ = event.seq;
    co_return Item{
        .id = std::to_string(event.seq), .event = event.kind, .data = json::Dump(ToJson(event))};
  }

 private:
  journal::Journal& journal_;
  const journal::Filter filter_;
  int64_t after_;
  std::vector<journal::Event> events_;
  size_t at_ = 0;
};

/// Behind Last-Event-ID (a browser that comes back) or `after`; without either, from now on.
Task<http::Response> Watch(Call call) {
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
  response.body = std::make_unique<Feed>(call.context.journal, FilterOf(call), after);
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
                 .permission = "read",
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
                  .permission = "read",
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
           {.name = "actor", .doc = "Who did it.", .required = true},
           {.name = "kind", .doc = "What happened: run.finished.", .required = true},
           {.name = "subject_type", .doc = "Type of what it is about.", .required = true},
           {.name = "subject_id", .doc = "Its id.", .required = true},
           {.name = "refs",
            .type = Type::kAny,
            .doc = "[type, id] of what else it touches.",
            .required = true},
           {.name = "payload", .type = Type::kObject, .doc = "Details.", .required = true},
           {.name = "texts",
            .type = Type::kStrings,
            .doc = "Personal texts, which can be erased: then 'erased' stands in their place.",
            .required = true},
           {.name = "erased",
            .type = Type::kAny,
            .doc = "Places of what was erased: 0 the actor, n the n-th of texts.",
            .required = true},
           {.name = "request_id", .doc = "Names the request in the log.", .required = true}}});
  return group;
}

}  // namespace stetig::api::v1
