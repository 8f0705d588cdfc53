// What the journal's proofs cost. Run on the disk that counts: TMPDIR says where.
//
//   Append          writing one event within a transaction of 1,000, its commit left out
//   AppendFloor     the same rows without hashing, salts and checks: one plain INSERT each
//   Inclusion/N     a proof for a random entry among N, with tiles; N up to 10,000,000 with
//                   STETIG_BENCH_EVENTS, for which 2 GB are written first
//   InclusionFloor  reading the seven rows that such a proof stands on
//   FillTiles       storing one tile of 256 entries
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "base/check.h"
#include "journal/audit.h"
#include "journal/migrations.h"
#include "journal/proof_repository.h"
#include "journal/service.h"
#include "journal/tiles.h"
#include "store/testing/fixture.h"

namespace stetig::journal {
namespace {

constexpr int64_t kPerTransaction = 1'000;

Deadline Late() { return After(std::chrono::minutes(30)); }

struct Place {
  std::unique_ptr<store::testing::TestDatabase> folder;
  std::unique_ptr<store::Database> db;
};

Place Open() {
  Place place;
  auto folder = store::testing::TestDatabase::Make(store::Dialect::kSqlite);
  CHECK(folder.has_value());
  place.folder = *std::move(folder);
  auto db = store::Open(place.folder->url(), {});
  CHECK(db.has_value());
  place.db = *std::move(db);
  CHECK(place.db->Migrate(Migrations()).ok());
  return place;
}

Event Made(int64_t number) {
  return {.time = {1'700'000'000'000 + number},
          .project = "churn",
          .actor = "ada",
          .kind = "run.finished",
          .subject = {"run", fmt::format("{:032x}", number)},
          .refs = {{"experiment", "17"}},
          .payload = R"({"status":"FINISHED","end_time":1700000000000})",
          .request_id = "01HF7Z5W8ZK0V7Y3C0A3B0Q9RS"};
}

/// Runs `one` a thousand times in each transaction; the time of these alone.
template <class One>
void InTransactions(benchmark::State& state, One one) {
  const Place place = Open();
  int64_t number = 0;
  for (auto _ : state) {
    double seconds = 0;
    auto write = [&](store::Transaction& tx) -> Status {
      const auto begun = std::chrono::steady_clock::now();
      for (int64_t i = 0; i < kPerTransaction; ++i) {
        TRY(one(tx, ++number));
      }
      seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
      return OkStatus();
    };
    CHECK(io::RunSync(place.db->Write(std::move(write), Late())).ok());
    state.SetIterationTime(seconds / kPerTransaction);
  }
}

void Append(benchmark::State& state) {
  InTransactions(state, [](store::Transaction& tx, int64_t number) {
    return journal::Append(tx, Made(number));
  });
}
BENCHMARK(Append)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(100);

void AppendFloor(benchmark::State& state) {
  static constexpr store::Statement kInsert{
      "INSERT INTO journal_events (time, tenant, project, actor, kind, subject_type, subject_id, "
      "refs, payload, request_id, leaf_hash) VALUES ($1, 'default', 'churn', 'ada', "
      "'run.finished', 'run', $2, '[[\"experiment\",\"17\"]]', "
      "'{\"status\":\"FINISHED\",\"end_time\":1700000000000}', '01HF7Z5W8ZK0V7Y3C0A3B0Q9RS', $3)"};
  InTransactions(state, [](store::Transaction& tx, int64_t number) {
    const LeafHash hash{};
    return tx.Execute(kInsert,
                      {number, fmt::format("{:032x}", number), std::span<const std::byte>(hash)});
  });
}
BENCHMARK(AppendFloor)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(100);

int64_t Events() {
  const char* events = std::getenv("STETIG_BENCH_EVENTS");
  return events == nullptr ? 1'000'000 : std::atoll(events);
}

/// Rows with nothing but leaf hashes, and the tiles over them. Made once.
Place& Filled() {
  static Place place = [] {
    Place made = Open();
    static constexpr store::Statement kRows{
        "WITH RECURSIVE n(i) AS (SELECT $1 + 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) INSERT "
        "INTO journal_events (seq, time, tenant, project, actor, kind, subject_type, subject_id, "
        "refs, payload, request_id, leaf_hash) SELECT i, i, 'default', '', 'ada', 'k', 's', i, "
        "'[]', '{}', '', randomblob(32) FROM n"};
    for (int64_t from = 0; from < Events(); from += 250'000) {
      auto write = [from](store::Transaction& tx) {
        return tx.Execute(kRows, {from, std::min(from + 250'000, Events())});
      };
      CHECK(io::RunSync(made.db->Write(std::move(write), Late())).ok());
    }
    Audit audit(*made.db);
    for (int64_t filled = 1; filled > 0;) {
      auto done = io::RunSync(audit.FillTiles(256, Late()));
      CHECK(done.has_value());
      filled = *done;
    }
    return made;
  }();
  return place;
}

/// Times `read` inside one read of the database for each iteration.
template <class Read>
void InReads(benchmark::State& state, Read read) {
  Place& place = Filled();
  std::mt19937_64 random(1);
  for (auto _ : state) {
    const auto seq = static_cast<int64_t>(random() % static_cast<uint64_t>(Events())) + 1;
    double seconds = 0;
    auto timed = [&](store::Session& session) -> Status {
      const auto begun = std::chrono::steady_clock::now();
      TRY(read(session, seq));
      seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
      return OkStatus();
    };
    CHECK(io::RunSync(place.db->Read(std::move(timed), Late())).ok());
    state.SetIterationTime(seconds);
  }
  state.counters["entries"] = static_cast<double>(Events());
}

void Inclusion(benchmark::State& state) {
  InReads(state, [](store::Session& session, int64_t seq) -> Status {
    TileSource nodes(session);
    ASSIGN_OR_RETURN(const merkle::Proof proof, merkle::InclusionProof(nodes, seq - 1, Events()));
    benchmark::DoNotOptimize(proof.data());
    return OkStatus();
  });
}
BENCHMARK(Inclusion)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(2'000);

void InclusionFloor(benchmark::State& state) {
  InReads(state, [](store::Session& session, int64_t seq) -> Status {
    int64_t index = seq - 1;
    int64_t last = Events() - 1;
    for (int level = 0; level < 3; ++level) {
      index /= kTileWidth;
      last /= kTileWidth;
      TRY(repository::Tile(session, level, index));
      TRY(repository::Tile(session, level, last));
    }
    return OkStatus();
  });
}
BENCHMARK(InclusionFloor)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(2'000);

void FillTiles(benchmark::State& state) {
  const Place place = Open();
  auto write = [](store::Transaction& tx) -> Status {
    for (int64_t number = 1; number <= 256 * 200; ++number) {
      TRY(journal::Append(tx, Made(number)));
    }
    return OkStatus();
  };
  CHECK(io::RunSync(place.db->Write(std::move(write), Late())).ok());
  Audit audit(*place.db);
  for (auto _ : state) {
    auto filled = io::RunSync(audit.FillTiles(1, Late()));
    CHECK(filled.has_value() && *filled == 1);
  }
}
BENCHMARK(FillTiles)->UseRealTime()->Unit(benchmark::kMicrosecond)->Iterations(200);

}  // namespace
}  // namespace stetig::journal
