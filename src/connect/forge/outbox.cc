// Commit statuses on their way to forges.
//
// A status is a row until the forge has it. Each try is noted before it is made: a try whose end is
// not known (the process was killed, the answer was lost) is followed by a look at what the forge
// has, so that nothing is posted twice.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_value.h"
#include "base/log.h"
#include "base/text.h"
#include "connect/forge/impl.h"
#include "connect/forge/payload.h"
#include "connect/forge/reader.h"
#include "connect/forge/repository.h"

namespace stetig::connect::forge {
namespace {

using std::string_view;

constexpr int64_t kBatch = 50;
constexpr int kMaxPages = 20;
constexpr string_view kStates[] = {"pending", "success", "failure", "error"};

Failure Invalid(std::string message) {
  return Err(Code::kInvalidArgument, std::move(message), "invalid_field");
}

bool IsSha(string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == string_view::npos;
}

Status Check(const NewStatus& status) {
  if (!IsSha(status.sha)) {
    return Invalid(fmt::format("field 'sha' is '{}', expected 40 or 64 hex digits in lower case",
                               FirstCodePoints(status.sha, 80)));
  }
  if (std::ranges::find(kStates, status.state) == std::end(kStates)) {
    return Invalid(fmt::format("field 'state' is '{}', expected pending, success, failure or error",
                               FirstCodePoints(status.state, 80)));
  }
  if (status.context.empty() || status.context.size() > 200) {
    return Invalid("field 'context' is empty or longer than 200 bytes");
  }
  for (const std::string* text : {&status.context, &status.description, &status.url}) {
    if (text->size() > kMaxText || !IsValidUtf8(*text) || text->contains('\0')) {
      return Invalid("a text is longer than 1000 bytes or holds NUL");
    }
  }
  return OkStatus();
}

/// Within a write: keeps the status as wanted; a new revision only when it differs.
Result<OutStatus> Want(store::Transaction& tx, const Repository& repository,
                       const NewStatus& status, WallTime now) {
  ASSIGN_OR_RETURN(
      auto row, repository::FindStatus(tx, repository.repository_no, status.sha, status.context));
  if (row && row->state == status.state && row->description == status.description &&
      row->url == status.url) {
    return *std::move(row);
  }
  OutStatus next{.repository_no = repository.repository_no,
                 .repository = repository.name,
                 .sha = status.sha,
                 .context = status.context,
                 .state = status.state,
                 .description = status.description,
                 .url = status.url,
                 .revision = row ? row->revision + 1 : 1,
                 .sent_revision = row ? row->sent_revision : 0,
                 .attempts = 0,
                 .next = now,
                 .trouble = {},
                 .updated = now};
  TRY(repository::SaveStatus(tx, next));
  return next;
}

/// Whether the newest status of the context at the forge is this one.
Task<bool> IsThere(Rest* rest, std::string full_name, OutStatus status, Deadline deadline) {
  std::optional<CommitStatus> newest;
  for (int page = 1; page <= kMaxPages; ++page) {
    std::string target = fmt::format("/repos/{}/commits/{}/statuses?per_page=50&limit=50&page={}",
                                     full_name, status.sha, page);
    auto got = co_await rest->Get(std::move(target), {}, deadline);
    ASSIGN_OR_CO_RETURN(const Answer answer, std::move(got));
    ASSIGN_OR_CO_RETURN(std::vector<CommitStatus> all, ParseStatuses(answer.body, status.sha));
    for (CommitStatus& one : all) {
      if (one.context == status.context && (!newest || newest->version < one.version)) {
        newest = std::move(one);
      }
    }
    if (!answer.more) break;
  }
  co_return newest && newest->state == status.state && newest->description == status.description &&
      newest->url == status.url;
}

Task<> Send(Rest* rest, std::string full_name, OutStatus status, Deadline deadline) {
  if (status.attempts > 1) {
    auto looked = co_await IsThere(rest, full_name, status, deadline);
    ASSIGN_OR_CO_RETURN(const bool there, std::move(looked));
    if (there) co_return OkStatus();
  }
  std::string target = fmt::format("/repos/{}/statuses/{}", full_name, status.sha);
  std::string body = StatusBody({.commit = status.sha,
                                 .context = status.context,
                                 .state = status.state,
                                 .description = status.description,
                                 .url = status.url,
                                 .version = {}});
  auto posted = co_await rest->Post(std::move(target), std::move(body), deadline);
  co_return posted ? OkStatus() : posted.error();
}

}  // namespace

Task<OutStatus> Service::PostStatus(Principal who, std::string name, NewStatus status,
                                    Deadline deadline) {
  static_cast<void>(who);  // the event of it is the forge's, when the status comes back
  CO_TRY(Check(status));
  auto found = co_await impl_->Find(std::move(name), deadline);
  ASSIGN_OR_CO_RETURN(Repository repository, std::move(found));
  const WallTime now = impl_->Now();
  auto write = [repository = std::move(repository), status = std::move(status),
                now](store::Transaction& tx) { return Want(tx, repository, status, now); };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<std::vector<OutStatus>> Service::Statuses(std::string name, int64_t limit, Deadline deadline) {
  auto found = co_await impl_->Find(std::move(name), deadline);
  ASSIGN_OR_CO_RETURN(const Repository repository, std::move(found));
  auto read = [no = repository.repository_no, limit](store::Session& session) {
    return repository::Statuses(session, no, limit);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<int64_t> Service::SendDue(Deadline deadline) {
  const WallTime now = impl_->Now();
  auto read = [now](store::Session& session) {
    return repository::DueStatuses(session, now, kBatch);
  };
  auto rows = co_await impl_->db.Read(std::move(read), deadline);
  ASSIGN_OR_CO_RETURN(std::vector<OutStatus> due, std::move(rows));
  int64_t sent = 0;
  for (OutStatus& status : due) {
    auto found = co_await impl_->Find(status.repository, deadline);
    if (!found) continue;  // disconnected meanwhile
    status.attempts += 1;
    status.next = {now.ms + Backoff(status.attempts, 0.5).count()};
    // Only what is still wanted is tried, and the try is noted first.
    auto begin = [status](store::Transaction& tx) -> Result<bool> {
      ASSIGN_OR_RETURN(const auto row, repository::FindStatus(tx, status.repository_no, status.sha,
                                                              status.context));
      if (!row || row->revision != status.revision || row->sent_revision == row->revision) {
        return false;
      }
      TRY(repository::SaveStatus(tx, status));
      return true;
    };
    auto begun = co_await impl_->db.Write(std::move(begin), deadline);
    ASSIGN_OR_CO_RETURN(const bool wanted, std::move(begun));
    if (!wanted) continue;
    Status done;
    auto rest = impl_->RestFor(*found);
    if (rest) {
      std::string full_name = found->full_name;
      OutStatus copy = status;
      done = co_await forge::Send(rest->get(), std::move(full_name), std::move(copy), deadline);
      if (done.detail() == kForgeLimit) {
        status.next = {now.ms + (*rest)->wait().count()};
      }
    } else {
      done = rest.error();
    }
    if (!done.ok()) {
      LOG(kWarning, "a commit status was not taken by the forge", {"repository", found->name},
          {"commit", status.sha}, {"reason", done});
    }
    status.trouble = FirstBytes(done.message(), kMaxText);
    status.sent_revision = done.ok() ? status.revision : status.sent_revision;
    auto end = [status](store::Transaction& tx) -> Status {
      ASSIGN_OR_RETURN(
          auto row, repository::FindStatus(tx, status.repository_no, status.sha, status.context));
      if (!row) return OkStatus();
      if (row->revision == status.revision) return repository::SaveStatus(tx, status);
      row->sent_revision = std::max(row->sent_revision, status.sent_revision);
      return repository::SaveStatus(tx, *row);
    };
    CO_TRY(co_await impl_->db.Write(std::move(end), deadline));
    sent += done.ok() ? 1 : 0;
  }
  co_return sent;
}

}  // namespace stetig::connect::forge
