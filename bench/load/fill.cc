// Data for the scenarios that read, written through the API over many connections at once.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "load/driver.h"
#include "load/scenarios.h"

namespace bench {
namespace {

constexpr uint64_t kBatch = 1000;
constexpr double kNoLimit = 24 * 3600;

std::string RunBody(const std::string& run, uint64_t number, const Settings& s) {
  std::mt19937_64 random(s.seed * 1'000'003 + number);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::string out = fmt::format(R"({{"run_id":"{}","metrics":[)", run);
  for (int m = 0; m < s.metrics; ++m) {
    fmt::format_to(std::back_inserter(out),
                   R"({}{{"key":"m{:02}","value":{},"timestamp":{},"step":1}})", m == 0 ? "" : ",",
                   m, uniform(random), kTime);
  }
  out += R"(],"params":[)";
  for (int p = 0; p < s.params; ++p) {
    fmt::format_to(std::back_inserter(out), R"({}{{"key":"p{:02}","value":"{}"}})",
                   p == 0 ? "" : ",", p, uniform(random));
  }
  return out + "]}";
}

/// Runs the load to its end; any error ends the program.
void Must(const Load& load) {
  Outcome outcome = Run(load);
  if (outcome.Errors() != 0) {
    fmt::print(stderr, "bench_load: filling failed, {} wrong, {} lost: {}\n", outcome.wrong,
               outcome.lost, outcome.first_wrong);
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
  }
}

/// Each connection makes a run, then writes its values, then makes the next.
void FillSearch(const Settings& s) {
  std::string experiment = NewExperiment(s.port, "search");
  struct Maker {
    std::string run;  ///< made and still empty
    uint64_t number = 0;
  };
  std::vector<Maker> makers(static_cast<size_t>(s.connections));
  uint64_t made = 0;
  Load load{.port = s.port, .connections = s.connections, .seconds = kNoLimit};
  load.next = [&](size_t c, std::string& out) {
    Maker& maker = makers[c];
    if (!maker.run.empty()) {
      out = Post("runs/log-batch", RunBody(maker.run, maker.number, s));
      return true;
    }
    if (made == s.size) {
      return false;
    }
    maker.number = made++;
    out = Post("runs/create",
               fmt::format(R"({{"experiment_id":"{}","user_id":"ada","start_time":{}}})",
                           experiment, static_cast<uint64_t>(kTime) + maker.number));
    return true;
  };
  load.check = [&](size_t c, const Answer& a) {
    std::string& run = makers[c].run;
    run = run.empty() ? std::string(Member(a.body, "run_id")) : std::string();
    return a.status == 200;
  };
  Must(load);
  fmt::print("{{\"experiment\":\"{}\"}}\n", experiment);
}

void FillPoints(const Settings& s) {
  std::string experiment = NewExperiment(s.port, "points");
  std::vector<std::string> runs;
  runs.reserve(static_cast<size_t>(s.metrics));
  for (int i = 0; i < s.metrics; ++i) {
    runs.push_back(NewRun(s.port, experiment, kTime + i));
  }
  uint64_t batches = (s.size + kBatch - 1) / kBatch * runs.size();
  uint64_t batch = 0;
  Load load{.port = s.port, .connections = s.connections, .seconds = kNoLimit};
  load.next = [&](size_t, std::string& out) {
    if (batch == batches) {
      return false;
    }
    const std::string& run = runs[batch % runs.size()];
    uint64_t first = batch / runs.size() * kBatch;
    std::string points = Points(first, std::min(kBatch, s.size - first));
    out = Post("runs/log-batch", fmt::format(R"({{"run_id":"{}","metrics":{}}})", run, points));
    ++batch;
    return true;
  };
  load.check = [](size_t, const Answer& a) { return a.status == 200; };
  Must(load);
  fmt::print("{{\"runs\":[\"{}\"]}}\n", fmt::join(runs, "\",\""));
}

}  // namespace

bool Fill(const Settings& s) {
  if (s.scenario == "fill-search") {
    FillSearch(s);
  } else if (s.scenario == "fill-points") {
    FillPoints(s);
  } else {
    return false;
  }
  return true;
}

}  // namespace bench
