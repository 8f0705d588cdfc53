// bench_load SCENARIO --port P and flags; see scenarios.h. Prints one JSON line.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>

#include "load/driver.h"
#include "load/scenarios.h"

namespace {

constexpr std::string_view kUsage =
    "usage: bench_load SCENARIO --port P [--connections N] [--seconds S] [--requests N] [--rate "
    "R]\n"
    "    [--drain S] [--floor] [--quickack] [--size N] [--seed N] [--metrics N] [--params N]\n"
    "    [--experiment ID] [--runs ID,ID]\n"
    "scenarios: log-metric log-batch create-run search history bulk-interval\n"
    "    fill-search fill-points put-artifact get-artifact\n";

/// One value of the command line.
void Set(std::string_view flag, const char* value, bench::Settings& settings, bench::Load& load) {
  auto number = [value] { return std::strtoull(value, nullptr, 10); };
  if (flag == "--port") {
    settings.port = static_cast<uint16_t>(number());
  } else if (flag == "--connections") {
    load.connections = settings.connections = std::atoi(value);
  } else if (flag == "--seconds") {
    load.seconds = std::atof(value);
  } else if (flag == "--requests") {
    load.requests = number();
  } else if (flag == "--rate") {
    load.rate = std::atof(value);
  } else if (flag == "--drain") {
    load.drain = std::atof(value);
  } else if (flag == "--size") {
    settings.size = number();
  } else if (flag == "--seed") {
    settings.seed = number();
  } else if (flag == "--metrics") {
    settings.metrics = std::atoi(value);
  } else if (flag == "--params") {
    settings.params = std::atoi(value);
  } else if (flag == "--experiment") {
    settings.experiment = value;
  } else if (flag == "--runs") {
    std::string_view rest = value;
    while (!rest.empty()) {
      size_t comma = std::min(rest.find(','), rest.size());
      settings.runs.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  } else {
    fmt::print(stderr, "bench_load: unknown flag {}\n{}", flag, kUsage);
    std::exit(2);  // NOLINT(concurrency-mt-unsafe): one thread
  }
}

/// The whole distribution in steps of 5 %: "upper bound in µs":count.
std::string Histogram(const bench::Outcome& outcome) {
  constexpr double kStep = 1.05;
  std::map<int, uint64_t> counts;
  for (uint32_t micros : outcome.micros) {
    ++counts[static_cast<int>(
        std::ceil(std::log(std::max(1.0, static_cast<double>(micros))) / std::log(kStep)))];
  }
  std::string out;
  for (auto [step, count] : counts) {
    out += fmt::format("{}\"{:.0f}\":{}", out.empty() ? "" : ",", std::ceil(std::pow(kStep, step)),
                       count);
  }
  return "{" + out + "}";
}

/// A text as a JSON string; what is not plain is left out.
std::string Quoted(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c >= ' ' && c < 127) {
      out += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
  }
  return '"' + out + '"';
}

void Print(const bench::Settings& settings, const bench::Outcome& o) {
  fmt::print(
      R"({{"scenario":"{}","sent":{},"answered":{},"errors":{},"wrong":{},"lost":{},"rate":{:.1f},)"
      R"("bytes":{},"seconds":{:.3f},"cpu_seconds":{:.3f},"p50":{},"p95":{},"p99":{},"max":{},)"
      R"("first_wrong":{},"histogram":{}}})"
      "\n",
      settings.scenario, o.sent, o.answered, o.Errors(), o.wrong, o.lost, o.rate, o.bytes,
      o.seconds, o.cpu_seconds, o.Percentile(50), o.Percentile(95), o.Percentile(99),
      o.Percentile(100), Quoted(o.first_wrong), Histogram(o));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  bench::Settings settings{.scenario = argv[1]};
  bench::Load load;
  for (int i = 2; i < argc; ++i) {
    std::string_view flag = argv[i];
    if (flag == "--floor") {
      settings.floor = true;
    } else if (flag == "--quickack") {
      load.quick_ack = true;
    } else if (i + 1 < argc) {
      Set(flag, argv[++i], settings, load);
    } else {
      fmt::print(stderr, "bench_load: {} needs a value\n", flag);
      return 2;
    }
  }
  load.port = settings.port;
  if (bench::Fill(settings) || bench::Artifact(settings)) {
    return 0;
  }
  bench::Prepare(settings, load);
  bench::Outcome outcome = bench::Run(load);
  Print(settings, outcome);
  return outcome.Errors() == 0 ? 0 : 1;
}
