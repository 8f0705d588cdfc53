// The seam between repositories and a database: SQLite (embedded) or PostgreSQL, same behaviour,
// one conformance suite.
//
// Reads run on a pool of reader threads, each with a connection of its own and a consistent
// snapshot. Writes from all requests go into one bounded queue; one writer drains it and commits
// many of them in one synced transaction (group commit), then completes each. So there is exactly
// one writer at a time, on both stores and across replicas (PostgreSQL: an advisory lock held by
// the group transaction): write closures may read and then write without fear of a race.
//
// Closures must be *re-runnable*: when one closure of a group fails after it has written, or the
// connection is lost before the commit was sent, the group is rolled back and every closure of it
// runs again. What a closure computes must come from its captures and the session alone, and
// captures must not be used up by the first run. They run on a store thread: no waiting on anything
// but the session. A closure that wants to refuse does so best *before it writes*: then it fails
// alone and costs the others of its group nothing.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"
#include "store/migration.h"
#include "store/statement.h"

namespace stetig::store {

/// One row while a query runs. Text and bytes are valid only inside the row function. Columns count
/// from 0; asking for a column that does not exist is a programming error (CHECK). A NULL reads as
/// 0, NaN or empty: ask IsNull first where it matters.
class Row {
 public:
  virtual bool IsNull(int column) const = 0;
  virtual int64_t Int(int column) const = 0;
  virtual double Real(int column) const = 0;
  virtual std::string_view Text(int column) const = 0;
  virtual std::span<const std::byte> Bytes(int column) const = 0;

 protected:
  ~Row() = default;
};

/// Called for each row; a status that is not OK ends the query and is returned by it.
using RowFn = std::move_only_function<Status(const Row&)>;
using Params = std::span<const Value>;

/// What both readers and writers can do. Errors of every query: kInvalidArgument (a value that the
/// column refuses), kAlreadyExists (unique or primary key), kFailedPrecondition (foreign key,
/// check), kUnavailable (connection lost), kResourceExhausted (disk full), kDataLoss (database file
/// damaged), kDeadlineExceeded (the closure's deadline passed while the query ran; of a write, the
/// latest deadline in its group), kInternal (wrong SQL). Not thread-safe; used only inside the
/// closure that received it.
///
/// Values, alike on both stores: text must be UTF-8 without NUL (else kInvalidArgument) and
/// compares by bytes; infinities are kept; NaN travels as NULL, since SQLite has no NaN: a column
/// that may hold one must allow NULL. SQLite forgets the sign of -0.0.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  virtual Dialect dialect() const = 0;
  /// Runs a query, calling `on_row` for each row in order. `on_row` may not use the session.
  virtual Status Query(const Statement& statement, Params params, RowFn on_row) = 0;
  /// The same query for each element of `batch` (all of one width); PostgreSQL sends them in one
  /// pipeline. `on_row` receives the element's index.
  virtual Status QueryMany(const Statement& statement, std::span<const Params> batch,
                           std::move_only_function<Status(size_t, const Row&)> on_row) = 0;
  /// SQL put together at run time; cached by text in a bounded cache.
  virtual Status Query(const SqlBuilder& sql, RowFn on_row) = 0;

  Status Query(const Statement& statement, std::initializer_list<Value> params, RowFn on_row) {
    return Query(statement, Params(params.begin(), params.size()), std::move(on_row));
  }
};

/// Something that is woken after commits, e.g. "events were appended". Declare as `inline constinit
/// const Topic kAppended;`: its address is its name.
class Topic {
 public:
  constexpr Topic() = default;
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;
};

/// A write closure's view of its group transaction. After a statement has failed the closure must
/// return an error: what it had done is undone. To expect a conflict use `ON CONFLICT DO NOTHING`
/// and Changed.
class Transaction : public Session {
 public:
  /// Runs a statement that yields no rows. PostgreSQL may only queue it in the pipeline: its error
  /// then surfaces at the next Query, Changed or at the end of the closure.
  virtual Status Execute(const Statement& statement, Params params) = 0;
  /// The same statement for many rows; one pipeline or one prepared loop.
  virtual Status ExecuteMany(const Statement& statement, std::span<const Params> rows) = 0;
  /// Runs a statement and says how many rows it inserted, updated or deleted.
  virtual Result<int64_t> Changed(const Statement& statement, Params params) = 0;
  /// Runs after the commit of the group that holds this closure, on the writer's thread, in order;
  /// dropped on rollback. Must be short and must not throw: bump counters, update caches.
  virtual void AfterCommit(std::move_only_function<void()> hook) = 0;
  /// Wakes the listeners of `topic` after the commit, once for the whole group.
  virtual void Announce(const Topic& topic) = 0;

  Status Execute(const Statement& statement, std::initializer_list<Value> params) {
    return Execute(statement, Params(params.begin(), params.size()));
  }
  Result<int64_t> Changed(const Statement& statement, std::initializer_list<Value> params) {
    return Changed(statement, Params(params.begin(), params.size()));
  }
};

/// Counters for metrics, since the database was opened; taken without a lock, so they may be a
/// moment apart.
struct DatabaseStats {
  uint64_t writes = 0;         ///< write closures that were committed
  uint64_t writes_failed = 0;  ///< write closures that ended in an error, refused ones included
  uint64_t commits = 0;        ///< group transactions committed
  uint64_t group_reruns = 0;   ///< groups rolled back and run again
  std::array<uint64_t, 12> group_sizes{};  ///< [i]: committed groups of 2^i … 2^(i+1)-1 closures
  uint64_t reads = 0;
  uint64_t reads_failed = 0;
  uint64_t reconnects = 0;   ///< connections opened again after a loss (PostgreSQL)
  uint64_t checkpoints = 0;  ///< SQLite: rounds that copied its log back
  uint64_t checkpoints_failed = 0;
  uint64_t wal_pages = 0;  ///< pages in SQLite's log now
  size_t write_queue = 0;  ///< waiting now
  size_t read_queue = 0;
};

/// Keeps a listener registered as long as it lives. Move-only; may outlive the database.
class Listener {
 public:
  Listener() = default;
  explicit Listener(std::shared_ptr<void> registration) : registration_(std::move(registration)) {}

 private:
  std::shared_ptr<void> registration_;
};

/// A database of stetig's. Thread-safe. Write() and Read() resume the awaiting coroutine on its own
/// loop.
class Database {
 public:
  using ReadFn = std::move_only_function<Status(Session&)>;
  using WriteFn = std::move_only_function<Status(Transaction&)>;
  using DoneFn = std::move_only_function<void(Status)>;

  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual ~Database() = default;  ///< waits for what runs, fails what waits with kUnavailable

  virtual Dialect dialect() const = 0;

  /// Runs `fn(Transaction&)`, which returns Result<T> or Status, in a group commit; answers after
  /// the commit is durable. An error returned by `fn` leaves nothing of it behind and comes back as
  /// it is. Besides: kResourceExhausted (queue full), kDeadlineExceeded (not begun at
  /// `deadline`, or given up after it: nothing written), kUnavailable (the store is away; on
  /// PostgreSQL a commit whose answer was lost is also kUnavailable: the effect is unknown, every
  /// write use case is replay-safe).
  template <class F>
  auto Write(F fn, Deadline deadline) -> io::Awaitable<std::invoke_result_t<F&, Transaction&>> {
    using R = std::invoke_result_t<F&, Transaction&>;
    return io::Suspend<R>([this, fn = std::move(fn), deadline](auto done) mutable {
      auto closure =
          std::make_unique<Closure<R, F, decltype(done)>>(std::move(fn), std::move(done));
      auto* raw = closure.get();
      SubmitWrite([raw](Transaction& tx) { return raw->Run(tx); },
                  [closure = std::move(closure)](Status status) mutable {
                    closure->Finish(std::move(status));
                  },
                  deadline);
    });
  }

  /// Runs `fn(Session&)` on a reader with a consistent snapshot. Errors besides `fn`'s:
  /// kResourceExhausted (queue full), kDeadlineExceeded, kUnavailable. `fn` may run twice (a lost
  /// connection is tried anew once).
  template <class F>
  auto Read(F fn, Deadline deadline) -> io::Awaitable<std::invoke_result_t<F&, Session&>> {
    using R = std::invoke_result_t<F&, Session&>;
    return io::Suspend<R>([this, fn = std::move(fn), deadline](auto done) mutable {
      auto closure =
          std::make_unique<Closure<R, F, decltype(done)>>(std::move(fn), std::move(done));
      auto* raw = closure.get();
      SubmitRead([raw](Session& session) { return raw->Run(session); },
                 [closure = std::move(closure)](Status status) mutable {
                   closure->Finish(std::move(status));
                 },
                 deadline);
    });
  }

  /// Applies every migration not yet applied, in order, each with its row in `schema_migrations` in
  /// one transaction. Blocking; call before the first Read or Write, once for every module.
  /// kFailedPrecondition: the database knows a migration of one of these modules that this
  /// executable does not (it is newer), or one whose text differs.
  virtual Status Migrate(std::span<const Migration> migrations) = 0;

  /// Queues a write. Exactly one `done` call, after commit or failure, on a store thread; on the
  /// caller's when it is refused at once.
  virtual void SubmitWrite(WriteFn run, DoneFn done, Deadline deadline) = 0;
  /// Queues a read. Exactly one `done` call, as above.
  virtual void SubmitRead(ReadFn run, DoneFn done, Deadline deadline) = 0;

  /// `wake` runs on the writer's thread after each commit of this process that announced `topic`,
  /// until the listener is gone. Short; must not throw. It may run once more while the listener is
  /// being destroyed on another thread.
  [[nodiscard]] virtual Listener Listen(const Topic& topic, std::function<void()> wake) = 0;

  virtual DatabaseStats stats() const = 0;

 private:
  /// A closure with the place of its result and the completion of its caller.
  template <class R, class F, class Done>
  struct Closure {
    Closure(F f, Done d) : fn(std::move(f)), done(std::move(d)) {}
    template <class S>
    Status Run(S& session) {
      result.emplace(fn(session));
      return ::stetig::internal::IsOk(*result) ? Status() : StatusOf(*result);
    }
    void Finish(Status status) {
      if (status.ok()) {
        std::move(done)(std::move(*result));
      } else {
        std::move(done)(R(Err(std::move(status))));
      }
    }
    static Status StatusOf(const Status& status) { return status; }
    template <class T>
    static Status StatusOf(const Result<T>& r) {
      return r.error();
    }
    F fn;
    Done done;
    std::optional<R> result;
  };
};

/// Limits of a database; the defaults fit one small machine.
struct DatabaseOptions {
  int readers = 4;              ///< reader threads and connections
  size_t write_queue = 16'384;  ///< writes waiting; beyond: kResourceExhausted
  size_t read_queue = 4'096;    ///< reads waiting; beyond: kResourceExhausted
  size_t group_limit = 1'024;   ///< closures in one commit at most
  bool create = true;           ///< make the database when missing (SQLite)
  /// One process at a time (SQLite). False: beside the one that holds the database, for the few
  /// rows of a tool; each write waits up to 5 s for the other process's (kUnavailable).
  bool exclusive = true;
};

/// Opens `sqlite:///absolute/path/file.db` or `postgresql://…`. kInvalidArgument: unknown scheme or
/// relative path. kUnavailable: cannot be reached. kNotFound: no such file, and `create` is off.
/// kFailedPrecondition: another process holds it, it belongs to another program, or it is
/// read-only. kDataLoss: the file is no database.
Result<std::unique_ptr<Database>> Open(std::string_view url, const DatabaseOptions& options);

/// The migrations that Migrate would apply, as "module/name", without changing anything. Blocking.
/// kFailedPrecondition as Migrate; codes of Read.
Result<std::vector<std::string>> PendingMigrations(Database& db,
                                                   std::span<const Migration> migrations);

}  // namespace stetig::store
