#include "load/scenarios.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "load/driver.h"

namespace bench {
namespace {

constexpr int kBatch = 1000;
constexpr size_t kPage = 25'000;
constexpr size_t kChartPoints = 320;
constexpr size_t kSearchRows = 100;

bool IsEmptyObject(const Answer& a) {
  return a.status == 200 && a.body.starts_with("{") && a.body.size() < 8;
}

/// Each point is one object of an answer (two where it carries a context); the answer itself is one
/// more. Counting braces costs nothing against receiving them.
size_t CountPoints(std::string_view json) {
  auto objects = static_cast<size_t>(std::ranges::count(json, '{')) - 1;
  return json.substr(0, 300).contains("\"context\"") ? objects / 2 : objects;
}

/// The run that a writing scenario writes to.
std::string Target(const Settings& s) {
  return s.floor ? std::string(32, 'f') : NewRun(s.port, NewExperiment(s.port, s.scenario), kTime);
}

void LogMetric(const Settings& s, Load& load) {
  load.next = [run = Target(s), step = int64_t{0}](size_t, std::string& out) mutable {
    ++step;
    out = Post("runs/log-metric",
               fmt::format(R"({{"run_id":"{}","key":"loss","value":{},"timestamp":{},"step":{}}})",
                           run, 1.0 / static_cast<double>(step), kTime + step, step));
    return true;
  };
  load.check = [](size_t, const Answer& a) { return IsEmptyObject(a); };
}

void LogBatch(const Settings& s, Load& load) {
  load.next = [run = Target(s), step = uint64_t{0}](size_t, std::string& out) mutable {
    out = Post("runs/log-batch",
               fmt::format(R"({{"run_id":"{}","metrics":{}}})", run, Points(step, kBatch)));
    step += kBatch;
    return true;
  };
  load.check = [](size_t, const Answer& a) { return IsEmptyObject(a); };
}

void CreateRun(const Settings& s, Load& load) {
  std::string experiment = s.floor ? "0" : NewExperiment(s.port, s.scenario);
  load.next = [experiment, start = kTime](size_t, std::string& out) mutable {
    out = Post(
        "runs/create",
        fmt::format(
            R"({{"experiment_id":"{}","user_id":"ada","start_time":{},"tags":[{{"key":"mlflow.user","value":"ada"}}]}})",
            experiment, ++start));
    return true;
  };
  load.check = [](size_t, const Answer& a) {
    return a.status == 200 && !Member(a.body, "run_id").empty();
  };
}

struct Question {
  std::string key;  ///< in quotes, as in the answer
  bool above = true;
  double threshold = 0;
};

/// Whether each run of the answer has a value of the key on the right side of the threshold.
bool Satisfies(std::string_view json, const Question& q) {
  size_t seen = 0;
  for (size_t at = json.find(q.key); at != std::string_view::npos; at = json.find(q.key, at)) {
    at = json.find("\"value\"", at + q.key.size());
    size_t colon = json.find(':', at);
    if (colon == std::string_view::npos) {
      return false;
    }
    double value = std::strtod(json.data() + colon + 1, nullptr);
    if (q.above ? value <= q.threshold : value >= q.threshold) {
      return false;
    }
    ++seen;
  }
  return seen == kSearchRows;
}

/// Keys and thresholds change with each request. Values are uniform in 0…1, so each filter keeps
/// 1 to 90 % of the `size` runs (more where that would not fill a page).
void Search(const Settings& s, Load& load) {
  auto random = std::make_shared<std::mt19937_64>(s.seed);
  auto asked = std::make_shared<std::vector<Question>>(static_cast<size_t>(load.connections));
  double least = 1.5 * kSearchRows / static_cast<double>(std::max<uint64_t>(s.size, 1));
  std::uniform_real_distribution<double> kept_runs(std::clamp(least, 0.01, 0.90), 0.90);
  load.next = [id = s.experiment, random, asked, kept_runs, metrics = s.metrics](
                  size_t c, std::string& out) mutable {
    Question& q = (*asked)[c];
    int key = std::uniform_int_distribution<int>(0, metrics - 1)(*random);
    double kept = kept_runs(*random);
    q = {.key = fmt::format(R"("m{:02}")", key), .above = ((*random)() & 1U) != 0};
    q.threshold = q.above ? 1 - kept : kept;
    out = Post(
        "runs/search",
        fmt::format(
            R"({{"experiment_ids":["{}"],"filter":"metrics.m{:02} {} {:.6f}","max_results":{}}})",
            id, key, q.above ? '>' : '<', q.threshold, kSearchRows));
    return true;
  };
  load.check = [asked](size_t c, const Answer& a) {
    return a.status == 200 && Satisfies(a.body, (*asked)[c]);
  };
}

/// Page after page; after the last one from the start. The pages together must hold `size` points.
void History(const Settings& s, Load& load) {
  struct Reader {
    std::string token;
    size_t points = 0;
  };
  auto readers = std::make_shared<std::vector<Reader>>(static_cast<size_t>(load.connections));
  std::string run = s.runs.empty() ? std::string(32, 'f') : s.runs[0];
  load.next = [run, readers](size_t c, std::string& out) {
    const std::string& token = (*readers)[c].token;
    out = Request("GET",
                  fmt::format("{}metrics/get-history?run_id={}&metric_key=loss&max_results={}{}{}",
                              kApi, run, kPage, token.empty() ? "" : "&page_token=", token),
                  "");
    return true;
  };
  load.check = [readers, size = s.size](size_t c, const Answer& a) {
    if (a.status != 200) {
      return false;
    }
    Reader& reader = (*readers)[c];
    size_t points = CountPoints(a.body);
    reader.points += points;
    // The token stands at the end or at the start of the answer, never amid the points.
    std::string_view tail = a.body.substr(a.body.size() - std::min<size_t>(a.body.size(), 400));
    reader.token = Member(tail, "next_page_token");
    if (reader.token.empty()) {
      reader.token = Member(a.body.substr(0, 400), "next_page_token");
    }
    if (!reader.token.empty()) {
      return points == kPage;
    }
    return std::exchange(reader.points, 0) == size;
  };
}

void Interval(const Settings& s, Load& load) {
  std::string query;
  for (const std::string& run : s.runs) {
    query += fmt::format("&run_ids={}", run);
  }
  std::string request =
      Request("GET",
              fmt::format("/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?metric_key=loss"
                          "&max_results={}{}",
                          kChartPoints, query),
              "");
  load.next = [request](size_t, std::string& out) {
    out = request;
    return true;
  };
  // Sampling may add each run's last point to the wanted number of points.
  load.check = [runs = s.runs](size_t, const Answer& a) {
    auto complete = [&a](const std::string& run) { return a.body.contains(run); };
    return a.status == 200 && std::ranges::all_of(runs, complete) &&
           CountPoints(a.body) >= kChartPoints * runs.size();
  };
}

}  // namespace

std::string Post(std::string_view path, std::string_view body) {
  return Request("POST", fmt::format("{}{}", kApi, path), body);
}

std::string_view Member(std::string_view json, std::string_view name) {
  size_t at = json.find(fmt::format("\"{}\"", name));
  if (at == std::string_view::npos) {
    return {};
  }
  size_t open = json.find('"', json.find(':', at + name.size() + 2));
  size_t close = open == std::string_view::npos ? open : json.find('"', open + 1);
  return close == std::string_view::npos ? std::string_view()
                                         : json.substr(open + 1, close - open - 1);
}

std::string NewExperiment(uint16_t port, std::string_view what) {
  std::string name = fmt::format("bench-{}-{}", what, std::random_device()());
  return std::string(
      Member(Once(port, Post("experiments/create", fmt::format(R"({{"name":"{}"}})", name))),
             "experiment_id"));
}

std::string NewRun(uint16_t port, const std::string& experiment, int64_t start) {
  std::string body =
      fmt::format(R"({{"experiment_id":"{}","start_time":{},"tags":[]}})", experiment, start);
  return std::string(Member(Once(port, Post("runs/create", body)), "run_id"));
}

std::string Points(uint64_t first, uint64_t count) {
  std::string out = "[";
  for (uint64_t i = first; i < first + count; ++i) {
    fmt::format_to(std::back_inserter(out),
                   R"({}{{"key":"loss","value":{},"timestamp":{},"step":{}}})",
                   i == first ? "" : ",", 1.0 / static_cast<double>(i + 1),
                   static_cast<uint64_t>(kTime) + i, i);
  }
  return out + "]";
}

void Prepare(const Settings& s, Load& load) {
  if (s.scenario == "log-metric") {
    LogMetric(s, load);
  } else if (s.scenario == "log-batch") {
    LogBatch(s, load);
  } else if (s.scenario == "create-run") {
    CreateRun(s, load);
  } else if (s.scenario == "search") {
    Search(s, load);
  } else if (s.scenario == "history") {
    History(s, load);
  } else if (s.scenario == "bulk-interval") {
    Interval(s, load);
  } else {
    fmt::print(stderr, "bench_load: unknown scenario '{}'\n", s.scenario);
    std::exit(2);  // NOLINT(concurrency-mt-unsafe): one thread
  }
  if (s.floor) {
    load.check = [](size_t, const Answer& a) { return a.status == 200; };
  }
}

}  // namespace bench
