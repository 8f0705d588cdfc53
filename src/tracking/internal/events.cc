#include "tracking/internal/events.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "journal/service.h"

namespace stetig::tracking {

Status Record(store::Transaction& tx, const Act& act, std::string_view kind, journal::Ref subject,
              std::vector<journal::Ref> refs, std::initializer_list<EventField> payload) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject();
  for (const auto& [name, value] : payload) {
    writer.Key(name);
    writer.String(value);
  }
  writer.EndObject();
  journal::Event event;
  event.time = act.time;
  event.actor = act.who.user;
  event.kind = kind;
  event.subject = std::move(subject);
  event.refs = std::move(refs);
  event.payload = std::move(json);
  event.request_id = act.who.request_id;
  return journal::Append(tx, event);
}

journal::Ref ExperimentRef(int64_t experiment_no) {
  return {.type = "experiment", .id = std::to_string(experiment_no)};
}
journal::Ref RunRefOf(std::string_view run_id) {
  return {.type = "run", .id = std::string(run_id)};
}
journal::Ref LoggedModelRef(std::string_view model_id) {
  return {.type = "logged_model", .id = std::string(model_id)};
}
journal::Ref DatasetRef(int64_t experiment_no, std::string_view name, std::string_view digest) {
  return {.type = "dataset", .id = fmt::format("{}/{}/{}", experiment_no, name, digest)};
}
journal::Ref ArtifactRef(std::string_view path) {
  return {.type = "artifact", .id = std::string(path)};
}

}  // namespace stetig::tracking
