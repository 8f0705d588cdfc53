#include "store/sqlite/checkpointer.h"

#include <pthread.h>

#include "base/log.h"

namespace stetig::store::sqlite {
namespace {

// Passive: copies what it can without waiting for anybody. Answers how many pages of the log are
// left.
Result<int> CopyPages(Connection& connection) {
  int in_log = 0;
  int copied = 0;
  const int rc = sqlite3_wal_checkpoint_v2(connection.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                           &in_log, &copied);
  if (rc != SQLITE_OK) {
    return Err(ErrorOf(connection.raw(), rc));
  }
  return in_log - copied;
}

}  // namespace

Checkpointer::~Checkpointer() {
  {
    MutexLock lock(mutex_);
    closing_ = true;
  }
  changed_.NotifyAll();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Checkpointer::AfterGroup(Connection& writer, int wal_pages) {
  wal_pages_.store(static_cast<uint64_t>(wal_pages), std::memory_order_relaxed);
  if (wal_pages < kBeginPages) {
    next_round_ = kBeginPages;
    return;
  }
  if (busy_.load(std::memory_order_acquire)) {
    return;
  }
  if (rest_is_short_.exchange(false, std::memory_order_acq_rel)) {
    Note(CopyPages(writer));
    return;
  }
  if (wal_pages < next_round_) {
    return;
  }
  next_round_ = wal_pages + kRestPages;  // while a reader is in the way, not after every group
  busy_.store(true, std::memory_order_relaxed);
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { Loop(); });
    pthread_setname_np(thread_.native_handle(), "db-checkpoint");
  }
  {
    MutexLock lock(mutex_);
    wanted_ = true;
  }
  changed_.NotifyOne();
}

void Checkpointer::AddTo(DatabaseStats& stats) const {
  stats.checkpoints = checkpoints_.load(std::memory_order_relaxed);
  stats.checkpoints_failed = failed_.load(std::memory_order_relaxed);
  stats.wal_pages = wal_pages_.load(std::memory_order_relaxed);
}

bool Checkpointer::Note(const Result<int>& left) {
  if (!left) {
    failed_.fetch_add(1, std::memory_order_relaxed);
    LOG(kError, "the log of the database could not be copied into its file",
        {"reason", left.error()}, {"pages", wal_pages_.load(std::memory_order_relaxed)});
    return false;
  }
  checkpoints_.fetch_add(1, std::memory_order_relaxed);
  return *left <= kRestPages;
}

Result<int> Checkpointer::Round(std::unique_ptr<Connection>& connection) const {
  if (connection == nullptr) {
    ASSIGN_OR_RETURN(connection, Connection::Open(path_, {.cache_kib = 64}));
  }
  return CopyPages(*connection);
}

void Checkpointer::Loop() {
  std::unique_ptr<Connection> connection;
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!wanted_ && !closing_) {
        changed_.Wait(mutex_);
      }
      if (closing_) {
        return;
      }
      wanted_ = false;
    }
    rest_is_short_.store(Note(Round(connection)), std::memory_order_release);
    busy_.store(false, std::memory_order_release);
  }
}

}  // namespace stetig::store::sqlite
