// Questions to the trace graph.
#include <fmt/format.h>

#include <map>

#include "api/sight.h"
#include "api/v1/groups.h"
#include "base/text.h"
#include "planning/service.h"
#include "trace/layout.h"
#include "trace/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;
using trace::NodeRef;

json::Value RefOf(const NodeRef& ref) { return json::Object{{"type", ref.type}, {"id", ref.id}}; }

json::Object ToJson(const trace::Node& node) {
  auto attributes = json::Parse(node.attributes);
  return {{"type", node.ref.type},
          {"id", node.ref.id},
          {"title", node.title},
          {"status", node.status},
          {"project", node.project},
          {"deleted", node.deleted},
          {"first_seen", TimeOf(node.first_seen)},
          {"attributes", attributes ? std::move(*attributes) : json::Value(json::Object())}};
}

json::Object ToJson(const trace::Edge& edge) {
  json::Object object = {{"type", edge.type},
                         {"from", RefOf(edge.from)},
                         {"to", RefOf(edge.to)},
                         {"basis", trace::BasisName(edge.basis)},
                         {"rule", edge.rule},
                         {"evidence", edge.evidence},
                         {"valid_from", TimeOf(edge.valid_from)},
                         {"recorded_at", TimeOf(edge.recorded_at)},
                         {"seq", edge.seq}};
  if (edge.valid_to) object.emplace_back("valid_to", TimeOf(*edge.valid_to));
  return object;
}

json::Array EdgesOf(const std::vector<trace::Edge>& edges) {
  json::Array array;
  for (const trace::Edge& edge : edges) array.emplace_back(ToJson(edge));
  return array;
}

/// `as_of`: the state at that time as it was known then.
Result<trace::AsOf> AsOfParameter(const Call& call) {
  const std::string text = call.Query("as_of");
  if (text.empty()) return trace::AsOf();
  const auto time = ParseIso8601(text);
  if (!time) {
    return Err(Code::kInvalidArgument,
               fmt::format("parameter 'as_of' is '{}', expected a time like 2026-11-27T08:00:00Z",
                           FirstCodePoints(text, 80)),
               "invalid_parameter");
  }
  return trace::AsOf::At(*time);
}

/// Keys of planning's records become ids; everything else is an id already.
Task<NodeRef> Resolve(Context* context, access::Principal who, NodeRef ref, Deadline deadline) {
  if (planning::FindKind(ref.type) == nullptr) co_return ref;
  auto found = co_await context->planning.Get(who, ref.type, ref.id, deadline);
  // A deleted record still has its node.
  if (found) ref.id = found->id;
  co_return ref;
}

/// Where the nodes stand in a picture, from left to right along the edges.
Status AddLayout(const trace::TraceAnswer& answer, json::Array& nodes) {
  std::map<NodeRef, int> places;
  for (const auto& reached : answer.nodes) {
    places.emplace(reached.node.ref, static_cast<int>(places.size()));
  }
  std::vector<trace::LayoutEdge> edges;
  for (const trace::Edge& edge : answer.edges) {
    const auto from = places.find(edge.from);
    const auto to = places.find(edge.to);
    if (from != places.end() && to != places.end()) edges.push_back({from->second, to->second});
  }
  ASSIGN_OR_RETURN(const trace::Layout layout,
                   trace::ComputeLayout(static_cast<int>(answer.nodes.size()), edges));
  for (size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].Set("x", layout.nodes[i].x);
    nodes[i].Set("y", layout.nodes[i].y);
  }
  return OkStatus();
}

trace::Direction DirectionOf(const std::string& word) {
  return word == "forward"    ? trace::Direction::kForward
         : word == "backward" ? trace::Direction::kBackward
                              : trace::Direction::kBoth;
}

Task<Reply> Show(Call call) {
  ASSIGN_OR_CO_RETURN(const trace::AsOf as_of, AsOfParameter(call));
  auto resolved = co_await Resolve(&call.context, call.who, {call.Path("type"), call.Path("id")},
                                   call.deadline);
  ASSIGN_OR_CO_RETURN(NodeRef start, std::move(resolved));
  trace::TraceQuery query{.start = std::move(start),
                          .direction = DirectionOf(call.Query("direction")),
                          .max_depth = static_cast<int>(call.QueryInt("depth", 64)),
                          .edge_types = call.http->QueryAll("edge_type"),
                          .as_of = as_of,
                          .limit = static_cast<int>(call.QueryInt("limit", 100)),
                          .page_token = call.Query("page_token"),
                          .sight = SightOf(call.who)};
  auto traced = co_await call.context.trace.Trace(std::move(query), call.deadline);
  ASSIGN_OR_CO_RETURN(const trace::TraceAnswer answer, std::move(traced));
  json::Array nodes;
  for (const auto& reached : answer.nodes) {
    json::Object node = ToJson(reached.node);
    node.emplace_back("depth", reached.depth);
    nodes.emplace_back(std::move(node));
  }
  if (call.QueryFlag("layout")) CO_TRY(AddLayout(answer, nodes));
  json::Value body = ListBody(std::move(nodes), answer.next);
  body.Set("edges", EdgesOf(answer.edges));
  body.Set("complete", answer.edges_complete && !answer.cut);
  body.Set("applied_seq", answer.applied_seq);
  co_return Reply{.body = std::move(body), .etag = {}, .location = {}};
}

Task<Reply> Impact(Call call) {
  ASSIGN_OR_CO_RETURN(const trace::AsOf as_of, AsOfParameter(call));
  auto resolved = co_await Resolve(&call.context, call.who, {call.Path("type"), call.Path("id")},
                                   call.deadline);
  ASSIGN_OR_CO_RETURN(NodeRef start, std::move(resolved));
  trace::ImpactQuery query{.start = std::move(start), .as_of = as_of, .sight = SightOf(call.who)};
  auto found = co_await call.context.trace.FindImpact(std::move(query), call.deadline);
  ASSIGN_OR_CO_RETURN(const trace::Impact impact, std::move(found));
  json::Array groups;
  for (const trace::ImpactGroup& group : impact.groups) {
    json::Array first;
    for (const trace::Node& node : group.first) first.emplace_back(ToJson(node));
    groups.emplace_back(
        json::Object{{"type", group.type}, {"count", group.count}, {"first", std::move(first)}});
  }
  json::Value body = ListBody(std::move(groups), "");
  body.Set("complete", impact.complete);
  body.Set("applied_seq", impact.applied_seq);
  co_return Reply{.body = std::move(body), .etag = {}, .location = {}};
}

Task<Reply> Path(Call call) {
  ASSIGN_OR_CO_RETURN(const trace::AsOf as_of, AsOfParameter(call));
  auto one = co_await Resolve(&call.context, call.who,
                              {call.Query("from_type"), call.Query("from_id")}, call.deadline);
  ASSIGN_OR_CO_RETURN(NodeRef from, std::move(one));
  auto other = co_await Resolve(&call.context, call.who,
                                {call.Query("to_type"), call.Query("to_id")}, call.deadline);
  ASSIGN_OR_CO_RETURN(NodeRef to, std::move(other));
  trace::PathQuery query{.from = std::move(from),
                         .to = std::move(to),
                         .direction = DirectionOf(call.Query("direction")),
                         .as_of = as_of,
                         .sight = SightOf(call.who)};
  auto found = co_await call.context.trace.FindPath(std::move(query), call.deadline);
  ASSIGN_OR_CO_RETURN(const trace::Path path, std::move(found));
  json::Array nodes;
  for (const trace::Node& node : path.nodes) nodes.emplace_back(ToJson(node));
  json::Value body = ListBody(std::move(nodes), "");
  body.Set("edges", EdgesOf(path.edges));
  body.Set("complete", path.complete);
  co_return Reply{.body = std::move(body), .etag = {}, .location = {}};
}

/// The id of a project by its key; as it is where there is none.
Task<std::optional<std::string>> ProjectOf(Context* context, access::Principal who,
                                           std::string reference, Deadline deadline) {
  if (reference.empty()) co_return std::nullopt;
  auto found =
      co_await context->planning.Get(who, std::string(planning::kProject), reference, deadline);
  ASSIGN_OR_CO_RETURN(const planning::Record project, std::move(found));
  co_return project.id;
}

Task<Reply> Gaps(Call call) {
  ASSIGN_OR_CO_RETURN(const trace::AsOf as_of, AsOfParameter(call));
  auto named = co_await ProjectOf(&call.context, call.who, call.Query("project"), call.deadline);
  ASSIGN_OR_CO_RETURN(std::optional<std::string> project, std::move(named));
  trace::GapQuery query{.project = std::move(project),
                        .node_type = call.Query("type"),
                        .as_of = as_of,
                        .consequences = !call.QueryFlag("causes_only"),
                        .limit = static_cast<int>(call.QueryInt("limit", 100)),
                        .page_token = call.Query("page_token"),
                        .sight = SightOf(call.who)};
  auto found = co_await call.context.trace.FindGaps(std::move(query), call.deadline);
  ASSIGN_OR_CO_RETURN(const trace::GapPage page, std::move(found));
  json::Array items;
  for (const trace::Gap& gap : page.gaps) {
    json::Object item = {{"type", gap.node.type},
                         {"id", gap.node.id},
                         {"missing", gap.missing},
                         {"sentence", gap.sentence}};
    if (gap.because) {
      item.emplace_back("because", json::Object{{"type", gap.because->node.type},
                                                {"id", gap.because->node.id},
                                                {"missing", gap.because->missing}});
    }
    items.emplace_back(std::move(item));
  }
  co_return Reply{.body = ListBody(std::move(items), page.next), .etag = {}, .location = {}};
}

Property AsOfProperty() {
  return {.name = "as_of",
          .doc = "The state at that time, as it was known then.",
          .format = "date-time"};
}
Property DirectionProperty() {
  return {.name = "direction",
          .doc = "forward: what came of it; backward: what it came from (both).",
          .values = {"forward", "backward", "both"}};
}

std::vector<Schema> Shapes() {
  return {
      {.name = "TraceNode",
       .doc = "A thing of the trace graph.",
       .properties =
           {{.name = "type", .doc = "requirement, run, model_version, …", .required = true},
            {.name = "id", .doc = "Its id.", .required = true},
            {.name = "title", .doc = "Its name.", .required = true},
            {.name = "status", .doc = "Where it stands.", .required = true},
            {.name = "project", .doc = "Id of its project.", .required = true},
            {.name = "deleted",
             .type = Type::kBoolean,
             .doc = "Whether it is deleted.",
             .required = true},
            {.name = "first_seen",
             .doc = "When it was first heard of.",
             .required = true,
             .format = "date-time"},
            {.name = "attributes",
             .type = Type::kObject,
             .doc = "Facts about it.",
             .required = true},
            {.name = "depth", .type = Type::kInteger, .doc = "Edges from the start."},
            {.name = "x", .type = Type::kNumber, .doc = "Left side in the picture, with layout."},
            {.name = "y",
             .type = Type::kNumber,
             .doc = "Upper side in the picture, with layout."}}},
      {.name = "ImpactGroup",
       .doc = "How many things of a type came of it.",
       .properties =
           {{.name = "type", .doc = "Type of the things.", .required = true},
            {.name = "count", .type = Type::kInteger, .doc = "How many.", .required = true},
            {.name = "first",
             .type = Type::kAny,
             .doc = "The nearest of them.",
             .required = true}}},
      {.name = "Gap",
       .doc = "Something that should be there and is not.",
       .properties = {
           {.name = "type", .doc = "Type of what lacks it.", .required = true},
           {.name = "id", .doc = "Its id.", .required = true},
           {.name = "missing", .doc = "Name of the rule.", .required = true},
           {.name = "sentence", .doc = "The gap in words.", .required = true},
           {.name = "because", .type = Type::kObject, .doc = "The gap that explains this one."}}}};
}

Operation Question(std::string path, std::string verb, std::string summary, std::string answer,
                   Act act) {
  return {.method = Method::kGet,
          .path = std::move(path),
          .noun = "trace",
          .verb = std::move(verb),
          .summary = std::move(summary),
          .permission = "read in project",
          .query = {AsOfProperty()},
          .answer = std::move(answer),
          .list = true,
          .act = act};
}

}  // namespace

Group TraceGroup() {
  Group group;
  Operation show = Question("/trace/{type}/{id*}", "show",
                            "Shows what a thing came from and what came of it.", "TraceNode", Show);
  show.query.push_back(DirectionProperty());
  show.query.push_back({.name = "depth",
                        .type = Type::kInteger,
                        .doc = "Edges from the start at most (64).",
                        .least = 0,
                        .most = 1000});
  show.query.push_back(
      {.name = "edge_type", .type = Type::kStrings, .doc = "Only along these edges."});
  show.query.push_back(
      {.name = "layout", .type = Type::kBoolean, .doc = "Says where nodes stand in a picture."});
  for (Property& property : PageParameters()) show.query.push_back(std::move(property));
  show.shown = {"depth", "type", "id", "title", "status"};
  show.examples = {"trace show model_version churn/3 --direction backward",
                   "trace show requirement CHURN-1 --as-of 2026-11-01"};
  Operation impact = Question("/impact/{type}/{id*}", "impact",
                              "Counts what came of a thing, by type.", "ImpactGroup", Impact);
  impact.shown = {"type", "count"};
  impact.examples = {"trace impact dataset_version churn/5b0a3333"};
  Operation path =
      Question("/path", "path", "Shows a shortest way between two things.", "TraceNode", Path);
  path.query.push_back({.name = "from_type", .doc = "Type of the one end.", .required = true});
  path.query.push_back({.name = "from_id", .doc = "Its id or key.", .required = true});
  path.query.push_back({.name = "to_type", .doc = "Type of the other end.", .required = true});
  path.query.push_back({.name = "to_id", .doc = "Its id or key.", .required = true});
  path.query.push_back(DirectionProperty());
  path.shown = {"type", "id", "title", "status"};
  path.examples = {
      "trace path --from-type requirement --from-id CHURN-1 --to-type model_version --to-id "
      "churn/3"};
  Operation gaps = Question("/gaps", "gaps", "Lists what is missing in the chain.", "Gap", Gaps);
  gaps.query.push_back({.name = "project", .doc = "Key or id of the project; all if absent."});
  gaps.query.push_back({.name = "type", .doc = "Only of things of this type."});
  gaps.query.push_back({.name = "causes_only",
                        .type = Type::kBoolean,
                        .doc = "Without gaps that another explains."});
  for (Property& property : PageParameters()) gaps.query.push_back(std::move(property));
  gaps.shown = {"type", "id", "missing", "sentence"};
  gaps.examples = {"trace gaps --project CHURN"};
  group.operations = {std::move(show), std::move(impact), std::move(path), std::move(gaps)};
  group.schemas = Shapes();
  return group;
}

}  // namespace stetig::api::v1
