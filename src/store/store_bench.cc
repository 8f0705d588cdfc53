// What the store costs over the engine beneath it. Run on the disk that counts: TMPDIR says where.
//
//   RawCommit/N      one synced transaction of N rows in a plain loop on SQLite's own API: the
//   floor Write/N          N coroutines on one loop, each writing one row at a time: rows per
//   second, hop and group commit included Read/N           the same for reads of one row
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/check.h"
#include "store/testing/things.h"

namespace stetig::store {
namespace {

constexpr Migration kLog[] = {{"bench", "0001_log",
                               "CREATE TABLE log (\n  id BIGINT PRIMARY KEY,\n  run BIGINT,\n  "
                               "value DOUBLE PRECISION,\n  key TEXT\n)\n--sqlite: STRICT\n;\n"}};
constexpr Statement kAppend{"INSERT INTO log (id, run, value, key) VALUES ($1, $2, $3, $4)"};
constexpr Statement kGet{"SELECT value FROM log WHERE id = $1"};

std::unique_ptr<testing::TestDatabase> Place(Dialect dialect) {
  auto place = testing::TestDatabase::Make(dialect);
  CHECK(place.has_value());
  return *std::move(place);
}

std::unique_ptr<Database> OpenAt(const testing::TestDatabase& place) {
  auto db = Open(place.url(), {});
  CHECK(db.has_value());
  CHECK((*db)->Migrate(kLog).ok());
  return *std::move(db);
}

void RawCommit(benchmark::State& state) {
  const auto place = Place(Dialect::kSqlite);
  OpenAt(*place);
  sqlite3* db = nullptr;
  CHECK(sqlite3_open_v2(place->url().substr(9).c_str(), &db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) == SQLITE_OK);
  CHECK(sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", nullptr, nullptr,
                     nullptr) == SQLITE_OK);
  sqlite3_stmt* insert = nullptr;
  CHECK(sqlite3_prepare_v3(db, "INSERT INTO log VALUES (?1, ?2, ?3, ?4)", -1,
                           SQLITE_PREPARE_PERSISTENT, &insert, nullptr) == SQLITE_OK);
  int64_t id = 0;
  for (auto _ : state) {
    CHECK(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    for (int64_t i = 0; i < state.range(0); ++i) {
      sqlite3_bind_int64(insert, 1, ++id);
      sqlite3_bind_int64(insert, 2, id % 1'000);
      sqlite3_bind_double(insert, 3, 0.5 * static_cast<double>(id));
      sqlite3_bind_text(insert, 4, "loss", 4, SQLITE_STATIC);
      CHECK(sqlite3_step(insert) == SQLITE_DONE);
      sqlite3_reset(insert);
    }
    CHECK(sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  state.SetItemsProcessed(id);
  sqlite3_finalize(insert);
  sqlite3_close(db);
}
BENCHMARK(RawCommit)->Arg(1)->Arg(32)->Arg(1'000)->UseRealTime()->Unit(benchmark::kMicrosecond);

struct Load {
  Database& db;
  int64_t next_id = 0;
  int64_t left = 0;
  int running = 0;
  std::vector<double> micros;
};

io::Awaitable<Status> WriteOne(Load& load) {
  const int64_t id = ++load.next_id;
  auto write = [id](Transaction& tx) {
    return tx.Execute(kAppend, {id, id % 1'000, 0.5 * static_cast<double>(id), "loss"});
  };
  return load.db.Write(std::move(write), After(std::chrono::seconds(30)));
}

io::Awaitable<Status> ReadOne(Load& load) {
  const int64_t id = 1 + load.left % load.next_id;
  auto read = [id](Session& session) {
    return session.Query(kGet, {id}, [](const Row& row) {
      return benchmark::DoNotOptimize(row.Real(0)), OkStatus();
    });
  };
  return load.db.Read(std::move(read), After(std::chrono::seconds(30)));
}

using One = io::Awaitable<Status> (*)(Load&);

io::Awaitable<void> Client(Load& load, One one) {
  while (load.left-- > 0) {
    const auto begun = std::chrono::steady_clock::now();
    const Status status = co_await one(load);
    CHECK(status.ok());
    load.micros.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun)
            .count());
  }
  --load.running;
}

void RunClients(asio::io_context& loop, Load& load, One one, int64_t clients, int64_t total) {
  load.left = total;
  load.running = static_cast<int>(clients);
  for (int64_t i = 0; i < clients; ++i) {
    io::Spawn(loop.get_executor(), Client(load, one));
  }
  loop.restart();
  const auto work = asio::make_work_guard(loop);
  while (load.running > 0) {
    loop.run_one();
  }
}

void Report(benchmark::State& state, Load& load) {
  std::ranges::sort(load.micros);
  const auto at = [&](double part) {
    return load.micros[static_cast<size_t>(part * static_cast<double>(load.micros.size() - 1))];
  };
  state.counters["p50_us"] = at(0.5);
  state.counters["p99_us"] = at(0.99);
  state.counters["max_us"] = at(1);
  const DatabaseStats stats = load.db.stats();
  state.counters["group"] =
      stats.commits == 0 ? 0
                         : static_cast<double>(stats.writes) / static_cast<double>(stats.commits);
  state.SetItemsProcessed(static_cast<int64_t>(load.micros.size()));
}

void RunLoad(benchmark::State& state, Dialect dialect, One one) {
  const auto place = Place(dialect);
  const auto db = OpenAt(*place);
  asio::io_context loop(1);
  Load load{.db = *db};
  RunClients(loop, load, &WriteOne, 8, 1'000);
  load.micros.clear();
  for (auto _ : state) {
    RunClients(loop, load, one, state.range(0), std::max<int64_t>(1'000, state.range(0) * 100));
  }
  Report(state, load);
}

void Write(benchmark::State& state) { RunLoad(state, Dialect::kSqlite, &WriteOne); }
void Read(benchmark::State& state) { RunLoad(state, Dialect::kSqlite, &ReadOne); }
void PostgresWrite(benchmark::State& state) { RunLoad(state, Dialect::kPostgres, &WriteOne); }
void PostgresRead(benchmark::State& state) { RunLoad(state, Dialect::kPostgres, &ReadOne); }
BENCHMARK(Write)->Arg(1)->Arg(32)->Arg(256)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(Read)->Arg(1)->Arg(32)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(PostgresWrite)->Arg(1)->Arg(32)->Arg(256)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(PostgresRead)->Arg(1)->Arg(32)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stetig::store
