// What the benchmark sends, by name. Each scenario gives requests with their check; those that
// write make the experiment and run that they write to (not on a floor).
#pragma once

#include <string>
#include <vector>

#include "load/driver.h"

namespace bench {

struct Settings {
  std::string scenario;
  uint16_t port = 0;
  bool floor = false;  ///< the server is a floor: nothing to prepare, any 200 is right
  uint64_t size = 0;   ///< points, runs or bytes, by scenario
  uint64_t seed = 1;
  int connections = 1;  ///< for the scenarios that fill
  int metrics = 50;     ///< per run
  int params = 20;      ///< per run
  std::string experiment;
  std::vector<std::string> runs;
};

/// "log-metric", "log-batch", "create-run", "search", "history", "bulk-interval". Ends the program
/// on an unknown name.
void Prepare(const Settings& settings, Load& load);

/// Fills a server over many connections: `fill-search` (`size` runs with metrics and params) and
/// `fill-points` (`runs` of `size` points each; as many new runs as `metrics` says). Prints what
/// the other scenarios need as JSON. False: not a scenario that fills.
bool Fill(const Settings& settings);

/// Sends or fetches one artifact of `size` bytes that neither compress nor repeat: `put-artifact`,
/// `get-artifact` (every byte is compared). Prints one JSON line. False: not such a scenario.
bool Artifact(const Settings& settings);

// Shared by scenarios and fills.
std::string Post(std::string_view path, std::string_view body);
/// The text of a member of a JSON answer; empty when there is none.
std::string_view Member(std::string_view json, std::string_view name);
std::string NewExperiment(uint16_t port, std::string_view what);
std::string NewRun(uint16_t port, const std::string& experiment, int64_t start);
/// The JSON array of `count` points of "loss" from step `first` on.
std::string Points(uint64_t first, uint64_t count);

constexpr std::string_view kApi = "/api/2.0/mlflow/";
constexpr int64_t kTime = 1'700'000'000'000;

}  // namespace bench
