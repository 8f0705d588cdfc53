#include "users.h"

#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <iostream>

#include "access/password.h"
#include "access/service.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "commands.h"
#include "io/host.h"
#include "io/loop.h"
#include "open.h"

namespace stetig::app {
namespace {

constexpr auto kTimeLimit = std::chrono::seconds(30);
constexpr int64_t kDay = int64_t{24} * 60 * 60 * 1000;
const access::Principal kOperator{.user = "operator", .role = access::Role::kAdmin};

std::string HintFor(const Status& status, const UpOptions& options) {
  switch (status.code()) {
    case Code::kNotFound:
      return status.detail() == detail::kNoSuchToken ? Say("See: stetig token list")
                                                     : Say("See: stetig user list");
    case Code::kAlreadyExists:
      return Say("To set its password: stetig user password NAME");
    case Code::kInvalidArgument:
      return Say("See: stetig help {}", "user add");
    case Code::kCancelled:
      return "";
    default:
      return Say("Look closer with: stetig doctor --data {}", options.data);
  }
}

int Fail(const Status& status, const UpOptions& options) {
  fmt::print(stderr, "stetig: {}\n", InWords(status));
  if (std::string hint = HintFor(status, options); !hint.empty()) {
    fmt::print(stderr, "{}\n", hint);
  }
  return status.code() == Code::kInvalidArgument ? kWrongCommandLine : kFailed;
}

/// Opens the store, runs `use` with the access service, prints what went wrong.
int With(const UpOptions& options, const std::function<Status(access::Service&)>& use) {
  auto db = OpenStoreBeside(options);
  if (!db) {
    return Fail(db.error(), options);
  }
  access::Service service(**db, {});
  Status status = use(service);
  return status.ok() ? kDone : Fail(status, options);
}

Result<access::Role> RoleOf(const std::string& name) {
  auto role = access::ParseRole(name.empty() ? "editor" : name);
  if (!role) {
    return Err(Code::kInvalidArgument,
               Say("'{}' is no role, expected viewer, editor or admin", name));
  }
  return *role;
}

Result<std::string> ReadPassword(const std::string& name) {
  if (const char* given = std::getenv("STETIG_PASSWORD")) {
    return given;
  }
  if (!io::InputIsTerminal()) {
    std::string line;
    std::getline(std::cin, line);
    return line;
  }
  ASSIGN_OR_RETURN(std::string first,
                   io::AskHidden(Say("Password for {} (at least {} characters): ", name,
                                     access::kMinPasswordLength)));
  ASSIGN_OR_RETURN(std::string second, io::AskHidden(Say("The same again: ")));
  if (first != second) {
    return Err(Code::kInvalidArgument, Say("the two passwords differ"));
  }
  return first;
}

void PrintUsers(const std::vector<access::User>& users, bool as_json) {
  if (!as_json) {
    for (const access::User& user : users) {
      fmt::print("{}\t{}\t{}\n", user.name, access::RoleName(user.role),
                 FormatIso8601(user.created));
    }
    return;
  }
  std::string out;
  JsonWriter json(&out);
  json.BeginArray();
  for (const access::User& user : users) {
    json.BeginObject();
    json.Field("name", user.name);
    json.Field("role", access::RoleName(user.role));
    json.Field("created", FormatIso8601(user.created));
    json.EndObject();
  }
  json.EndArray();
  fmt::print("{}\n", out);
}

void PrintTokens(const std::vector<access::Token>& tokens, bool as_json) {
  if (!as_json) {
    for (const access::Token& token : tokens) {
      fmt::print("{}\t{}\t{}\t{}\t{}\n", token.id, token.user, access::RoleName(token.role),
                 token.label, token.expires ? FormatIso8601(*token.expires) : "never expires");
    }
    return;
  }
  std::string out;
  JsonWriter json(&out);
  json.BeginArray();
  for (const access::Token& token : tokens) {
    json.BeginObject();
    json.Field("id", token.id);
    json.Field("user", token.user);
    json.Field("role", access::RoleName(token.role));
    json.Field("label", token.label);
    json.Field("created", FormatIso8601(token.created));
    json.Key("expires");
    if (token.expires) {
      json.String(FormatIso8601(*token.expires));
    } else {
      json.Null();
    }
    json.EndObject();
  }
  json.EndArray();
  fmt::print("{}\n", out);
}

}  // namespace

int AddUser(const UpOptions& options, const std::string& name, const std::string& role) {
  return With(options, [&](access::Service& service) -> Status {
    ASSIGN_OR_RETURN(access::Role parsed, RoleOf(role));
    ASSIGN_OR_RETURN(std::string password, ReadPassword(name));
    ASSIGN_OR_RETURN(access::User user,
                     io::RunSync(service.CreateUser(kOperator, name, std::move(password), parsed,
                                                    After(kTimeLimit))));
    fmt::print("{}\n", Say("user {} added as {}", user.name, access::RoleName(user.role)));
    return OkStatus();
  });
}

int SetUserPassword(const UpOptions& options, const std::string& name) {
  return With(options, [&](access::Service& service) -> Status {
    ASSIGN_OR_RETURN(std::string password, ReadPassword(name));
    return io::RunSync(
        service.SetPassword(kOperator, name, std::move(password), After(kTimeLimit)));
  });
}

int SetUserRole(const UpOptions& options, const std::string& name, const std::string& role) {
  return With(options, [&](access::Service& service) -> Status {
    ASSIGN_OR_RETURN(access::Role parsed, RoleOf(role));
    return io::RunSync(service.SetRole(kOperator, name, parsed, After(kTimeLimit)));
  });
}

int RemoveUser(const UpOptions& options, const std::string& name) {
  return With(options, [&](access::Service& service) -> Status {
    return io::RunSync(service.DeleteUser(kOperator, name, After(kTimeLimit)));
  });
}

int ListUsers(const UpOptions& options, bool json) {
  return With(options, [&](access::Service& service) -> Status {
    ASSIGN_OR_RETURN(std::vector<access::User> users,
                     io::RunSync(service.ListUsers(After(kTimeLimit))));
    PrintUsers(users, json);
    return OkStatus();
  });
}

int CreateToken(const UpOptions& options, const std::string& user, const std::string& label,
                const std::string& role, std::optional<int> days) {
  return With(options, [&](access::Service& service) -> Status {
    ASSIGN_OR_RETURN(access::Role parsed, RoleOf(role));
    std::optional<WallTime> expires;
    if (days) {
      expires = WallTime{Clock::System().Now().ms + *days * kDay};
    }
    ASSIGN_OR_RETURN(access::NewToken made,
                     io::RunSync(service.CreateToken(kOperator, user, label, parsed, expires,
                                                     After(kTimeLimit))));
    fmt::print("{}\n", made.secret);
    return OkStatus();
  });
}

int RevokeToken(const UpOptions& options, const std::string& id) {
  return With(options, [&](access::Service& service) -> Status {
    return io::RunSync(service.RevokeToken(kOperator, id, After(kTimeLimit)));
  });
}

int ListTokens(const UpOptions& options, bool json) {
  return With(options, [&](access::Service& service) -> Status {
    ASSIGN_OR_RETURN(std::vector<access::Token> tokens,
                     io::RunSync(service.ListTokens(After(kTimeLimit))));
    PrintTokens(tokens, json);
    return OkStatus();
  });
}

}  // namespace stetig::app
