// What there is to be allowed, and which role may what: the one table that every check reads.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stetig::access {

/// One thing to be allowed. Every operation and route names the one that it needs.
enum class Capability : unsigned char {
  kRead,      ///< see what is not hidden
  kComment,   ///< feedback, comments, reviews: the domain's judgement
  kWrite,     ///< experiments, runs, artifacts, models, records of planning, links
  kAutomate,  ///< approve and operate connectors, pipelines, triggers
  kOperate,   ///< deployments and what runs
  kAudit,     ///< every project's records, and what each person did
  kAdmin,     ///< people, groups, memberships, tokens of others, settings
};
inline constexpr Capability kCapabilities[] = {
    Capability::kRead,    Capability::kComment, Capability::kWrite, Capability::kAutomate,
    Capability::kOperate, Capability::kAudit,   Capability::kAdmin};

/// "read", "comment", "write", "automate", "operate", "audit", "admin".
std::string_view CapabilityName(Capability capability);
std::optional<Capability> ParseCapability(std::string_view name);

/// A set of capabilities.
class Capabilities {
 public:
  constexpr Capabilities() = default;
  constexpr Capabilities(std::initializer_list<Capability> list) {
    for (const Capability one : list) bits_ |= Bit(one);
  }
  static constexpr Capabilities All() {
    Capabilities all;
    for (const Capability one : kCapabilities) all.bits_ |= Bit(one);
    return all;
  }
  constexpr bool Has(Capability one) const { return (bits_ & Bit(one)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr Capabilities operator|(Capabilities a, Capabilities b) {
    return FromBits(a.bits_ | b.bits_);
  }
  friend constexpr Capabilities operator&(Capabilities a, Capabilities b) {
    return FromBits(a.bits_ & b.bits_);
  }
  friend constexpr bool operator==(Capabilities, Capabilities) = default;

 private:
  static constexpr unsigned Bit(Capability one) { return 1U << static_cast<unsigned>(one); }
  static constexpr Capabilities FromBits(unsigned bits) {
    Capabilities made;
    made.bits_ = bits;
    return made;
  }
  unsigned bits_ = 0;
};

/// "read,write": names by comma, in the order of kCapabilities.
std::string CapabilityNames(Capabilities set);
/// Nothing: a name that is none.
std::optional<Capabilities> ParseCapabilities(std::string_view names);

/// The numbers are stored. Roles are no ladder: see RoleTable().
enum class Role : unsigned char {
  kViewer = 0,
  kDataScientist = 1,
  kEditor = kDataScientist,  ///< what it was called before
  kAdmin = 2,
  kDomainExpert = 3,
  kMlEngineer = 4,
  kOperator = 5,
  kAuditor = 6,
};

struct RoleDef {
  Role role = Role::kViewer;
  std::string_view name;  ///< "data_scientist"
  std::string_view doc;   ///< one sentence
  Capabilities may;
};
/// Every role with what it may, in the order of documents.
std::span<const RoleDef> RoleTable();
/// Of a number that is no role: nothing at all.
Capabilities CapabilitiesOf(Role role);
std::string_view RoleName(Role role);
/// By its name; "editor" is data_scientist, and '-' stands for '_'.
std::optional<Role> ParseRole(std::string_view name);
/// "viewer, domain_expert, …", for messages.
std::string RoleNames();

/// What an operation asks for, as its table says it: "public", a capability's name ("write"), or
/// that with " in project" behind: then rights in a project count, and the use case checks them
/// against the project that it touches.
struct Demand {
  bool is_public = false;
  Capability capability = Capability::kAdmin;
  bool in_project = false;
};
/// A text that is none of these asks for kAdmin.
Demand ParseDemand(std::string_view permission);

}  // namespace stetig::access
