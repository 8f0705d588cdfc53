// `stetig user` and `stetig token`: work on the store itself, also before the first start and
// beside a running server. Each returns the exit code.
#pragma once

#include <optional>
#include <string>

#include "server.h"

namespace stetig::app {

/// The password comes from the environment variable STETIG_PASSWORD, else from the terminal
/// (twice, without echo), else from the first line of standard input. `role` "": data_scientist.
int AddUser(const UpOptions& options, const std::string& name, const std::string& role);
int SetUserPassword(const UpOptions& options, const std::string& name);
int SetUserRole(const UpOptions& options, const std::string& name, const std::string& role);
int RemoveUser(const UpOptions& options, const std::string& name);
int ListUsers(const UpOptions& options, bool json);

/// Prints the secret, once. `days`: life time; nothing: for ever. `role` "": data_scientist.
int CreateToken(const UpOptions& options, const std::string& user, const std::string& label,
                const std::string& role, std::optional<int> days);
int RevokeToken(const UpOptions& options, const std::string& id);
int ListTokens(const UpOptions& options, bool json);

}  // namespace stetig::app
