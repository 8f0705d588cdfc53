#include <fmt/format.h>

#include <filesystem>

#include "base/clock.h"
#include "base/text.h"
#include "finding.h"
#include "io/file.h"
#include "io/host.h"

namespace stetig::app {
namespace {

constexpr uint64_t kLowDisk = uint64_t{1} << 30;
constexpr uint64_t kNoDisk = uint64_t{64} << 20;
constexpr int64_t kMade = 1'767'225'600'000;  // 2026-01-01, before any release
constexpr int64_t kClockSlack = 5 * 60 * 1000;
constexpr uint64_t kWantedFiles = 16'384;

/// The folder itself, or the nearest one above it that exists.
std::string Existing(const std::string& path) {
  std::filesystem::path at = std::filesystem::absolute(path).lexically_normal();
  std::error_code error;
  while (!std::filesystem::exists(at, error) && at.has_parent_path() && at != at.parent_path()) {
    at = at.parent_path();
  }
  return at.string();
}

Finding BusyPort(const UpOptions& options, const io::PortProbe& probe) {
  const std::string server = ServerOf(options);
  const std::string mend = fmt::format("stetig up --port {}", options.port + 1);
  if (!probe.holder) {
    return {"port", Verdict::kBad,
            Say("{} is in use by a process that this user may not see", probe.address),
            Say("{}   (or look as root: ss -ltnp 'sport = :{}')", mend, options.port)};
  }
  if (std::to_string(probe.holder->pid) == server) {
    return {
        "port", Verdict::kOk,
        Say("{} is served by the server of this data folder, process {}", probe.address, server),
        ""};
  }
  return {
      "port", Verdict::kBad,
      Say("{} is in use by process {} ({})", probe.address, probe.holder->pid, probe.holder->name),
      Say("{}   (or stop it: kill {})", mend, probe.holder->pid)};
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kBad:
      return "bad";
  }
  return "bad";
}

Finding CheckPort(const UpOptions& options) {
  const io::PortProbe probe = io::ProbePort(options.host, options.port);
  switch (probe.status.code()) {
    case Code::kOk:
      return {"port", Verdict::kOk, Say("{} is free", probe.address), ""};
    case Code::kAlreadyExists:
      return BusyPort(options, probe);
    case Code::kPermissionDenied:
      return {"port", Verdict::kBad, Say("{} needs rights that this user lacks", probe.address),
              Say("stetig up --port 5000   (or: sudo setcap cap_net_bind_service=+ep $(which "
                  "stetig))")};
    case Code::kNotFound:
      return {"port", Verdict::kBad,
              Say("{} is no address of this machine: {}", options.host, probe.status.message()),
              Say("ip -brief address   (or: stetig up --host 127.0.0.1)")};
    default:
      return {"port", Verdict::kBad, std::string(probe.status.message()),
              "stetig up --host 127.0.0.1 --port 5000"};
  }
}

Finding CheckPermissions(const UpOptions& options) {
  const std::string at = Existing(options.data);
  if (Status writable = io::CheckWritable(at); !writable.ok()) {
    return {"permissions", Verdict::kBad, Say("{} cannot be written: {}", at, writable.message()),
            Say("sudo chown -R $(id -u) {}   (and: findmnt -T {})", at, at)};
  }
  std::error_code error;
  if (std::filesystem::exists(options.data, error) && io::ReadableByOthers(options.data)) {
    return {"permissions", Verdict::kWarning, Say("{} can be entered by other users", options.data),
            fmt::format("chmod 700 {}", options.data)};
  }
  return {"permissions", Verdict::kOk, Say("{} can be written", at), ""};
}

Finding CheckDisk(const UpOptions& options) {
  const std::string at = Existing(options.data);
  auto space = io::Env::System().FreeSpace(at);
  if (!space) {
    return {"disk", Verdict::kBad, Say("{} cannot be examined: {}", at, space.error().message()),
            fmt::format("df -h {}", at)};
  }
  Verdict verdict = space->available < kNoDisk    ? Verdict::kBad
                    : space->available < kLowDisk ? Verdict::kWarning
                                                  : Verdict::kOk;
  return {
      "disk", verdict, Say("{} MiB of {} MiB free", space->available >> 20, space->total >> 20),
      verdict == Verdict::kOk ? "" : fmt::format("du -xh --max-depth=2 {} | sort -h | tail", at)};
}

Finding CheckClock(const UpOptions& options) {
  constexpr std::string_view kMend = "sudo timedatectl set-ntp true";
  const WallTime now = Clock::System().Now();
  if (now.ms < kMade) {
    return {"clock", Verdict::kBad,
            Say("it is {}, before this program was made", FormatIso8601(now)), std::string(kMend)};
  }
  auto database = io::Env::System().Stat(options.data + "/stetig.db");
  if (database && database->modified.ms > now.ms + kClockSlack) {
    return {"clock", Verdict::kWarning,
            Say("it is {}, but data was written at {}", FormatIso8601(now),
                FormatIso8601(database->modified)),
            std::string(kMend)};
  }
  return {"clock", Verdict::kOk, Say("it is {}", FormatIso8601(now)), ""};
}

Finding CheckLimits() {
  const io::FileLimit limit = io::GetFileLimit();
  if (limit.hard < kWantedFiles) {
    return {
        "limits", Verdict::kWarning,
        Say("at most {} open files, {} connections need as many", limit.hard, kWantedFiles),
        Say("ulimit -n {}   (or LimitNOFILE={} in the systemd unit)", kWantedFiles, kWantedFiles)};
  }
  return {"limits", Verdict::kOk, Say("up to {} open files", limit.hard), ""};
}

}  // namespace stetig::app
