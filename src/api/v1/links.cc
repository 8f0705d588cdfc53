// Operations on links.
#include <fmt/format.h>

#include <algorithm>

#include "api/sight.h"
#include "api/v1/groups.h"
#include "planning/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;

json::Value ToJson(const planning::Link& link) {
  json::Object object = {{"id", link.id},
                         {"type", link.type},
                         {"from_type", link.from.type},
                         {"from_id", link.from.id},
                         {"to_type", link.to.type},
                         {"to_id", link.to.id},
                         {"basis", link.basis},
                         {"rule", link.rule},
                         {"evidence", link.evidence},
                         {"suspect", link.suspect},
                         {"created_at", TimeOf(link.created)},
                         {"created_by", link.created_by}};
  if (link.ended) object.emplace_back("ended_at", TimeOf(*link.ended));
  return object;
}

std::optional<planning::Ref> EndOf(const Call& call, std::string_view which) {
  planning::Ref ref{.type = call.Query(fmt::format("{}_type", which)),
                    .id = call.Query(fmt::format("{}_id", which))};
  if (ref.type.empty() && ref.id.empty()) return std::nullopt;
  return ref;
}

Status CheckEnds(const planning::ListLinks& request) {
  for (const auto* end : {&request.from, &request.to}) {
    if (*end && ((*end)->type.empty() || (*end)->id.empty())) {
      return Err(Code::kInvalidArgument, "one end of a link is given by half, expected type and id",
                 "invalid_parameter");
    }
  }
  return OkStatus();
}

/// Whether an end that is no record (a run, a model) is hidden; planning sees to records. Whoever
/// made a link sees it: by their own words they learn nothing.
Task<std::vector<planning::Link>> DropHidden(Context* context, access::Principal who,
                                             std::vector<planning::Link> links, Deadline deadline) {
  if (!who.scope) co_return links;
  std::vector<journal::Ref> refs;
  for (const planning::Link& link : links) {
    refs.push_back({link.from.type, link.from.id});
    refs.push_back({link.to.type, link.to.id});
  }
  auto found = co_await FindHidden(context, who, std::move(refs), deadline);
  ASSIGN_OR_CO_RETURN(const HiddenThings hidden, std::move(found));
  std::erase_if(links, [&](const planning::Link& link) {
    return link.created_by != who.user && (hidden.contains({link.from.type, link.from.id}) ||
                                           hidden.contains({link.to.type, link.to.id}));
  });
  co_return links;
}

/// A page of the links that `who` sees, full unless it is the last: what is left out leaves no
/// trace in its length or its token.
Task<planning::Page<planning::Link>> SeenLinks(Context* context, access::Principal who,
                                               planning::ListLinks request, Deadline deadline) {
  const auto limit = static_cast<size_t>(request.limit);
  planning::Page<planning::Link> seen;
  for (;;) {
    // Once the page is full, one more seen link decides whether there is a next one.
    const bool full = seen.items.size() == limit;
    planning::ListLinks part = request;
    part.limit = full ? planning::kMaxPage : static_cast<int64_t>(limit - seen.items.size());
    auto listed = co_await context->planning.FindLinks(who, std::move(part), deadline);
    ASSIGN_OR_CO_RETURN(auto page, std::move(listed));
    if (!who.scope) co_return page;
    auto kept = co_await DropHidden(context, who, std::move(page.items), deadline);
    ASSIGN_OR_CO_RETURN(std::vector<planning::Link> links, std::move(kept));
    if (full) {
      if (!links.empty()) co_return seen;
    } else {
      std::ranges::move(links, std::back_inserter(seen.items));
      seen.next_page_token = page.next_page_token;
    }
    if (page.next_page_token.empty()) {
      seen.next_page_token.clear();
      co_return seen;
    }
    request.page_token = page.next_page_token;
  }
}

Task<Reply> List(Call call) {
  planning::ListLinks request{.project = call.Query("project"),
                              .from = EndOf(call, "from"),
                              .to = EndOf(call, "to"),
                              .type = call.Query("type"),
                              .suspect_only = call.QueryFlag("suspect"),
                              .ended_too = call.QueryFlag("ended"),
                              .limit = call.QueryInt("limit", 100),
                              .page_token = call.Query("page_token")};
  CO_TRY(CheckEnds(request));
  auto listed = co_await SeenLinks(&call.context, call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto page, std::move(listed));
  json::Array items;
  for (const planning::Link& link : page.items) items.push_back(ToJson(link));
  co_return Reply{
      .body = ListBody(std::move(items), page.next_page_token), .etag = {}, .location = {}};
}

Task<Reply> Add(Call call) {
  planning::NewLink request{.type = call.Text("type"),
                            .from = {.type = call.Text("from_type"), .id = call.Text("from_id")},
                            .to = {.type = call.Text("to_type"), .id = call.Text("to_id")},
                            .evidence = call.Text("evidence")};
  auto added = co_await call.context.planning.AddLink(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::Link link, std::move(added));
  co_return Reply{.body = ToJson(link), .etag = {}, .location = "/links/" + link.id};
}

/// The answer to a link that does not exist, when an end of this one is hidden.
Task<> RequireSeen(Context* context, access::Principal who, planning::Link link,
                   Deadline deadline) {
  const std::string id = link.id;
  std::vector<planning::Link> links;
  links.push_back(std::move(link));
  auto kept = co_await DropHidden(context, std::move(who), std::move(links), deadline);
  ASSIGN_OR_CO_RETURN(const std::vector<planning::Link> seen, std::move(kept));
  if (!seen.empty()) co_return OkStatus();
  co_return Status(Code::kNotFound, fmt::format("link '{}' not found", id), "link_not_found");
}

Task<Reply> Get(Call call) {
  auto found = co_await call.context.planning.GetLink(call.who, call.Path("id"), call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::Link link, std::move(found));
  CO_TRY(co_await RequireSeen(&call.context, call.who, link, call.deadline));
  co_return Reply{.body = ToJson(link), .etag = {}, .location = {}};
}

Task<> CheckSeen(Context* context, access::Principal who, std::string id, Deadline deadline) {
  if (!who.scope) co_return OkStatus();
  auto found = co_await context->planning.GetLink(who, std::move(id), deadline);
  ASSIGN_OR_CO_RETURN(planning::Link link, std::move(found));
  co_return co_await RequireSeen(context, std::move(who), std::move(link), deadline);
}

Task<Reply> Review(Call call) {
  CO_TRY(co_await CheckSeen(&call.context, call.who, call.Path("id"), call.deadline));
  auto done = co_await call.context.planning.ReviewLink(call.who, call.Path("id"), call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::Link link, std::move(done));
  co_return Reply{.body = ToJson(link), .etag = {}, .location = {}};
}

Task<Reply> End(Call call) {
  CO_TRY(co_await CheckSeen(&call.context, call.who, call.Path("id"), call.deadline));
  auto done = co_await call.context.planning.EndLink(call.who, call.Path("id"), call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::Link link, std::move(done));
  co_return Reply{.body = ToJson(link), .etag = {}, .location = {}};
}

Property TypeProperty(bool required) {
  Property type{.name = "type", .doc = "", .required = required};
  for (const planning::LinkTypeDef& def : planning::LinkTypes()) {
    type.values.emplace_back(def.name);
    type.doc += fmt::format("{}{}: {}", type.doc.empty() ? "" : "; ", def.name, def.doc);
  }
  return type;
}

std::vector<Property> Ends(bool required) {
  return {
      {.name = "from_type", .doc = "Type of the one end: task, run, commit.", .required = required},
      {.name = "from_id", .doc = "Its id or key.", .required = required},
      {.name = "to_type", .doc = "Type of the other end.", .required = required},
      {.name = "to_id", .doc = "Its id or key.", .required = required}};
}

Schema LinkSchema() {
  Schema schema{.name = "Link",
                .doc = "A typed, dated statement that two things belong together.",
                .properties = {}};
  schema.properties.push_back({.name = "id", .doc = "ULID.", .required = true});
  schema.properties.push_back(TypeProperty(/*required=*/true));
  for (Property& end : Ends(/*required=*/true)) schema.properties.push_back(std::move(end));
  for (Property& property : std::vector<Property>{
           {.name = "basis",
            .doc = "Who says so: a person (asserted), a rule (derived), a digest (verified).",
            .required = true,
            .values = {"asserted", "derived", "verified"}},
           {.name = "rule", .doc = "Of a derived link: which rule."},
           {.name = "evidence", .doc = "What it rests on."},
           {.name = "suspect",
            .type = Type::kBoolean,
            .doc = "What it leads to has changed since it was reviewed.",
            .required = true},
           {.name = "created_at",
            .doc = "When it was made.",
            .required = true,
            .format = "date-time"},
           {.name = "created_by", .doc = "Who made it.", .required = true},
           {.name = "ended_at",
            .doc = "When it ended; absent while it holds.",
            .format = "date-time"}}) {
    schema.properties.push_back(std::move(property));
  }
  return schema;
}

Operation OnOne(Method method, std::string path, std::string verb, std::string summary, Act act) {
  Operation operation{.method = method,
                      .path = std::move(path),
                      .noun = "link",
                      .verb = std::move(verb),
                      .summary = std::move(summary),
                      .permission = method == Method::kGet ? "read in project" : "write in project",
                      .answer = "Link",
                      .act = act};
  operation.examples = {fmt::format("link {} 01JDN3QZ8W", operation.verb)};
  return operation;
}

}  // namespace

Group LinkGroup() {
  Group group;
  Operation list{.method = Method::kGet,
                 .path = "/links",
                 .noun = "link",
                 .verb = "list",
                 .summary = "Lists links.",
                 .permission = "read in project",
                 .query = PageParameters(),
                 .answer = "Link",
                 .list = true,
                 .shown = {"id", "type", "from_type", "from_id", "to_type", "to_id", "suspect"},
                 .examples = {"link list --project CHURN --suspect true",
                              "link list --to-type requirement --to-id CHURN-1"},
                 .act = List};
  for (Property& end : Ends(/*required=*/false)) list.query.push_back(std::move(end));
  list.query.push_back(TypeProperty(/*required=*/false));
  list.query.push_back({.name = "project", .doc = "Key or id of the project; all if absent."});
  list.query.push_back({.name = "suspect", .type = Type::kBoolean, .doc = "Only suspect links."});
  list.query.push_back({.name = "ended", .type = Type::kBoolean, .doc = "Ended links too."});
  list.query.push_back(FieldsParameter());
  Operation add{
      .method = Method::kPost,
      .path = "/links",
      .noun = "link",
      .verb = "add",
      .summary = "Links two things; one that is there already is answered as it is.",
      .permission = "write in project",
      .body_schema = "NewLink",
      .answer = "Link",
      .examples = {"link add --type implements --from-type task --from-id CHURN-2 --to-type "
                   "requirement --to-id CHURN-1"},
      .act = Add};
  add.body.push_back(TypeProperty(/*required=*/true));
  for (Property& end : Ends(/*required=*/true)) add.body.push_back(std::move(end));
  add.body.push_back({.name = "evidence", .doc = "What it rests on, in words or as a URI."});
  group.operations = {
      std::move(list), std::move(add),
      OnOne(Method::kGet, "/links/{id}", "get", "Shows one link.", Get),
      OnOne(Method::kPost, "/links/{id}/review", "review",
            "Says that somebody has looked: the link is no longer suspect.", Review),
      OnOne(Method::kPost, "/links/{id}/end", "end", "Ends a link; it stays in the history.", End)};
  group.schemas = {LinkSchema()};
  return group;
}

}  // namespace stetig::api::v1
