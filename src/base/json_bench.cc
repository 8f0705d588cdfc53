// JSON: the writer's doubles against the standard library's, and a batch of 1,000 metrics into
// structs.
#include "base/json.h"

#include <benchmark/benchmark.h>

#include <charconv>
#include <random>

namespace stetig {
namespace {

std::vector<double> Values(bool short_ones) {
  std::mt19937_64 random(1);  // NOLINT: the same values in every run
  std::uniform_real_distribution<double> real(0, 1);
  std::vector<double> values(10'000);
  for (double& value : values) {
    value =
        short_ones ? static_cast<double>(static_cast<int>(real(random) * 1e4)) / 1e4 : real(random);
  }
  return values;
}

void WriteDoubles(benchmark::State& state) {
  std::vector<double> values = Values(state.range(0) != 0);
  std::string out;
  for (auto _ : state) {
    out.clear();
    JsonWriter writer(&out);
    writer.BeginArray();
    for (double value : values) {
      writer.Double(value);
    }
    writer.EndArray();
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(out.size()) * state.iterations());
  state.SetItemsProcessed(static_cast<int64_t>(values.size()) * state.iterations());
}
BENCHMARK(WriteDoubles)->ArgName("short")->Arg(0)->Arg(1);

void WriteDoublesByToChars(benchmark::State& state) {
  std::vector<double> values = Values(state.range(0) != 0);
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (double value : values) {
      char buffer[32];
      out.append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
      out.push_back(',');
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(out.size()) * state.iterations());
  state.SetItemsProcessed(static_cast<int64_t>(values.size()) * state.iterations());
}
BENCHMARK(WriteDoublesByToChars)->ArgName("short")->Arg(0)->Arg(1);

void WriteStrings(benchmark::State& state) {
  std::string text = "a typical parameter value, with nothing to escape in it: 0.001";
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (int i = 0; i < 1000; ++i) {
      AppendJsonString(out, text);
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(out.size()) * state.iterations());
}
BENCHMARK(WriteStrings);

std::string Batch() {
  std::string out;
  JsonWriter writer(&out);
  writer.BeginObject();
  writer.Field("run_id", "0123456789abcdef0123456789abcdef");
  writer.Key("metrics");
  writer.BeginArray();
  std::vector<double> values = Values(/*short_ones=*/false);
  for (int i = 0; i < 1000; ++i) {
    writer.BeginObject();
    writer.Field("key", "metric_" + std::to_string(i));
    writer.Field("value", values[static_cast<size_t>(i)]);
    writer.Field("timestamp", int64_t{1'700'000'000'000} + i);
    writer.Field("step", i);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return out;
}

struct Metric {
  std::string key;
  double value = 0;
  int64_t timestamp = 0;
  int64_t step = 0;
};

Status ReadMetric(json::Cursor element, Metric& metric) {
  return element.ForEachField([&](std::string_view name, json::Cursor field) -> Status {
    if (name == "key") {
      ASSIGN_OR_RETURN(metric.key, field.String());
    } else if (name == "value") {
      ASSIGN_OR_RETURN(metric.value, field.Double(json::DoubleForm::kNumberOrString));
    } else if (name == "timestamp") {
      ASSIGN_OR_RETURN(metric.timestamp, field.Int64(json::IntForm::kNumberOrString));
    } else if (name == "step") {
      ASSIGN_OR_RETURN(metric.step, field.Int64(json::IntForm::kNumberOrString));
    }
    return OkStatus();
  });
}

void ReadBatch(benchmark::State& state) {
  std::string text = Batch();
  for (auto _ : state) {
    std::vector<Metric> metrics;
    auto document = json::Document::Parse(text);
    Status status =
        document->root().ForEachField([&](std::string_view key, json::Cursor value) -> Status {
          if (key != "metrics") {
            return OkStatus();
          }
          return value.ForEachElement([&](size_t, json::Cursor element) {
            return ReadMetric(element, metrics.emplace_back());
          });
        });
    if (!status.ok() || !document->Finish().ok() || metrics.size() != 1000) {
      state.SkipWithError("the batch was not read");
    }
    benchmark::DoNotOptimize(metrics.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(text.size()) * state.iterations());
}
BENCHMARK(ReadBatch);

void ReadTree(benchmark::State& state) {
  std::string text = Batch();
  for (auto _ : state) {
    auto value = json::Parse(text);
    benchmark::DoNotOptimize(value);
  }
  state.SetBytesProcessed(static_cast<int64_t>(text.size()) * state.iterations());
}
BENCHMARK(ReadTree);

}  // namespace
}  // namespace stetig
