#include "trace/projector.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "trace/internal/projection.h"
#include "trace/internal/repository.h"

namespace stetig::trace {

Task<int64_t> Projector::Cursor(Deadline deadline) {
  auto read = [](store::Session& session) -> Result<int64_t> {
    ASSIGN_OR_RETURN(const internal::ProgressRow row, internal::LoadProgress(session));
    return row.applied_seq;
  };
  co_return co_await db_.Read(std::move(read), deadline);
}

Task<int64_t> Projector::ApplyEvents(std::vector<journal::Event> events, Deadline deadline) {
  auto facts = std::make_shared<const std::vector<internal::EventFacts>>(internal::Read(events));
  events.clear();
  auto write = [facts](store::Transaction& tx) { return internal::Apply(tx, *facts); };
  co_return co_await db_.Write(std::move(write), deadline);
}

Task<int64_t> Projector::Replay(std::function<void(int64_t)> progress, Deadline deadline) {
  auto cursor_read = co_await Cursor(deadline);
  ASSIGN_OR_CO_RETURN(int64_t cursor, std::move(cursor_read));
  for (;;) {
    journal::Filter all;
    auto read = co_await journal_.Read(cursor, options_.batch, std::move(all), deadline);
    ASSIGN_OR_CO_RETURN(std::vector<journal::Event> events, std::move(read));
    if (events.empty()) {
      co_return cursor;
    }
    auto applied = co_await ApplyEvents(std::move(events), deadline);
    if (!applied && applied.error().code() == Code::kFailedPrecondition) {
      // Somebody began a rebuild in between: go on from where the graph is now.
      applied = co_await Cursor(deadline);
    }
    ASSIGN_OR_CO_RETURN(cursor, std::move(applied));
    if (progress) {
      progress(cursor);
    }
  }
}

Task<int64_t> Projector::CatchUp(Deadline deadline) {
  std::function<void(int64_t)> nothing;
  co_return co_await Replay(std::move(nothing), deadline);
}

Task<> Projector::Follow(Deadline deadline) {
  const auto enough = [deadline] { return std::max(deadline, After(std::chrono::seconds(10))); };
  if (!subscription_) {
    journal::Filter all;
    auto opened = co_await journal_.Subscribe("trace", std::move(all), journal::StartAt::kBeginning,
                                              enough());
    ASSIGN_OR_CO_RETURN(journal::Subscription subscription, std::move(opened));
    subscription_ = std::move(subscription);
  }
  auto caught = co_await CatchUp(enough());
  ASSIGN_OR_CO_RETURN(int64_t cursor, std::move(caught));
  CO_TRY(co_await subscription_->Ack(cursor, enough()));
  while (std::chrono::steady_clock::now() < deadline) {
    auto next = co_await subscription_->Next(options_.batch, deadline);
    ASSIGN_OR_CO_RETURN(std::vector<journal::Event> events, std::move(next));
    if (events.empty()) {
      break;
    }
    if (events.back().seq <= cursor) {
      continue;  // of the time before CatchUp
    }
    auto applied = co_await ApplyEvents(std::move(events), enough());
    if (!applied && applied.error().code() == Code::kFailedPrecondition) {
      applied = co_await CatchUp(enough());
    }
    ASSIGN_OR_CO_RETURN(cursor, std::move(applied));
    CO_TRY(co_await subscription_->Ack(cursor, enough()));
  }
  co_return OkStatus();
}

Task<> Projector::Rebuild(Deadline deadline, std::function<void(int64_t, int64_t)> progress) {
  auto head_read = co_await journal_.Head(deadline);
  ASSIGN_OR_CO_RETURN(const int64_t head, std::move(head_read));
  auto clear = [](store::Transaction& tx) { return internal::Clear(tx); };
  CO_TRY(co_await db_.Write(std::move(clear), deadline));
  std::function<void(int64_t)> report;
  if (progress) {
    report = [&progress, head](int64_t applied) { progress(applied, std::max(applied, head)); };
  }
  auto replayed = co_await Replay(std::move(report), deadline);
  ASSIGN_OR_CO_RETURN([[maybe_unused]] const int64_t applied, std::move(replayed));
  co_return OkStatus();
}

Task<std::string> DigestOf(store::Database& db, Deadline deadline) {
  auto read = [](store::Session& session) { return internal::Digest(session); };
  co_return co_await db.Read(std::move(read), deadline);
}

}  // namespace stetig::trace
