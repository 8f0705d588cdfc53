// What each file of operations gives to the table (table.cc puts it together).
#pragma once

#include <string>
#include <vector>

#include "api/v1/table.h"

namespace stetig::api::v1 {

struct Group {
  std::vector<Operation> operations;
  std::vector<Schema> schemas;
};

Group PlanningGroup();
Group AttachmentGroup();
Group PhaseGroup();
Group LinkGroup();
Group TrackingGroup();
Group RegistryGroup();
Group EventGroup();
Group TraceGroup();
Group ServerGroup();

/// Parameters that every list has: limit and page_token.
std::vector<Property> PageParameters();
/// `fields`: which members of the answer to send.
Property FieldsParameter();
/// {"items": […], "next_page_token"}; the token only where there is one.
json::Value ListBody(json::Array items, const std::string& next_page_token);

/// "2026-11-27T08:00:00.123Z".
json::Value TimeOf(WallTime time);

}  // namespace stetig::api::v1
