#include "access/principal.h"

#include <fmt/format.h>

#include <algorithm>

namespace stetig::access {

bool Realm::Hides(std::string_view id) const {
  return std::ranges::binary_search(
             ids, id, {}, [](const std::string& one) { return std::string_view(one); }) != only;
}

Capabilities Realm::RightsIn(std::string_view id) const {
  const auto found = std::ranges::lower_bound(
      rights, id, {}, [](const auto& one) { return std::string_view(one.first); });
  return found != rights.end() && found->first == id ? found->second : Capabilities();
}

Capabilities Principal::Rights() const {
  if (scope && scope->projects.only) return {};
  return CapabilitiesOf(role) & limit;
}

Capabilities Principal::RightsIn(std::string_view project) const {
  if (!scope) return Rights();
  if (scope->projects.Hides(project)) return {};
  return (CapabilitiesOf(role) | scope->projects.RightsIn(project)) & limit;
}

bool Principal::MayIn(const Realm& realm, std::string_view id) const {
  if (realm.Hides(id)) return false;
  return ((CapabilitiesOf(role) | realm.RightsIn(id)) & limit).Has(needs);
}

std::string DenialOf(const Principal& who) {
  return fmt::format("user '{}' is a {}, expected a role that may {}", who.user, RoleName(who.role),
                     CapabilityName(who.needs));
}

}  // namespace stetig::access
