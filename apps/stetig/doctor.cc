#include "doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/json_writer.h"
#include "commands.h"
#include "finding.h"

namespace stetig::app {
namespace {

void PrintText(const Loaded& loaded, const std::vector<Finding>& findings) {
  fmt::print("{}\n", Say("Settings (file: {})", loaded.file.empty() ? Say("none") : loaded.file));
  for (const config::Description& setting : loaded.settings) {
    fmt::print("  {:22} {:28} {}\n", setting.name, setting.value.empty() ? "-" : setting.value,
               setting.source.empty() ? config::PlaceName(setting.place) : setting.source);
  }
  fmt::print("\n{}\n", Say("Checks"));
  for (const Finding& finding : findings) {
    fmt::print("  {:8} {:12} {}\n", Translated(VerdictName(finding.verdict)),
               Translated(finding.check), finding.found);
    if (!finding.mend.empty()) {
      fmt::print("  {:8} {:12} {}\n", "", "", Say("mend: {}", finding.mend));
    }
  }
}

void PrintJson(const Loaded& loaded, const std::vector<Finding>& findings, bool well) {
  std::string out;
  JsonWriter json(&out);
  json.BeginObject();
  json.Field("ok", well);
  json.Field("config_file", loaded.file);
  json.Key("settings");
  json.BeginArray();
  for (const config::Description& setting : loaded.settings) {
    json.BeginObject();
    json.Field("name", setting.name);
    json.Field("value", setting.value);
    json.Field("default", setting.default_value);
    json.Field("place", config::PlaceName(setting.place));
    json.Field("source", setting.source);
    json.EndObject();
  }
  json.EndArray();
  json.Key("checks");
  json.BeginArray();
  for (const Finding& finding : findings) {
    json.BeginObject();
    json.Field("check", finding.check);
    json.Field("verdict", VerdictName(finding.verdict));
    json.Field("found", finding.found);
    json.Field("mend", finding.mend);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  fmt::print("{}\n", out);
}

}  // namespace

int Doctor(const UpOptions& options, const Loaded& loaded, bool json) {
  const std::vector<Finding> findings = {
      CheckPort(options),   CheckPermissions(options), CheckDisk(options),
      CheckFolder(options), CheckStore(options),       CheckUsers(options),
      CheckTls(options),    CheckClock(options),       CheckLimits(),
  };
  const bool well = std::ranges::none_of(
      findings, [](const Finding& finding) { return finding.verdict == Verdict::kBad; });
  if (json) {
    PrintJson(loaded, findings, well);
  } else {
    PrintText(loaded, findings);
  }
  return well ? kDone : kFailed;
}

}  // namespace stetig::app
