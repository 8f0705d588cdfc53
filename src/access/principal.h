// Who asks. Every use case of the ring takes a Principal; how it was established (password, token,
// loopback) is access's business.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/roles.h"

namespace stetig::access {

/// Things of one type (projects by id, experiments by id, registered models by name) as one person
/// sees them. Immutable once shared.
struct Realm {
  /// true: only `ids` are seen; false: all but `ids`.
  bool only = false;
  std::vector<std::string> ids;  ///< ascending
  /// What a person may in some of them beyond their global role, by id, ascending.
  std::vector<std::pair<std::string, Capabilities>> rights;

  bool Hides(std::string_view id) const;
  Capabilities RightsIn(std::string_view id) const;
};

/// What projects and tokens change about what a person sees and may.
struct Scope {
  Realm projects;
  Realm experiments;  ///< as their assigned projects say
  Realm models;
  Capabilities somewhere;  ///< all rights of `projects` together
};

struct Principal {
  std::string user;  ///< user name; "local" for loopback without login
  Role role = Role::kViewer;
  std::string request_id;  ///< of the request that acts, kept in journal events
  /// What a token allows at most; everything without one.
  Capabilities limit = Capabilities::All();
  /// Null: no project is hidden, and the role says everything.
  std::shared_ptr<const Scope> scope = nullptr;
  std::string token = {};  ///< id of the token that was shown; empty: none
  /// What the operation asks for that is under way; use cases that touch a project ask whether it
  /// is allowed there. kRead where stetig itself acts.
  Capability needs = Capability::kRead;

  /// What the role allows everywhere. A token of one project allows nothing everywhere.
  Capabilities Rights() const;
  /// What is allowed in a project; an empty id: in none.
  Capabilities RightsIn(std::string_view project) const;
  bool May(Capability one) const { return Rights().Has(one); }

  bool SeesProject(std::string_view id) const { return !scope || !scope->projects.Hides(id); }
  bool SeesExperiment(std::string_view id) const { return !scope || !scope->experiments.Hides(id); }
  bool SeesModel(std::string_view name) const { return !scope || !scope->models.Hides(name); }

  /// Whether what is under way (`needs`) is allowed with this thing.
  bool MayInProject(std::string_view id) const { return !scope || MayIn(scope->projects, id); }
  bool MayInExperiment(std::string_view id) const {
    return !scope || MayIn(scope->experiments, id);
  }
  bool MayInModel(std::string_view name) const { return !scope || MayIn(scope->models, name); }

 private:
  bool MayIn(const Realm& realm, std::string_view id) const;
};

/// kPermissionDenied, for a thing that `who` sees and may not do this with.
[[nodiscard]] std::string DenialOf(const Principal& who);

}  // namespace stetig::access
