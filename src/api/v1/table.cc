#include "api/v1/table.h"

#include <algorithm>
#include <iterator>

#include "api/v1/groups.h"
#include "base/check.h"
#include "base/text.h"

namespace stetig::api::v1 {
namespace {

Group Everything() {
  Group all;
  Group groups[] = {ServerGroup(),   PlanningGroup(), AttachmentGroup(), PhaseGroup(), LinkGroup(),
                    TrackingGroup(), RegistryGroup(), EventGroup(),      TraceGroup()};
  for (Group& group : groups) {
    std::ranges::move(group.operations, std::back_inserter(all.operations));
    std::ranges::move(group.schemas, std::back_inserter(all.schemas));
  }
  all.schemas.push_back(
      {.name = "Problem",
       .doc = "What went wrong (RFC 9457).",
       .properties = {
           {.name = "type", .doc = "URI of the kind of problem.", .required = true},
           {.name = "title", .doc = "The kind of problem in words.", .required = true},
           {.name = "status", .type = Type::kInteger, .doc = "HTTP status.", .required = true},
           {.name = "detail", .doc = "What was found and what was expected."},
           {.name = "code", .doc = "A stable word for programs.", .required = true},
           {.name = "request_id", .doc = "Names the request in the server's log."}}});
  return all;
}

const Group& All() {
  static const Group all = Everything();
  return all;
}

}  // namespace

const std::vector<Operation>& Operations() { return All().operations; }
const std::vector<Schema>& Schemas() { return All().schemas; }

const Schema& SchemaOf(std::string_view name) {
  const auto found = std::ranges::find(Schemas(), name, &Schema::name);
  CHECK(found != Schemas().end());
  return *found;
}

std::vector<Property> PageParameters() {
  return {{.name = "limit",
           .type = Type::kInteger,
           .doc = "Most items of this page, 1 to 1000 (100).",
           .least = 1,
           .most = 1000},
          {.name = "page_token", .doc = "next_page_token of the page before."}};
}

Property FieldsParameter() {
  return {.name = "fields",
          .doc = "Names of the members to send, separated by commas; all if absent."};
}

json::Value ListBody(json::Array items, const std::string& next_page_token) {
  json::Object body = {{"items", std::move(items)}};
  if (!next_page_token.empty()) body.emplace_back("next_page_token", next_page_token);
  return body;
}

json::Value TimeOf(WallTime time) { return FormatIso8601(time); }

}  // namespace stetig::api::v1
