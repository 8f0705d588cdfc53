// Plain values of access: users and tokens. Roles and principals: principal.h.
#pragma once

#include <optional>
#include <string>

#include "access/principal.h"
#include "base/clock.h"

namespace stetig::access {

struct User {
  int64_t id = 0;
  std::string name;
  Role role = Role::kViewer;
  WallTime created;
};

/// A token without its secret.
struct Token {
  std::string id;  ///< public handle, for lists and revocation
  std::string user;
  std::string label;
  Role role = Role::kViewer;  ///< the lower of this and the user's role counts
  WallTime created;
  std::optional<WallTime> expires;
};

/// A new token; `secret` exists only in this answer.
struct NewToken {
  Token token;
  std::string secret;  ///< "stetig_" + 43 base64url characters (256 random bits)
};

/// "viewer", "editor", "admin".
std::string_view RoleName(Role role);
std::optional<Role> ParseRole(std::string_view name);

}  // namespace stetig::access
