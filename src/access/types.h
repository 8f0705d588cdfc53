// Plain values of access: users, groups, members, tokens. Roles: roles.h; principals: principal.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"

namespace stetig::access {

struct User {
  int64_t id = 0;
  std::string name;
  Role role = Role::kViewer;
  WallTime created;
};

struct Group {
  std::string name;
  WallTime created;
  std::vector<std::string> users;  ///< names, ascending
};

/// Somebody who has a role in a project: one user, or every user of a group.
struct Member {
  bool is_group = false;
  std::string name;
  Role role = Role::kViewer;
  WallTime created;
  std::string created_by;
};

/// Who may see a project.
enum class Openness : unsigned char {
  kOpen,     ///< everybody who is signed in and may read
  kMembers,  ///< its members, auditors and admins
};

/// A token without its secret.
struct Token {
  std::string id;  ///< public handle, for lists and revocation
  std::string user;
  std::string label;
  Role role = Role::kViewer;  ///< what this and the user's role both allow counts
  WallTime created;
  std::optional<WallTime> expires;
  std::optional<Capabilities> scope;   ///< at most this, besides
  std::optional<std::string> project;  ///< id of the only project that it is for
};

/// A new token; `secret` exists only in this answer.
struct NewToken {
  Token token;
  std::string secret;  ///< "stetig_" + 43 base64url characters (256 random bits)
};

/// Types of things that can be assigned to a project.
inline constexpr std::string_view kExperimentThing = "experiment";   ///< by id
inline constexpr std::string_view kModelThing = "registered_model";  ///< by name

/// Most projects that are for their members only, and most assigned things; both for the whole
/// installation (kResourceExhausted beyond).
inline constexpr int64_t kMaxClosedProjects = 1'000;
inline constexpr int64_t kMaxThings = 10'000;

}  // namespace stetig::access
