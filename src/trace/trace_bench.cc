// The trace graph at its size: 1,000,000 nodes and 10,000,000 edges, and a journal of 1,000,000
// events. Run on the disk that counts: TMPDIR says where; the files stay there for the next run, so
// that the memory of building them does not count. First
//   trace_bench --benchmark_filter=Build, then trace_bench --benchmark_filter='Trace|Rebuild'
//
//   TraceBothWays     the whole connected part of a random node (100 … 2,000 nodes, 10 edges for
//   each):
//                     p50, p95, max in ms; anon_mib: memory beside the file's pages, grown since
//                     start
//   TraceBackward     what a node came from
//   Rebuild           the graph of 1,000,000 events made anew: seconds
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "base/check.h"
#include "io/loop.h"
#include "journal/migrations.h"
#include "journal/service.h"
#include "trace/internal/repository.h"
#include "trace/migrations.h"
#include "trace/projector.h"
#include "trace/service.h"

namespace stetig::trace {
namespace {

constexpr int64_t kNodes = 1'000'000;
constexpr int64_t kEdgesPerNode = 10;
constexpr int64_t kEvents = 1'000'000;
constexpr int64_t kStart = 1'700'000'000'000;

constexpr store::Statement kDropIndex{"DROP INDEX trace_edges_back"};
constexpr store::Statement kMakeIndex{
    "CREATE INDEX trace_edges_back ON trace_edges (to_no, type_no, from_no, seq, rule_no, basis, "
    "has_evidence, valid_from, valid_to, recorded_at, ended_at)"};

Deadline Long() { return After(std::chrono::minutes(60)); }

std::filesystem::path FileOf(std::string_view name) {
  return std::filesystem::temp_directory_path() / fmt::format("stetig-trace-bench-{}.db", name);
}

std::unique_ptr<store::Database> OpenAt(std::string_view name) {
  auto db = store::Open("sqlite://" + FileOf(name).string(), {});
  CHECK(db.has_value());
  CHECK((*db)->Migrate(journal::Migrations()).ok());
  CHECK((*db)->Migrate(Migrations()).ok());
  return *std::move(db);
}

template <class F>
void WriteTo(store::Database& db, F fn) {
  CHECK(io::RunSync(db.Write(std::move(fn), Long())).ok());
}

/// MiB of this process that no file backs.
double AnonymousMib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) {
      return static_cast<double>(std::stoll(line.substr(8))) / 1'024;
    }
  }
  return 0;
}

/// Parts of 100 … 2,000 nodes, the same in every run: their first node numbers, and the end.
std::vector<int64_t> Parts() {
  std::mt19937_64 random(1);
  std::vector<int64_t> firsts;
  for (int64_t at = 1; at <= kNodes;) {
    firsts.push_back(at);
    at += 100 + static_cast<int64_t>(random() % 1'901);
  }
  firsts.push_back(kNodes + 1);
  return firsts;
}

/// Ids that follow each other in no order, as hashes do.
std::string IdOf(int64_t no) {
  return fmt::format("{:032x}", static_cast<uint64_t>(no) * 0x9E3779B97F4A7C15);
}

Status InsertPart(store::Transaction& tx, int64_t first, int64_t end) {
  std::mt19937_64 random(static_cast<uint64_t>(first));
  std::vector<internal::NodeRow> nodes;
  std::vector<internal::IdRow> ids;
  std::vector<internal::EdgeRow> edges;
  for (int64_t no = first; no < end; ++no) {
    nodes.push_back({.no = no,
                     .tenant = "default",
                     .type = 1 + no % 8,
                     .id = IdOf(no),
                     .project = fmt::format("p{}", first),
                     .title = fmt::format("Something that is number {}", no),
                     .status = "finished",
                     .attributes = R"({"digest":"0123456789abcdef"})",
                     .first_seen = kStart + no,
                     .seq = no});
    ids.push_back({{"default", nodes.back().type, nodes.back().id}, no});
    for (int64_t i = 0; i < kEdgesPerNode; ++i) {
      const int64_t to =
          first + static_cast<int64_t>(random() % static_cast<uint64_t>(end - first));
      edges.push_back({.from = no,
                       .type = 9 + static_cast<int64_t>(random() % 8),
                       .to = to,
                       .seq = no * kEdgesPerNode + i,
                       .rule = 17,
                       .valid_from = kStart + no,
                       .recorded_at = kStart + no});
    }
  }
  std::vector<const internal::NodeRow*> node_rows;
  for (const auto& row : nodes) {
    node_rows.push_back(&row);
  }
  std::vector<const internal::EdgeRow*> edge_rows;
  for (const auto& row : edges) {
    edge_rows.push_back(&row);
  }
  std::ranges::sort(edge_rows, {}, [](const internal::EdgeRow* row) {
    return std::tuple(row->from, row->type, row->to, row->seq);
  });
  TRY(internal::InsertNodes(tx, node_rows));
  TRY(internal::PutIds(tx, ids));
  return internal::InsertEdges(tx, edge_rows);
}

void BuildGraph(benchmark::State& state) {
  for (auto _ : state) {
    for (const char* suffix : {"", "-wal", "-shm", "-lock"}) {
      std::filesystem::remove(FileOf("graph").string() + suffix);
    }
    const auto db = OpenAt("graph");
    WriteTo(*db, [](store::Transaction& tx) -> Status {
      internal::Words words;
      for (int i = 1; i <= 17; ++i) {
        words.Load(i, i <= 8 ? fmt::format("type{}", i) : fmt::format("edge{}", i));
      }
      TRY(internal::InsertWords(tx, words, 1));
      TRY(internal::SaveProgress(
          tx, {.applied_seq = (kNodes + 1) * kEdgesPerNode, .next_node = kNodes + 1}));
      return tx.Execute(kDropIndex, {});
    });
    const std::vector<int64_t> parts = Parts();
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      WriteTo(*db, [&parts, i](store::Transaction& tx) {
        return InsertPart(tx, parts[i], parts[i + 1]);
      });
    }
    WriteTo(*db, [](store::Transaction& tx) { return tx.Execute(kMakeIndex, {}); });
  }
}
BENCHMARK(BuildGraph)->Iterations(1)->Unit(benchmark::kSecond);

/// A project's ordinary life: 12 events to a run.
journal::Event EventOf(int64_t i) {
  const int64_t n = i / 12;
  const std::string run = fmt::format("{:032x}", n);
  const std::string commit = fmt::format("{:040x}", n / 2);
  const std::string task = fmt::format("T-{}", n / 8);
  journal::Event event{.time = {kStart + i},
                       .project = fmt::format("p{}", n / 500),
                       .actor = "ada",
                       .request_id = "01HXAMPLE0000000000000000"};
  const auto fill = [&event](const char* kind, journal::Ref subject, std::vector<journal::Ref> refs,
                             std::string payload) {
    event.kind = kind;
    event.subject = std::move(subject);
    event.refs = std::move(refs);
    event.payload = std::move(payload);
  };
  switch (i % 12) {
    case 0:
      fill("task.updated", {"task", task}, {{"requirement", fmt::format("R-{}", n / 40)}},
           R"({"title":"Make it better","status":"open"})");
      break;
    case 1:
      fill("commit.recorded", {"commit", commit}, {{"task", task}}, R"({"title":"make it so"})");
      break;
    case 2:
      fill("run.created", {"run", run}, {{"experiment", fmt::format("{}", n / 100)}},
           fmt::format(R"({{"name":"calm-cat-{}","commit":"{}"}})", n, commit));
      break;
    case 3:
    case 4:
    case 5:
      fill("dataset.used", {"dataset", "x"}, {{"run", run}},
           fmt::format(R"({{"name":"set{}","digest":"{:08x}","source_type":"local"}})", i % 12,
                       n / 20));
      break;
    case 6:
      fill("logged_model.created", {"logged_model", "m-" + run}, {{"run", run}},
           R"({"name":"forest","model_type":"sklearn"})");
      break;
    case 7:
      fill("logged_model.finalized", {"logged_model", "m-" + run}, {}, R"({"status":"READY"})");
      break;
    case 8:
      fill("run.finished", {"run", run}, {{"experiment", fmt::format("{}", n / 100)}},
           R"({"status":"FINISHED"})");
      break;
    case 9:
      fill("model_version.created",
           {"model_version", fmt::format("model{}/{}", n / 50, n % 50 + 1)},
           {{"run", run}, {"logged_model", "m-" + run}}, "{}");
      break;
    case 10:
      fill("alias.set", {"model_version", fmt::format("model{}/{}", n / 50, n % 50 + 1)},
           {{"alias", fmt::format("model{}@live", n / 50)}}, "{}");
      break;
    default:
      fill("link.asserted", {"task", task}, {},
           fmt::format(R"({{"type":"done_in","from":["task","{}"],"to":["commit","{}"],)"
                       R"("basis":"derived","rule":"trailer","evidence":"Task: {}"}})",
                       task, commit, task));
  }
  return event;
}

void BuildJournal(benchmark::State& state) {
  for (auto _ : state) {
    for (const char* suffix : {"", "-wal", "-shm", "-lock"}) {
      std::filesystem::remove(FileOf("journal").string() + suffix);
    }
    const auto db = OpenAt("journal");
    for (int64_t first = 0; first < kEvents; first += 10'000) {
      WriteTo(*db, [first](store::Transaction& tx) -> Status {
        for (int64_t i = first; i < first + 10'000; ++i) {
          TRY(journal::Append(tx, EventOf(i)));
        }
        return OkStatus();
      });
    }
  }
}
BENCHMARK(BuildJournal)->Iterations(1)->Unit(benchmark::kSecond);

void RunTraces(benchmark::State& state, Direction direction) {
  const double before = AnonymousMib();
  const auto db = OpenAt("graph");
  const Service service(*db);
  std::mt19937_64 random(7);
  std::vector<double> millis;
  double nodes = 0;
  double edges = 0;
  for (auto _ : state) {
    const auto no = 1 + static_cast<int64_t>(random() % kNodes);
    TraceQuery query{.start = {fmt::format("type{}", 1 + no % 8), IdOf(no)},
                     .direction = direction};
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = io::RunSync(service.Trace(std::move(query), Long()));
    CHECK(answer.has_value());
    millis.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
            .count());
    nodes += static_cast<double>(answer->nodes.size());
    edges += static_cast<double>(answer->edges.size());
  }
  std::ranges::sort(millis);
  const auto at = [&](double part) {
    return millis[static_cast<size_t>(part * static_cast<double>(millis.size() - 1))];
  };
  const auto count = static_cast<double>(millis.size());
  state.counters["p50_ms"] = at(0.5);
  state.counters["p95_ms"] = at(0.95);
  state.counters["max_ms"] = at(1);
  state.counters["nodes"] = nodes / count;
  state.counters["edges"] = edges / count;
  state.counters["anon_mib"] = AnonymousMib() - before;
}
void TraceBothWays(benchmark::State& state) { RunTraces(state, Direction::kBoth); }
void TraceBackward(benchmark::State& state) { RunTraces(state, Direction::kBackward); }
BENCHMARK(TraceBothWays)->Iterations(1'000)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(TraceBackward)->Iterations(1'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void Rebuild(benchmark::State& state) {
  const double before = AnonymousMib();
  const auto db = OpenAt("journal");
  Projector projector(*db);
  for (auto _ : state) {
    CHECK(io::RunSync(projector.Rebuild(Long(), {})).ok());
  }
  const auto progress = io::RunSync(Service(*db).GetProgress(Long()));
  CHECK(progress.has_value() && progress->applied_seq == kEvents && progress->rejected == 0);
  state.counters["nodes"] = static_cast<double>(progress->nodes);
  state.counters["anon_mib"] = AnonymousMib() - before;
  state.SetItemsProcessed(state.iterations() * kEvents);
}
BENCHMARK(Rebuild)->Iterations(1)->UseRealTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace stetig::trace
