#include "access/roles.h"

#include <algorithm>

#include "base/text.h"

namespace stetig::access {
namespace {

using enum Capability;

constexpr RoleDef kRoles[] = {
    {Role::kViewer, "viewer", "Reads.", {kRead}},
    {Role::kDomainExpert,
     "domain_expert",
     "Knows the domain: judges models, gives feedback, comments, reviews.",
     {kRead, kComment}},
    {Role::kDataScientist,
     "data_scientist",
     "Explores and builds: experiments, runs, models, records of planning.",
     {kRead, kComment, kWrite}},
    {Role::kMlEngineer,
     "ml_engineer",
     "Automates what data scientists build: pipelines, triggers, connectors.",
     {kRead, kComment, kWrite, kAutomate}},
    {Role::kOperator,
     "operator",
     "Runs what is delivered: deployments, roll-outs, model servers.",
     {kRead, kComment, kOperate}},
    {Role::kAuditor,
     "auditor",
     "Reads every project, the proof of the journal, and who did what.",
     {kRead, kAudit}},
    {Role::kAdmin, "admin", "May everything.", Capabilities::All()},
};

constexpr std::string_view kNames[] = {"read",    "comment", "write", "automate",
                                       "operate", "audit",   "admin"};

}  // namespace

std::string_view CapabilityName(Capability capability) {
  return kNames[static_cast<size_t>(capability)];
}

std::optional<Capability> ParseCapability(std::string_view name) {
  const auto* const found = std::ranges::find(kNames, name);
  if (found == std::end(kNames)) return std::nullopt;
  return kCapabilities[found - std::begin(kNames)];
}

std::string CapabilityNames(Capabilities set) {
  std::string names;
  for (const Capability one : kCapabilities) {
    if (!set.Has(one)) continue;
    if (!names.empty()) names += ',';
    names += CapabilityName(one);
  }
  return names;
}

std::optional<Capabilities> ParseCapabilities(std::string_view names) {
  Capabilities set;
  for (const std::string_view name : Split(names, ',')) {
    if (name.empty()) continue;
    const auto one = ParseCapability(name);
    if (!one) return std::nullopt;
    set = set | Capabilities{*one};
  }
  return set;
}

std::span<const RoleDef> RoleTable() { return kRoles; }

Capabilities CapabilitiesOf(Role role) {
  const auto* const found = std::ranges::find(kRoles, role, &RoleDef::role);
  return found == std::end(kRoles) ? Capabilities() : found->may;
}

std::string_view RoleName(Role role) {
  const auto* const found = std::ranges::find(kRoles, role, &RoleDef::role);
  return found == std::end(kRoles) ? "unknown" : found->name;
}

std::optional<Role> ParseRole(std::string_view name) {
  if (name == "editor") return Role::kDataScientist;
  std::string word(name);
  std::ranges::replace(word, '-', '_');
  const auto* const found = std::ranges::find(kRoles, std::string_view(word), &RoleDef::name);
  if (found == std::end(kRoles)) return std::nullopt;
  return found->role;
}

std::string RoleNames() {
  std::string names;
  for (const RoleDef& role : kRoles) {
    if (!names.empty()) names += ", ";
    names += role.name;
  }
  return names;
}

Demand ParseDemand(std::string_view permission) {
  constexpr std::string_view kInProject = " in project";
  if (permission == "public") return {.is_public = true};
  Demand demand;
  if (permission.ends_with(kInProject)) {
    demand.in_project = true;
    permission.remove_suffix(kInProject.size());
  }
  demand.capability = ParseCapability(permission).value_or(Capability::kAdmin);
  return demand;
}

}  // namespace stetig::access
