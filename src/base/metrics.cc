#include "base/metrics.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <variant>

#include "base/check.h"
#include "base/json_writer.h"

namespace stetig::metrics {
namespace {

bool IsName(std::string_view name, bool colon) {
  auto letter = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
  };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void AppendEscaped(std::string& out, std::string_view text, bool quotes) {
  for (char c : text) {
    if (c == '\n') {
      out.append("\\n");
    } else {
      if (c == '\\' || (quotes && c == '"')) {
        out.push_back('\\');
      }
      out.push_back(c);
    }
  }
}

/// {a="b",le="1"} or nothing.
std::string LabelText(const Labels& labels, std::string_view bound = {}) {
  std::string out;
  auto add = [&](std::string_view name, std::string_view value) {
    out.append(out.empty() ? "{" : ",").append(name).append("=\"");
    AppendEscaped(out, value, /*quotes=*/true);
    out.push_back('"');
  };
  for (const auto& [name, value] : labels) {
    add(name, value);
  }
  if (!bound.empty()) {
    add("le", bound);
  }
  if (!out.empty()) {
    out.push_back('}');
  }
  return out;
}

std::string NumberText(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "+Inf" : "-Inf";
  }
  std::string out;
  AppendDouble(out, value);
  return out;
}

void AppendSample(std::string& out, std::string_view name, std::string_view suffix,
                  std::string_view labels, std::string_view value) {
  out.append(name).append(suffix).append(labels).append(1, ' ').append(value).append(1, '\n');
}

void AppendHistogram(std::string& out, std::string_view name, const Labels& labels,
                     std::span<const double> bounds, const Histogram::Reading& reading) {
  uint64_t below = 0;
  for (size_t i = 0; i < reading.counts.size(); ++i) {
    below += reading.counts[i];
    std::string bound = i < bounds.size() ? NumberText(bounds[i]) : "+Inf";
    AppendSample(out, name, "_bucket", LabelText(labels, bound), std::to_string(below));
  }
  AppendSample(out, name, "_sum", LabelText(labels), NumberText(reading.sum));
  AppendSample(out, name, "_count", LabelText(labels), std::to_string(reading.count));
}

}  // namespace

size_t ThisShard() {
  static std::atomic<size_t> next{0};
  thread_local size_t shard = next.fetch_add(1, std::memory_order_relaxed) % kShards;
  return shard;
}

uint64_t Counter::Value() const {
  uint64_t sum = 0;
  for (const Shard& shard : shards_) {
    sum += shard.value.load(std::memory_order_relaxed);
  }
  return sum;
}

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds.begin(), bounds.end()) {
  CHECK(!bounds_.empty() &&
        std::ranges::all_of(bounds_, [](double b) { return std::isfinite(b); }));
  CHECK(std::ranges::adjacent_find(bounds_, std::ranges::greater_equal()) == bounds_.end());
  for (Shard& shard : shards_) {
    shard.counts = std::make_unique<std::atomic<uint64_t>[]>(bounds_.size() + 1);
  }
}

void Histogram::Observe(double value) {
  auto bucket =
      std::isnan(value)
          ? bounds_.size()
          : static_cast<size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
  Shard& shard = shards_[ThisShard()];
  shard.counts[bucket].fetch_add(1, std::memory_order_relaxed);
  if (!std::isnan(value)) {
    shard.sum.fetch_add(value, std::memory_order_relaxed);
  }
}

Histogram::Reading Histogram::Read() const {
  Reading reading;
  reading.counts.resize(bounds_.size() + 1);
  for (const Shard& shard : shards_) {
    for (size_t i = 0; i < reading.counts.size(); ++i) {
      reading.counts[i] += shard.counts[i].load(std::memory_order_relaxed);
    }
    reading.sum += shard.sum.load(std::memory_order_relaxed);
  }
  // From the buckets, so that the exposition always adds up.
  for (uint64_t count : reading.counts) {
    reading.count += count;
  }
  return reading;
}

std::span<const double> LatencyBounds() {
  static constexpr std::array kBounds = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                                         0.05,   0.1,    0.2,    0.5,   1.0,   2.0,   5.0,  10.0};
  return kBounds;
}

struct Registry::Family {
  struct ReadHistogram {
    std::vector<double> bounds;
    std::function<Histogram::Reading()> read;
  };
  using Metric = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>,
                              std::unique_ptr<Histogram>, std::function<double()>, ReadHistogram>;
  enum Kind { kCounter, kGauge, kHistogram };
  int kind = kCounter;
  std::string help;
  std::map<Labels, Metric> metrics;
};

Registry::Registry() = default;
Registry::~Registry() = default;

Registry::Family& Registry::FamilyOf(std::string_view name, std::string_view help, int kind) {
  auto it = families_.find(name);
  if (it == families_.end()) {
    CHECK(IsName(name, /*colon=*/true));
    it = families_
             .emplace(std::string(name),
                      Family{.kind = kind, .help = std::string(help), .metrics = {}})
             .first;
  }
  CHECK(it->second.kind == kind);
  return it->second;
}

namespace {
void CheckLabels(const Labels& labels) {
  CHECK(std::ranges::all_of(
      labels, [](const auto& l) { return IsName(l.first, /*colon=*/false) && l.first != "le"; }));
}
}  // namespace

Counter& Registry::GetCounter(std::string_view name, std::string_view help, Labels labels) {
  CheckLabels(labels);
  MutexLock lock(mutex_);
  auto& metric = FamilyOf(name, help, Family::kCounter).metrics[std::move(labels)];
  auto* counter = std::get_if<std::unique_ptr<Counter>>(&metric);
  CHECK(counter != nullptr);  // a function has this name
  if (*counter == nullptr) {
    *counter = std::make_unique<Counter>();
  }
  return **counter;
}

Gauge& Registry::GetGauge(std::string_view name, std::string_view help, Labels labels) {
  CheckLabels(labels);
  MutexLock lock(mutex_);
  auto& metrics = FamilyOf(name, help, Family::kGauge).metrics;
  auto it = metrics.find(labels);
  if (it == metrics.end()) {
    it = metrics.emplace(std::move(labels), std::make_unique<Gauge>()).first;
  }
  auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&it->second);
  CHECK(gauge != nullptr);  // a function has this name
  return **gauge;
}

Histogram& Registry::GetHistogram(std::string_view name, std::string_view help,
                                  std::span<const double> bounds, Labels labels) {
  CheckLabels(labels);
  MutexLock lock(mutex_);
  auto& metrics = FamilyOf(name, help, Family::kHistogram).metrics;
  auto it = metrics.find(labels);
  if (it == metrics.end()) {
    it = metrics.emplace(std::move(labels), std::make_unique<Histogram>(bounds)).first;
  }
  auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&it->second);
  CHECK(histogram != nullptr);  // a function has this name
  return **histogram;
}

void Registry::AddFunction(std::string_view name, std::string_view help, int kind,
                           std::function<double()> read, Labels labels) {
  CheckLabels(labels);
  MutexLock lock(mutex_);
  bool fresh =
      FamilyOf(name, help, kind).metrics.emplace(std::move(labels), std::move(read)).second;
  CHECK(fresh);
}

void Registry::AddGaugeFunction(std::string_view name, std::string_view help,
                                std::function<double()> read, Labels labels) {
  AddFunction(name, help, Family::kGauge, std::move(read), std::move(labels));
}

void Registry::AddCounterFunction(std::string_view name, std::string_view help,
                                  std::function<double()> read, Labels labels) {
  AddFunction(name, help, Family::kCounter, std::move(read), std::move(labels));
}

void Registry::AddHistogramFunction(std::string_view name, std::string_view help,
                                    std::vector<double> bounds,
                                    std::function<Histogram::Reading()> read, Labels labels) {
  CheckLabels(labels);
  MutexLock lock(mutex_);
  bool fresh =
      FamilyOf(name, help, Family::kHistogram)
          .metrics
          .emplace(std::move(labels), Family::ReadHistogram{std::move(bounds), std::move(read)})
          .second;
  CHECK(fresh);
}

std::string Registry::Expose() const {
  static constexpr std::array<std::string_view, 3> kKinds = {"counter", "gauge", "histogram"};
  std::string out;
  MutexLock lock(mutex_);
  for (const auto& [name, family] : families_) {
    out.append("# HELP ").append(name).append(1, ' ');
    AppendEscaped(out, family.help, /*quotes=*/false);
    out.append("\n# TYPE ")
        .append(name)
        .append(1, ' ')
        .append(kKinds.at(static_cast<size_t>(family.kind)));
    out.push_back('\n');
    for (const auto& [labels, metric] : family.metrics) {
      if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&metric)) {
        AppendSample(out, name, "", LabelText(labels), std::to_string((*counter)->Value()));
      } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&metric)) {
        AppendSample(out, name, "", LabelText(labels), std::to_string((*gauge)->Value()));
      } else if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&metric)) {
        AppendHistogram(out, name, labels, (*histogram)->bounds(), (*histogram)->Read());
      } else if (const auto* function = std::get_if<Family::ReadHistogram>(&metric)) {
        AppendHistogram(out, name, labels, function->bounds, function->read());
      } else {
        AppendSample(out, name, "", LabelText(labels),
                     NumberText(std::get<std::function<double()>>(metric)()));
      }
    }
  }
  return out;
}

}  // namespace stetig::metrics
