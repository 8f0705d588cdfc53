// Who asks. Every use case of the ring takes a Principal; how it was established (password, token,
// loopback) is access's business.
#pragma once

#include <string>

namespace stetig::access {

/// From least to most: each role may do what the ones before it may.
enum class Role : unsigned char { kViewer, kEditor, kAdmin };

struct Principal {
  std::string user;  ///< user name; "local" for loopback without login
  Role role = Role::kViewer;
  std::string request_id;  ///< of the request that acts, kept in journal events
};

}  // namespace stetig::access
