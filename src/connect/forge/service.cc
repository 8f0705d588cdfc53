#include "connect/forge/service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_value.h"
#include "base/text.h"
#include "connect/forge/impl.h"
#include "connect/forge/repository.h"
#include "io/file.h"
#include "journal/service.h"

namespace stetig::connect::forge {
namespace {

constexpr size_t kMaxSecret = 4096;
constexpr std::chrono::seconds kSecretFor{5};
constexpr size_t kMaxSecretsKept = 1'000;

Failure Invalid(std::string message) {
  return Err(Code::kInvalidArgument, std::move(message), "invalid_field");
}

/// Small letters, digits, '-', '_' and '.', not first: a segment of a path and a file's name.
bool IsWord(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() != '.' && text.front() != '-' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

Status CheckWord(std::string_view field, std::string_view text) {
  if (IsWord(text)) return OkStatus();
  return Invalid(fmt::format("field '{}' is '{}', expected at most 64 of a-z, 0-9, '-', '_', '.'",
                             field, FirstCodePoints(text, 80)));
}

/// "owner/name" of what GitHub and Gitea allow.
bool IsFullName(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size() ||
      slash != text.rfind('/') || text.size() > 200) {
    return false;
  }
  return text.substr(slash + 1) != "." && text.substr(slash + 1) != ".." &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.' || c == '/';
         });
}

Status Check(const NewRepository& request) {
  TRY(CheckWord("name", request.name));
  TRY(CheckWord("secret", request.secret));
  if (!request.token.empty()) TRY(CheckWord("token", request.token));
  if (request.shape != "github" && request.shape != "gitea") {
    return Invalid(fmt::format("field 'shape' is '{}', expected github or gitea",
                               FirstCodePoints(request.shape, 80)));
  }
  if (!IsFullName(request.full_name)) {
    return Invalid(fmt::format("field 'full_name' is '{}', expected OWNER/NAME",
                               FirstCodePoints(request.full_name, 80)));
  }
  const auto address = ParseAddress(request.api);
  return address ? OkStatus() : address.error();
}

Status NoteChange(store::Transaction& tx, const Principal& who, const Repository& repository,
                  std::string_view kind, WallTime now) {
  return journal::Append(
      tx, {.time = now,
           .actor = who.user,
           .kind = std::string(kind),
           .subject = {"forge_repository", repository.name},
           .refs = {},
           .payload = json::Dump(json::Value(json::Object{{"shape", repository.shape},
                                                          {"api", repository.api},
                                                          {"full_name", repository.full_name}})),
           .request_id = who.request_id});
}

}  // namespace

bool Throttle::Pass(Deadline now, int64_t* held_back) {
  MutexLock lock(mutex_);
  if (last_ != Deadline()) {
    tokens_ = std::min(burst_, tokens_ + std::chrono::duration<double>(now - last_).count());
  }
  last_ = now;
  if (tokens_ < 1) {
    ++held_back_;
    return false;
  }
  tokens_ -= 1;
  *held_back = std::exchange(held_back_, 0);
  return true;
}

Result<Secret<std::string>> Service::Impl::SecretOf(const std::string& name) {
  const Deadline now = std::chrono::steady_clock::now();
  {
    MutexLock lock(mutex);
    if (const auto found = secrets.find(name);
        found != secrets.end() && found->second.until > now) {
      return found->second.text;
    }
  }
  if (!IsWord(name)) return Err(Code::kNotFound, "there is no such secret", "secret_not_found");
  auto text = io::ReadFile(io::Env::System(), options.secrets + "/" + name, kMaxSecret);
  if (!text) {
    return Err(text.error().code() == Code::kNotFound ? Code::kNotFound : Code::kFailedPrecondition,
               fmt::format("the secret '{}' cannot be read, expected a file of that name in the "
                           "server's secrets folder",
                           name),
               "secret_not_found");
  }
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (text->empty()) {
    return Err(Code::kFailedPrecondition, fmt::format("the secret '{}' is empty", name),
               "secret_empty");
  }
  Secret<std::string> secret(*std::move(text));
  MutexLock lock(mutex);
  if (secrets.size() >= kMaxSecretsKept) secrets.clear();
  secrets.insert_or_assign(name, Kept{.text = secret, .until = now + kSecretFor});
  return secret;
}

Task<Repository> Service::Impl::Find(std::string name, Deadline deadline) {
  auto read = [name](store::Session& session) { return repository::Find(session, name); };
  auto rows = co_await db.Read(std::move(read), deadline);
  ASSIGN_OR_CO_RETURN(auto found, std::move(rows));
  if (!found) {
    co_return Err(Code::kNotFound,
                  fmt::format("repository '{}' not found", FirstCodePoints(name, 80)),
                  "repository_not_found");
  }
  co_return *std::move(found);
}

Result<std::unique_ptr<Rest>> Service::Impl::RestFor(const Repository& repository) {
  Secret<std::string> token;
  if (!repository.token.empty()) {
    ASSIGN_OR_RETURN(token, SecretOf(repository.token));
  }
  return Rest::Make(repository.api, std::move(token));
}

Task<Applied> Service::Impl::Take(Intake intake, Facts facts, Deadline deadline) {
  auto named = co_await keys.Find(KeysIn(facts), deadline);
  ASSIGN_OR_CO_RETURN(Keys found, std::move(named));
  auto write = [intake = std::move(intake), facts = std::move(facts), found = std::move(found)](
                   store::Transaction& tx) { return Apply(tx, intake, facts, found); };
  co_return co_await db.Write(std::move(write), deadline);
}

Service::Service(store::Database& db, planning::Service& planning, ServiceOptions options)
    : impl_(std::make_unique<Impl>(db, planning, std::move(options))) {}
Service::~Service() = default;

Task<Repository> Service::Connect(Principal who, NewRepository request, Deadline deadline) {
  CO_TRY(Check(request));
  for (const std::string* name : {&request.secret, &request.token}) {
    if (name->empty()) continue;
    if (auto there = impl_->SecretOf(*name); !there) {
      co_return Err(Code::kInvalidArgument, std::string(there.error().message()),
                    std::string(there.error().detail()));
    }
  }
  const WallTime now = impl_->Now();
  Repository made{.name = request.name,
                  .shape = request.shape,
                  .api = request.api,
                  .full_name = request.full_name,
                  .secret = request.secret,
                  .token = request.token,
                  .created = now,
                  .created_by = who.user};
  while (made.api.ends_with('/')) made.api.pop_back();
  auto write = [who = std::move(who), made = std::move(made),
                now](store::Transaction& tx) -> Result<Repository> {
    Repository row = made;
    TRY(repository::Insert(tx, row));
    TRY(NoteChange(tx, who, row, "forge_repository.connected", now));
    return row;
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<Repository> Service::Get(std::string name, Deadline deadline) {
  co_return co_await impl_->Find(std::move(name), deadline);
}

Task<std::vector<Repository>> Service::List(Deadline deadline) {
  auto read = [](store::Session& session) { return repository::List(session); };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<> Service::Disconnect(Principal who, std::string name, Deadline deadline) {
  auto found = co_await impl_->Find(std::move(name), deadline);
  ASSIGN_OR_CO_RETURN(Repository row, std::move(found));
  const WallTime now = impl_->Now();
  auto write = [who = std::move(who), row = std::move(row), now](store::Transaction& tx) -> Status {
    TRY(repository::Remove(tx, row.repository_no));
    return NoteChange(tx, who, row, "forge_repository.disconnected", now);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

}  // namespace stetig::connect::forge
