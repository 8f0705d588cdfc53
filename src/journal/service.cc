#include "journal/service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "io/loop.h"
#include "io/pool.h"
#include "io/transport.h"
#include "journal/entry.h"
#include "journal/internal/waiter.h"
#include "journal/repository.h"

namespace stetig::journal {
namespace {

constexpr size_t kMaxKinds = 64;
constexpr size_t kMaxActorBytes = 1024;
/// Events of other processes are found so soon.
constexpr auto kPoll = std::chrono::seconds(1);

/// Announced by each commit with events in it.
constinit const store::Topic kAppended;

Status CheckText(std::string_view text, std::string_view what, bool required) {
  if (required && text.empty()) {
    return Err(Code::kInvalidArgument, fmt::format("an event has no {}", what));
  }
  if (!IsValidUtf8(text)) {
    return Err(Code::kInvalidArgument, fmt::format("the {} of an event is not UTF-8", what));
  }
  return OkStatus();
}

Status CheckEvent(const Event& event) {
  TRY(CheckText(event.kind, "kind", true));
  TRY(CheckText(event.subject.type, "subject type", true));
  TRY(CheckText(event.subject.id, "subject id", true));
  for (const Ref& ref : event.refs) {
    TRY(CheckText(ref.type, "ref type", true));
    TRY(CheckText(ref.id, "ref id", true));
  }
  TRY(CheckText(event.tenant, "tenant", false));
  TRY(CheckText(event.project, "project", false));
  TRY(CheckText(event.actor, "actor", false));
  TRY(CheckText(event.payload, "payload", false));
  for (const std::string& text : event.texts) {
    TRY(CheckText(text, "personal text", false));
  }
  if (event.texts.size() >= kMaxTexts) {
    return Err(Code::kInvalidArgument,
               fmt::format("an event has {} personal texts, expected at most {}",
                           event.texts.size(), kMaxTexts - 1));
  }
  if (event.actor.size() > kMaxActorBytes) {
    return Err(Code::kInvalidArgument,
               fmt::format("the actor of an event has {} bytes, expected at most {}",
                           event.actor.size(), kMaxActorBytes));
  }
  return CheckText(event.request_id, "request id", false);
}

Status CheckFilter(const Filter& filter) {
  if (filter.kinds.size() > kMaxKinds) {
    return Err(Code::kInvalidArgument, fmt::format("the filter names {} kinds, expected at most {}",
                                                   filter.kinds.size(), kMaxKinds));
  }
  return OkStatus();
}

int64_t Cut(int limit) { return std::clamp(limit, 1, kMaxEvents); }

/// Matching events behind `after`, as soon as there are any; none at `deadline`.
Task<std::vector<Event>> ReadOrWait(store::Database* db, int64_t after, int limit, Filter filter,
                                    Deadline deadline) {
  auto waiter = std::make_shared<internal::Waiter>(co_await asio::this_coro::executor);
  // Before the first read, so that no commit falls between the two.
  const store::Listener listener = db->Listen(kAppended, [waiter] { waiter->Ring(); });
  for (;;) {
    auto fn = [after, count = Cut(limit), filter](store::Session& session) {
      return repository::Read(session, after, count, filter);
    };
    auto read = co_await db->Read(std::move(fn), std::max(deadline, After(kPoll)));
    ASSIGN_OR_CO_RETURN(std::vector<Event> events, std::move(read));
    Deadline now = std::chrono::steady_clock::now();
    if (!events.empty() || now >= deadline) co_return events;
    co_await waiter->Wait(std::min<Deadline>(deadline, now + kPoll));
  }
}

}  // namespace

Status Append(store::Transaction& tx, const Event& event) {
  TRY(CheckEvent(event));
  TRY(repository::Insert(tx, Seal(event, Random::System())));
  tx.Announce(kAppended);
  return OkStatus();
}

struct Subscription::State {
  store::Database& db;
  std::string name;
  Filter filter;
  int64_t delivered = 0;  ///< events up to here have been returned
};

Subscription::Subscription(std::unique_ptr<State> state) : state_(std::move(state)) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&&) noexcept = default;
Subscription::~Subscription() = default;

Task<std::vector<Event>> Subscription::Next(int limit, Deadline deadline) {
  auto read = co_await ReadOrWait(&state_->db, state_->delivered, limit, state_->filter, deadline);
  ASSIGN_OR_CO_RETURN(std::vector<Event> events, std::move(read));
  if (!events.empty()) state_->delivered = events.back().seq;
  co_return events;
}

Task<> Subscription::Ack(int64_t seq, Deadline deadline) {
  auto write = [name = state_->name, seq](store::Transaction& tx) {
    return repository::MoveCursor(tx, name, seq);
  };
  co_return co_await state_->db.Write(std::move(write), deadline);
}

Journal::Journal(store::Database& db) : db_(db) {}

Task<std::vector<Event>> Journal::Read(int64_t after, int limit, Filter filter, Deadline deadline) {
  CO_TRY(CheckFilter(filter));
  auto fn = [after, count = Cut(limit), filter = std::move(filter)](store::Session& session) {
    return repository::Read(session, after, count, filter);
  };
  co_return co_await db_.Read(std::move(fn), deadline);
}

Task<std::vector<Event>> Journal::Wait(int64_t after, int limit, Filter filter, Deadline deadline) {
  CO_TRY(CheckFilter(filter));
  co_return co_await ReadOrWait(&db_, after, limit, std::move(filter), deadline);
}

Task<int64_t> Journal::Head(Deadline deadline) {
  auto fn = [](store::Session& session) { return repository::Head(session); };
  co_return co_await db_.Read(std::move(fn), deadline);
}

Task<Subscription> Journal::Subscribe(std::string name, Filter filter, StartAt start,
                                      Deadline deadline) {
  CO_TRY(CheckFilter(filter));
  auto write = [name, start](store::Transaction& tx) -> Result<int64_t> {
    ASSIGN_OR_RETURN(int64_t head, repository::Head(tx));
    return repository::OpenCursor(tx, name, start == StartAt::kNow ? head : 0);
  };
  auto opened = co_await db_.Write(std::move(write), deadline);
  ASSIGN_OR_CO_RETURN(int64_t cursor, std::move(opened));
  co_return Subscription(std::make_unique<Subscription::State>(
      Subscription::State{db_, std::move(name), std::move(filter), cursor}));
}

Task<std::vector<LeafHash>> Journal::Hashes(int64_t first, int limit, Deadline deadline) {
  auto fn = [first, count = Cut(limit)](store::Session& session) {
    return repository::Hashes(session, first, count);
  };
  co_return co_await db_.Read(std::move(fn), deadline);
}

}  // namespace stetig::journal
