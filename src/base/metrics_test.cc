#include "base/metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <thread>

#include "base/text.h"

namespace stetig::metrics {
namespace {

/// What the text says, by a reader of Prometheus's text format 0.0.4 that was written from its
/// specification: sample by name and labels as printed, plus the type of each family.
struct Exposition {
  std::map<std::string, std::string> samples;
  std::map<std::string, std::string> types;
  std::map<std::string, std::string> helps;
};

/// Takes {name="value",…} off the front; nothing when malformed.
std::optional<std::string> TakeLabels(std::string_view& line) {
  if (!line.starts_with('{')) {
    return "";
  }
  size_t i = 1;
  while (true) {
    size_t name = i;
    while (i < line.size() &&
           (std::isalnum(static_cast<unsigned char>(line[i])) != 0 || line[i] == '_')) {
      ++i;
    }
    if (i == name || line.substr(i, 2) != "=\"") {
      return std::nullopt;
    }
    for (i += 2; i < line.size() && line[i] != '"'; ++i) {
      if (line[i] == '\\' && (++i >= line.size() || !std::string_view("\\\"n").contains(line[i]))) {
        return std::nullopt;
      }
    }
    if (++i >= line.size()) {
      return std::nullopt;
    }
    if (line[i] == '}') {
      std::string labels(line.substr(0, i + 1));
      line.remove_prefix(i + 1);
      return labels;
    }
    if (line[i++] != ',') {
      return std::nullopt;
    }
  }
}

std::optional<Exposition> ReadExposition(std::string_view text) {
  Exposition out;
  if (!text.ends_with('\n')) {
    return std::nullopt;
  }
  text.remove_suffix(1);
  for (std::string_view line : Split(text, '\n')) {
    bool help = line.starts_with("# HELP ");
    if (help || line.starts_with("# TYPE ")) {
      line.remove_prefix(7);
      size_t blank = line.find(' ');
      auto& into = help ? out.helps : out.types;
      if (blank == std::string_view::npos ||
          !into.emplace(line.substr(0, blank), line.substr(blank + 1)).second) {
        return std::nullopt;
      }
      continue;
    }
    size_t end = line.find_first_of("{ ");
    std::string name(line.substr(0, end));
    line.remove_prefix(std::min(end, line.size()));
    std::optional<std::string> labels = TakeLabels(line);
    if (!labels || !line.starts_with(' ') ||
        !out.samples.emplace(name + *labels, line.substr(1)).second) {
      return std::nullopt;
    }
  }
  return out;
}

TEST(Metrics, AreExposedInPrometheusText) {
  Registry registry;
  registry
      .GetCounter("stetig_requests_total", "Requests", {{"route", "runs/create"}, {"code", "200"}})
      .Add(3);
  registry
      .GetCounter("stetig_requests_total", "Requests", {{"route", "we\"i\\r\nd"}, {"code", "400"}})
      .Add();
  registry.GetGauge("stetig_connections", "Open\nconnections").Set(-2);
  registry.AddGaugeFunction("stetig_ratio", "Of something", [] { return 0.5; });
  registry.AddGaugeFunction("stetig_ratio", "Of something", [] { return std::nan(""); },
                            {{"x", "nan"}});
  Histogram& histogram =
      registry.GetHistogram("stetig_seconds", "Time", std::array{0.1, 1.0}, {{"route", "r"}});
  for (double v : {0.05, 0.1, 0.5, 7.0}) {
    histogram.Observe(v);
  }
  registry.AddCounterFunction("stetig_commits_total", "Commits", [] { return 12.0; });
  registry.AddHistogramFunction("stetig_group", "Sizes", {1.0, 3.0}, [] {
    return Histogram::Reading{.counts = {4, 0, 2}, .count = 6, .sum = 14.0};
  });
  auto read = ReadExposition(registry.Expose());
  ASSERT_TRUE(read.has_value()) << registry.Expose();
  EXPECT_EQ(read->types, (std::map<std::string, std::string>{{"stetig_commits_total", "counter"},
                                                             {"stetig_connections", "gauge"},
                                                             {"stetig_group", "histogram"},
                                                             {"stetig_ratio", "gauge"},
                                                             {"stetig_requests_total", "counter"},
                                                             {"stetig_seconds", "histogram"}}));
  EXPECT_EQ(read->helps.at("stetig_connections"), "Open\\nconnections");
  EXPECT_EQ(read->samples, (std::map<std::string, std::string>{
                               {R"(stetig_requests_total{route="runs/create",code="200"})", "3"},
                               {R"(stetig_requests_total{route="we\"i\\r\nd",code="400"})", "1"},
                               {"stetig_commits_total", "12.0"},
                               {R"(stetig_group_bucket{le="1.0"})", "4"},
                               {R"(stetig_group_bucket{le="3.0"})", "4"},
                               {R"(stetig_group_bucket{le="+Inf"})", "6"},
                               {"stetig_group_sum", "14.0"},
                               {"stetig_group_count", "6"},
                               {"stetig_connections", "-2"},
                               {"stetig_ratio", "0.5"},
                               {R"(stetig_ratio{x="nan"})", "NaN"},
                               {R"(stetig_seconds_bucket{route="r",le="0.1"})", "2"},
                               {R"(stetig_seconds_bucket{route="r",le="1.0"})", "3"},
                               {R"(stetig_seconds_bucket{route="r",le="+Inf"})", "4"},
                               {R"(stetig_seconds_sum{route="r"})", "7.65"},
                               {R"(stetig_seconds_count{route="r"})", "4"},
                           }));
}

TEST(Metrics, GiveTheSameMetricForTheSameName) {
  Registry registry;
  EXPECT_EQ(&registry.GetCounter("a_total", "A"), &registry.GetCounter("a_total", "A"));
  EXPECT_NE(&registry.GetCounter("a_total", "A"),
            &registry.GetCounter("a_total", "A", {{"x", "1"}}));
  EXPECT_EQ(&registry.GetHistogram("h", "H", LatencyBounds()),
            &registry.GetHistogram("h", "H", LatencyBounds()));
}

TEST(Metrics, CountEveryAdditionOfEveryThread) {
  Registry registry;
  Counter& counter = registry.GetCounter("c_total", "C");
  Histogram& histogram = registry.GetHistogram("h", "H", LatencyBounds());
  std::vector<std::thread> threads;
  for (int t = 0; t < 12; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        counter.Add();
        histogram.Observe(0.25);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(counter.Value(), 120'000u);
  Histogram::Reading reading = histogram.Read();
  EXPECT_EQ(reading.count, 120'000u);
  EXPECT_EQ(reading.sum, 30'000.0);
}

TEST(Metrics, PutNanAndInfinityAboveEveryBound) {
  Histogram histogram(std::array{1.0});
  histogram.Observe(std::nan(""));
  histogram.Observe(std::numeric_limits<double>::infinity());
  EXPECT_EQ(histogram.Read().counts, (std::vector<uint64_t>{0, 2}));
}

TEST(MetricsDeathTest, RefuseMalformedNames) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Registry registry;
  EXPECT_DEATH(registry.GetCounter("1a", ""), "CHECK failed");
  EXPECT_DEATH(registry.GetCounter("a", "", {{"le", "1"}}), "CHECK failed");
  registry.GetCounter("a", "");
  EXPECT_DEATH(registry.GetGauge("a", ""), "CHECK failed");
  registry.AddCounterFunction("b", "", [] { return 0.0; });
  EXPECT_DEATH(registry.GetCounter("b", ""), "CHECK failed");
}

}  // namespace
}  // namespace stetig::metrics
