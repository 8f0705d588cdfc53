// Operations on the phases of CRISP-DM and the maturity page.
#include <fmt/format.h>

#include <algorithm>

#include "api/v1/groups.h"
#include "planning/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;

/// What asserted evidence alone has is left out where it is empty.
json::Object ToJson(const planning::EvidenceItem& item) {
  json::Object object = {{"type", item.ref.type},       {"id", item.ref.id},
                         {"title", item.title},         {"status", item.status},
                         {"since", TimeOf(item.since)}, {"basis", item.basis}};
  const std::pair<const char*, const std::string*> others[] = {
      {"joined", &item.joined}, {"note", &item.note}, {"by", &item.by}, {"link", &item.link}};
  for (const auto& [name, text] : others) {
    if (!text->empty()) object.emplace_back(name, *text);
  }
  return object;
}

json::Value ToJson(const planning::PhaseState& state) {
  json::Object object = {{"phase", state.name},        {"title", state.title},
                         {"status", state.status},     {"note", state.note},
                         {"asserted", state.asserted}, {"derived", state.derived}};
  if (state.updated) {
    object.emplace_back("updated_at", TimeOf(*state.updated));
    object.emplace_back("updated_by", state.updated_by);
  }
  return object;
}

std::string_view StateName(planning::BoxState state) {
  switch (state) {
    case planning::BoxState::kTicked:
      return "ticked";
    case planning::BoxState::kOpen:
      return "open";
    case planning::BoxState::kNotRecorded:
      return "not_recorded";
  }
  return "";
}

json::Value ToJson(const planning::MaturityBox& box) {
  json::Array evidence;
  for (const planning::EvidenceItem& item : box.evidence) evidence.emplace_back(ToJson(item));
  const bool missing = box.state == planning::BoxState::kNotRecorded;
  return json::Object{{"level", box.level},
                      {"box", box.id},
                      {"group", box.group},
                      {"title", box.title},
                      {"state", StateName(box.state)},
                      {"remark", missing ? fmt::format("not recorded yet: {}", box.missing) : ""},
                      {"optional", box.optional},
                      {"count", box.count},
                      {"evidence", std::move(evidence)},
                      {"source", box.source}};
}

Task<Reply> List(Call call) {
  auto listed =
      co_await call.context.planning.ListPhases(call.who, call.Path("project"), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto states, std::move(listed));
  json::Array items;
  for (const planning::PhaseState& state : states) items.push_back(ToJson(state));
  co_return Reply{.body = ListBody(std::move(items), ""), .etag = {}, .location = {}};
}

Task<Reply> Set(Call call) {
  planning::SetPhase request{
      .project = call.Path("project"), .phase = call.Path("phase"), .status = {}, .note = {}};
  for (const auto& [name, value] : call.body) {
    (name == "status" ? request.status : request.note) = *value.AsString();
  }
  auto changed =
      co_await call.context.planning.ChangePhase(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::PhaseState state, std::move(changed));
  co_return Reply{.body = ToJson(state), .etag = {}, .location = {}};
}

Task<Reply> Evidence(Call call) {
  auto listed = co_await call.context.planning.ListPhaseEvidence(call.who, call.Path("project"),
                                                                 call.Path("phase"), call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::PhaseEvidence evidence, std::move(listed));
  json::Array items;
  for (const planning::EvidenceItem& item : evidence.items) items.emplace_back(ToJson(item));
  json::Value body = ListBody(std::move(items), "");
  body.Set("complete", evidence.complete);
  body.Set("applied_seq", evidence.applied_seq);
  co_return Reply{.body = std::move(body), .etag = {}, .location = {}};
}

Task<Reply> Assert(Call call) {
  planning::NewPhaseEvidence request{.project = call.Path("project"),
                                     .phase = call.Path("phase"),
                                     .thing = {.type = call.Text("type"), .id = call.Text("id")},
                                     .note = call.Text("note")};
  auto added = co_await call.context.planning.AssertPhaseEvidence(call.who, std::move(request),
                                                                  call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::Link link, std::move(added));
  planning::EvidenceItem item{.ref = link.from,
                              .title = {},
                              .status = {},
                              .since = link.created,
                              .basis = link.basis,
                              .joined = {},
                              .note = link.evidence,
                              .by = link.created_by,
                              .link = link.id};
  co_return Reply{.body = ToJson(item), .etag = {}, .location = {}};
}

Task<Reply> Maturity(Call call) {
  auto found =
      co_await call.context.planning.GetMaturity(call.who, call.Path("project"), call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::Maturity maturity, std::move(found));
  json::Array items;
  for (const planning::MaturityBox& box : maturity.boxes) items.push_back(ToJson(box));
  json::Value body = ListBody(std::move(items), "");
  body.Set("project", maturity.project);
  body.Set("reached", maturity.level ? json::Value(*maturity.level) : json::Value());
  body.Set("complete", maturity.complete);
  body.Set("applied_seq", maturity.applied_seq);
  co_return Reply{.body = std::move(body), .etag = {}, .location = {}};
}

Property Text(std::string name, std::string doc, bool required = true, std::string format = "") {
  return {.name = std::move(name),
          .doc = std::move(doc),
          .required = required,
          .format = std::move(format)};
}

Property Typed(Property property, Type type) {
  property.type = type;
  return property;
}

Property StatusProperty(bool required) {
  Property status = Text("status", "Where the project stands in it.", required);
  status.values = {"open", "active", "done"};
  return status;
}

std::vector<Schema> SchemasOfPhases() {
  Schema phase{
      .name = "Phase",
      .doc = "A phase of CRISP-DM in a project.",
      .properties = {
          Text("phase", "Its name: data_understanding."), Text("title", "Its name in words."),
          StatusProperty(true), Text("note", "What its people say."),
          Typed(Text("asserted", "Things that people named as its evidence."), Type::kInteger),
          Typed(Text("derived", "Things that rules found in the trace graph."), Type::kInteger),
          Text("updated_at", "When status or note were set.", false, "date-time"),
          Text("updated_by", "Who set them.", false)}};
  Property basis = Text("basis", "Who says so: a person, a rule, a digest.");
  basis.values = {"asserted", "derived", "verified"};
  Schema evidence{
      .name = "Evidence",
      .doc = "Something recorded that speaks for a phase or a box.",
      .properties = {
          Text("type", "Type of the thing: run, dataset_version."), Text("id", "Its id."),
          Text("title", "Its name."), Text("status", "Its status."),
          Text("since", "When it came to count.", true, "date-time"), std::move(basis),
          Text("joined", "Id of the thing by which it counts.", false),
          Text("note", "What the author says.", false), Text("by", "Who named it.", false),
          Text("link", "Id of the link; ending it takes the evidence away.", false)}};
  Property state = Text("state", "Whether there is evidence, and whether there could be.");
  state.values = {"ticked", "open", "not_recorded"};
  Schema box{.name = "MaturityBox",
             .doc = "A line of the model of MLOps levels.",
             .properties = {
                 Typed(Text("level", "0, 1 or 2."), Type::kInteger),
                 Text("box", "Its name: 1.metadata.code."), Text("group", "Heading above it."),
                 Text("title", "What it asks for."), std::move(state),
                 Text("remark", "What does not record such things yet; often empty."),
                 Typed(Text("optional", "The level can be reached without it."), Type::kBoolean),
                 Typed(Text("count", "Pieces of evidence."), Type::kInteger),
                 Typed(Text("evidence", "The newest of them."), Type::kAny),
                 Text("source", "Where the model asks for it.")}};
  return {std::move(phase), std::move(evidence), std::move(box)};
}

Operation Base(Method method, std::string path, std::string verb, std::string summary) {
  return {.method = method,
          .path = "/projects/{project}" + std::move(path),
          .noun = "phase",
          .verb = std::move(verb),
          .summary = std::move(summary),
          .permission = method == Method::kGet ? "read" : "write"};
}

}  // namespace

Group PhaseGroup() {
  Operation list = Base(Method::kGet, "/phases", "list", "Lists the phases of a project.");
  list.answer = "Phase";
  list.list = true;
  list.shown = {"phase", "status", "asserted", "derived", "note"};
  list.examples = {"phase list CHURN"};
  list.act = List;
  Operation set = Base(Method::kPut, "/phases/{phase}", "set", "Sets status and note of a phase.");
  set.body = {StatusProperty(false), Text("note", "What its people say.", false)};
  set.body_schema = "PhaseChanges";
  set.answer = "Phase";
  set.examples = {"phase set CHURN modeling --status active --note 'Second round'"};
  set.act = Set;
  Operation evidence = Base(Method::kGet, "/phases/{phase}/evidence", "evidence",
                            "Lists what speaks for a phase: named by people, found by rules.");
  evidence.answer = "Evidence";
  evidence.list = true;
  evidence.shown = {"type", "id", "title", "status", "basis", "since", "by", "note"};
  evidence.examples = {"phase evidence CHURN modeling"};
  evidence.act = Evidence;
  Operation name = Base(Method::kPost, "/phases/{phase}/evidence", "assert",
                        "Names something as evidence for a phase.");
  name.body = {Text("type", "Type of the thing: run, dataset_version, requirement, review."),
               Text("id", "Its id or key."), Text("note", "Why it is evidence.", false)};
  name.body_schema = "NewEvidence";
  name.answer = "Evidence";
  name.examples = {
      "phase assert CHURN data-understanding --type review --id CHURN-7 --note 'Seen with sales'"};
  name.act = Assert;
  Operation maturity = Base(Method::kGet, "/maturity", "get",
                            "Holds a project against the levels of MLOps, by recorded evidence.");
  maturity.noun = "maturity";
  maturity.alone = true;
  maturity.answer = "MaturityBox";
  maturity.list = true;
  maturity.shown = {"box", "state", "title", "count", "remark"};
  maturity.examples = {"maturity CHURN"};
  maturity.act = Maturity;
  Group group;
  for (Operation* one : {&list, &set, &evidence, &name, &maturity}) {
    one->query.push_back(FieldsParameter());
    group.operations.push_back(std::move(*one));
  }
  for (Operation& one : group.operations) {
    if (!one.list) one.query.clear();
  }
  group.schemas = SchemasOfPhases();
  return group;
}

}  // namespace stetig::api::v1
