// From memberships to what one person sees and may.
#include <algorithm>
#include <map>

#include "access/internal/impl.h"
#include "access/member_repository.h"

namespace stetig::access {
namespace {

using Rights = std::map<std::string, Capabilities>;

Realm ProjectsOf(const std::vector<std::string>& closed, const Rights& rights, bool sees_all,
                 const std::optional<std::string>& only) {
  const auto hidden = [&](const std::string& project) {
    return !sees_all && !rights.contains(project) &&
           std::ranges::find(closed, project) != closed.end();
  };
  Realm realm{.only = only.has_value()};
  if (only && !hidden(*only)) realm.ids.push_back(*only);
  for (const std::string& project : closed) {
    if (!only && hidden(project)) realm.ids.push_back(project);
  }
  std::ranges::sort(realm.ids);
  realm.rights.assign(rights.begin(), rights.end());
  return realm;
}

/// Things are seen and may be changed as their projects are.
Realm ThingsOf(const std::vector<repository::Thing>& things, std::string_view type,
               const Realm& projects) {
  Realm realm{.only = projects.only};
  for (const repository::Thing& thing : things) {
    if (thing.type != type) continue;
    const bool hidden = projects.Hides(thing.project);
    if (hidden != projects.only) realm.ids.push_back(thing.id);
    const Capabilities rights = projects.RightsIn(thing.project);
    if (!hidden && !rights.empty()) realm.rights.emplace_back(thing.id, rights);
  }
  std::ranges::sort(realm.ids);
  std::ranges::sort(realm.rights, {}, [](const auto& one) { return one.first; });
  return realm;
}

}  // namespace

Result<std::shared_ptr<const Scope>> LoadScope(store::Session& session, int64_t user_id,
                                               Capabilities rights,
                                               const std::optional<std::string>& only) {
  ASSIGN_OR_RETURN(const auto memberships, repository::MembershipsOf(session, user_id));
  const bool sees_all = rights.Has(Capability::kAudit) || rights.Has(Capability::kAdmin);
  std::vector<std::string> closed;
  if (!sees_all) {
    ASSIGN_OR_RETURN(closed, repository::ClosedProjects(session));
  }
  if (memberships.empty() && closed.empty() && !only) return nullptr;
  Rights in_projects;
  auto scope = std::make_shared<Scope>();
  for (const auto& [project, role] : memberships) {
    Capabilities& all = in_projects[project];
    all = all | CapabilitiesOf(role);
  }
  scope->projects = ProjectsOf(closed, in_projects, sees_all, only);
  ASSIGN_OR_RETURN(const auto things, repository::ListThings(session));
  scope->experiments = ThingsOf(things, kExperimentThing, scope->projects);
  scope->models = ThingsOf(things, kModelThing, scope->projects);
  for (const auto& [project, role_rights] : in_projects) {
    if (!scope->projects.Hides(project)) scope->somewhere = scope->somewhere | role_rights;
  }
  return scope;
}

}  // namespace stetig::access
