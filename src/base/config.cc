#include "base/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "base/internal/yaml_file.h"
#include "base/text.h"

namespace stetig::config {
namespace {

using std::chrono::milliseconds;
using Values = std::vector<std::string>;

std::string EnvironmentName(std::string_view name) {
  std::string out = "STETIG_";
  for (char c : name) {
    out.push_back(c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c);
  }
  return out;
}

std::string Canonical(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '_', '-');
  return out;
}

std::optional<milliseconds> ParseDuration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 5> kUnits = {
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  for (const auto& [unit, factor] : kUnits) {
    if (text.ends_with(unit)) {
      std::optional<int64_t> count = ParseInt64(text.substr(0, text.size() - unit.size()));
      if (count && *count >= 0 && *count <= std::numeric_limits<int64_t>::max() / factor) {
        return milliseconds(*count * factor);
      }
    }
  }
  return std::nullopt;
}

/// Reads `values` into a setting's target; the function answers what was expected when they do not
/// fit.
struct Reader {
  const Values& values;
  bool store;

  std::optional<std::string> One(const std::function<bool(const std::string&)>& read,
                                 std::string expected) const {
    return values.size() == 1 && read(values[0]) ? std::nullopt
                                                 : std::optional(std::move(expected));
  }
  template <class T>
  bool Put(T* target, const std::optional<T>& value) const {
    if (value && store) {
      *target = *value;
    }
    return value.has_value();
  }
  template <class T>
  std::optional<std::string> Integer(T* target) const {
    using Bounds = std::numeric_limits<T>;
    return One(
        [&](const std::string& text) {
          std::optional<int64_t> value = ParseInt64(text);
          bool fits = value && std::in_range<T>(*value);
          return Put(target, fits ? std::optional(static_cast<T>(*value)) : std::nullopt);
        },
        fmt::format("an integer from {} to {}", Bounds::min(), Bounds::max()));
  }

  std::optional<std::string> operator()(std::string* target) const {
    return One([&](const std::string& text) { return Put(target, std::optional(text)); },
               "one value");
  }
  std::optional<std::string> operator()(Secret<std::string>* target) const {
    return One([&](const std::string& text) { return Put(target, std::optional(Secret(text))); },
               "one value");
  }
  std::optional<std::string> operator()(bool* target) const {
    return One(
        [&](const std::string& text) {
          bool yes = text == "true" || text == "1" || text == "yes" || text == "on";
          bool no = text == "false" || text == "0" || text == "no" || text == "off";
          return Put(target, yes || no ? std::optional(yes) : std::nullopt);
        },
        "true or false");
  }
  std::optional<std::string> operator()(uint16_t* target) const { return Integer(target); }
  std::optional<std::string> operator()(unsigned* target) const { return Integer(target); }
  std::optional<std::string> operator()(int64_t* target) const { return Integer(target); }
  std::optional<std::string> operator()(double* target) const {
    return One([&](const std::string& text) { return Put(target, ParseDouble(text)); }, "a number");
  }
  std::optional<std::string> operator()(milliseconds* target) const {
    return One([&](const std::string& text) { return Put(target, ParseDuration(text)); },
               "a duration such as 250ms, 30s, 5m, 12h or 7d");
  }
  std::optional<std::string> operator()(Values* target) const {
    if (store) {
      *target = values;
    }
    return std::nullopt;
  }
};

std::string DurationText(milliseconds value) {
  return value.count() % 1000 == 0 ? fmt::format("{}s", value.count() / 1000)
                                   : fmt::format("{}ms", value.count());
}

std::string Show(const Target& target) {
  return std::visit(
      [](const auto* value) -> std::string {
        using T = std::remove_cvref_t<decltype(*value)>;
        if constexpr (std::same_as<T, milliseconds>) {
          return DurationText(*value);
        } else if constexpr (std::same_as<T, Values>) {
          return fmt::format("{}", fmt::join(*value, ","));
        } else {
          return fmt::format("{}", *value);
        }
      },
      target);
}

/// Levenshtein's distance.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t k = 0; k < b.size(); ++k) {
      size_t replace = diagonal + (a[i] == b[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({replace, row[k] + 1, row[k + 1] + 1});
    }
  }
  return row.back();
}

/// One value, or the parts between commas when the target is a list.
Values SplitFor(const Target& target, std::string_view text) {
  if (!std::holds_alternative<Values*>(target)) {
    return {std::string(text)};
  }
  Values parts;
  for (std::string_view part : Split(text, ',')) {
    if (!Trim(part).empty()) {
      parts.emplace_back(Trim(part));
    }
  }
  return parts;
}

}  // namespace

std::string_view PlaceName(Place place) {
  static constexpr std::array<std::string_view, 4> kNames = {"default", "file", "environment",
                                                             "flag"};
  return kNames.at(static_cast<size_t>(place));
}

std::optional<std::string> Nearest(std::string_view wanted, const std::vector<std::string>& known) {
  auto nearest = std::ranges::min_element(
      known, {}, [&](const std::string& name) { return Distance(name, wanted); });
  if (nearest == known.end() ||
      Distance(*nearest, wanted) > std::max<size_t>(2, wanted.size() / 3)) {
    return std::nullopt;
  }
  return *nearest;
}

Check Between(int64_t least, int64_t most) {
  return [least, most](std::string_view text) -> std::optional<std::string> {
    std::optional<int64_t> value = ParseInt64(text);
    if (value && *value >= least && *value <= most) {
      return std::nullopt;
    }
    return fmt::format("a number from {} to {}", least, most);
  };
}

Check OneOf(std::vector<std::string> words) {
  return [words = std::move(words)](std::string_view text) -> std::optional<std::string> {
    if (std::ranges::find(words, text) != words.end()) {
      return std::nullopt;
    }
    return fmt::format("one of {}", fmt::join(words, ", "));
  };
}

void Settings::Add(std::string name, Target target, std::string help, Check check) {
  CHECK(Find(name) == nullptr && Canonical(name) == name);
  entries_.push_back({.name = std::move(name),
                      .help = std::move(help),
                      .target = target,
                      .default_value = Show(target),
                      .check = std::move(check),
                      .place = Place::kDefault,
                      .source = {},
                      .values = {}});
}

Settings::Entry* Settings::Find(std::string_view name) {
  auto it = std::ranges::find(entries_, Canonical(name), &Entry::name);
  return it == entries_.end() ? nullptr : &*it;
}

Status Settings::Take(Entry& entry, Place place, Values values, std::string source) {
  std::optional<std::string> expected =
      std::visit(Reader{.values = values, .store = false}, entry.target);
  for (size_t i = 0; entry.check && !expected && i < values.size(); ++i) {
    expected = entry.check(values[i]);
  }
  if (expected) {
    bool secret = std::holds_alternative<Secret<std::string>*>(entry.target);
    std::string found =
        secret ? std::string(kHiddenSecret) : fmt::format("{}", fmt::join(values, ","));
    std::string where =
        place == Place::kFile ? fmt::format("{}: {}", source, entry.name) : std::move(source);
    return Err(Code::kInvalidArgument,
               fmt::format("{}: found '{}', expected {}", where, found, *expected));
  }
  entry.values[place] = {std::move(values), std::move(source)};
  return OkStatus();
}

std::string Settings::Suggestion(std::string_view name) const {
  std::vector<std::string> known;
  for (const Entry& entry : entries_) {
    known.push_back(entry.name);
  }
  std::optional<std::string> nearest = Nearest(Canonical(name), known);
  return nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : std::string();
}

Status Settings::LoadFile(const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, internal::ReadSmallFile(path));
  return LoadText(text, path);
}

Status Settings::LoadText(std::string_view yaml, std::string_view source) {
  ASSIGN_OR_RETURN(std::vector<internal::YamlItem> items, internal::ReadYamlMapping(yaml, source));
  for (internal::YamlItem& item : items) {
    std::string where = fmt::format("{} line {}", source, item.line);
    Entry* entry = Find(item.name);
    if (entry == nullptr) {
      return Err(Code::kInvalidArgument, fmt::format("{}: unknown setting '{}'{}", where, item.name,
                                                     Suggestion(item.name)));
    }
    if (entry->values.contains(Place::kFile)) {
      return Err(Code::kInvalidArgument,
                 fmt::format("{}: setting '{}' is given twice", where, item.name));
    }
    Values values = item.is_list ? std::move(item.values) : SplitFor(entry->target, item.values[0]);
    TRY(Take(*entry, Place::kFile, std::move(values), std::move(where)));
  }
  return OkStatus();
}

Status Settings::LoadEnvironment() {
  return LoadEnvironment([](const std::string& name) { return std::getenv(name.c_str()); });
}

Status Settings::LoadEnvironment(const std::function<const char*(const std::string&)>& get) {
  for (Entry& entry : entries_) {
    std::string name = EnvironmentName(entry.name);
    if (const char* value = get(name)) {
      TRY(Take(entry, Place::kEnvironment, SplitFor(entry.target, value),
               fmt::format("environment {}", name)));
    }
  }
  return OkStatus();
}

Status Settings::SetFlag(std::string_view name, std::string_view value) {
  Entry* entry = Find(name);
  if (entry == nullptr) {
    return Err(Code::kInvalidArgument, fmt::format("unknown flag --{}{}", name, Suggestion(name)));
  }
  return Take(*entry, Place::kFlag, SplitFor(entry->target, value), fmt::format("flag --{}", name));
}

void Settings::Apply() {
  for (Entry& entry : entries_) {
    if (!entry.values.empty()) {
      const auto& [place, given] = *entry.values.rbegin();
      CHECK(!std::visit(Reader{.values = given.values, .store = true}, entry.target));
      entry.place = place;
      entry.source = given.source;
    }
  }
}

std::vector<Description> Settings::Describe() const {
  std::vector<Description> all;
  for (const Entry& entry : entries_) {
    all.push_back({.name = entry.name,
                   .environment = EnvironmentName(entry.name),
                   .help = entry.help,
                   .value = Show(entry.target),
                   .default_value = entry.default_value,
                   .place = entry.place,
                   .source = entry.source});
  }
  return all;
}

}  // namespace stetig::config
