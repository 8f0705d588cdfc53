#include "connect/git.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "base/text.h"
#include "connect/git_output.h"
#include "io/process.h"

namespace stetig::connect {
namespace {

constexpr size_t kLastWords = 2'000;

/// What every call of git is told before its command.
constexpr std::string_view kSettings[] = {
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.bigFileThreshold=1m",
    "core.attributesFile=/dev/null",
    "core.quotePath=true",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.recurseSubmodules=no",
    "submodule.recurse=false",
    "protocol.allow=never",
    "protocol.https.allow=always",
    "protocol.http.allow=always",
    "protocol.ssh.allow=always",
    "protocol.file.allow=always",
    "http.followRedirects=initial",
    "i18n.logOutputEncoding=UTF-8",
    "log.showSignature=false",
    "log.mailmap=false",
    "diff.external=",
    "diff.noprefix=false",
    "advice.detachedHead=false",
};
/// What git gets of our environment: its way to the network, and a user's keys.
constexpr const char* kPassed[] = {"PATH",          "HOME",       "SSH_AUTH_SOCK", "GIT_SSL_CAINFO",
                                   "SSL_CERT_FILE", "http_proxy", "https_proxy",   "no_proxy"};

std::vector<std::string> Environment() {
  std::vector<std::string> all = {
      "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
      "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false", "GIT_OPTIONAL_LOCKS=0",
      // Stronger than any configuration, also that of a repository that is read from a path.
      "GIT_ALLOW_PROTOCOL=file:http:https:ssh", "GIT_NO_LAZY_FETCH=1", "GIT_LFS_SKIP_SMUDGE=1",
      "GIT_SSH_COMMAND=ssh -oBatchMode=yes -oStrictHostKeyChecking=yes"};
  for (const char* name : kPassed) {
    if (const char* value = std::getenv(name)) all.push_back(fmt::format("{}={}", name, value));
  }
  return all;
}

io::ProcessOptions Command(const std::string& folder, const std::string& mirror,
                           std::vector<std::string> arguments) {
  io::ProcessOptions options;
  options.command = {"git", "--git-dir", mirror};
  for (const std::string_view setting : kSettings) {
    options.command.insert(options.command.end(), {"-c", std::string(setting)});
  }
  options.command.insert(
      options.command.end(),
      {"-c", fmt::format("credential.helper=store --file={}/credentials", folder)});
  options.command.insert(options.command.end(), std::make_move_iterator(arguments.begin()),
                         std::make_move_iterator(arguments.end()));
  options.environment = Environment();
  return options;
}

Status Failed(std::string_view what, const io::ProcessExit& exit, std::string_view words) {
  return Err(
      Code::kUnavailable,
      fmt::format("git {} failed with {} {}{}{}", what, exit.signal != 0 ? "signal" : "exit code",
                  exit.signal != 0 ? exit.signal : exit.code, words.empty() ? "" : ": ",
                  CleanGitText(Trim(words), kLastWords)));
}

/// Runs a reading command and hands what it prints to `sink`.
Task<> Stream(std::string folder, std::string mirror, std::vector<std::string> arguments,
              io::OutputSink sink, Deadline deadline) {
  const std::string what = arguments.front();
  io::ProcessOptions options = Command(folder, mirror, std::move(arguments));
  options.drop_errors = true;
  auto run = co_await io::RunProcess(std::move(options), std::move(sink), kMaxOutput, deadline);
  ASSIGN_OR_CO_RETURN(const io::ProcessExit exit, std::move(run));
  if (exit != io::ProcessExit{}) co_return Failed(what, exit, "");
  co_return OkStatus();
}

Task<std::string> Capture(std::string folder, std::string mirror,
                          std::vector<std::string> arguments, Deadline deadline) {
  std::string output;
  auto sink = [&output](std::string_view piece) {
    output += piece;
    return OkStatus();
  };
  CO_TRY(co_await Stream(std::move(folder), std::move(mirror), std::move(arguments),
                         std::move(sink), deadline));
  co_return output;
}

/// Runs a command whose output is for people, and says its end when it fails.
Task<> Do(std::string folder, std::string mirror, std::vector<std::string> arguments,
          Deadline deadline) {
  const std::string what = arguments.front();
  std::string words;
  auto sink = [&words](std::string_view piece) {
    words += piece;
    if (words.size() > 2 * kLastWords) words.erase(0, words.size() - kLastWords);
    return OkStatus();
  };
  io::ProcessOptions options = Command(folder, mirror, std::move(arguments));
  auto run = co_await io::RunProcess(std::move(options), std::move(sink), kMaxOutput, deadline);
  ASSIGN_OR_CO_RETURN(const io::ProcessExit exit, std::move(run));
  if (exit != io::ProcessExit{}) co_return Failed(what, exit, words);
  co_return OkStatus();
}

Result<std::vector<std::string>> ShaLines(std::string_view output) {
  std::vector<std::string> shas;
  for (const std::string_view line : Split(output, '\n')) {
    if (line.empty()) continue;
    if (!IsSha(line)) {
      return Err(Code::kDataLoss, fmt::format("git printed '{}', expected the id of a commit",
                                              CleanGitText(line, 80)));
    }
    if (shas.size() == kMaxListed) {
      return Err(Code::kResourceExhausted,
                 fmt::format("the repository has more than {} commits", kMaxListed));
    }
    shas.emplace_back(line);
  }
  return shas;
}

/// As many as an argument list takes; leaving some out makes git say more, never less.
void AddNot(std::vector<std::string>& arguments, const std::vector<std::string>& shas) {
  constexpr size_t kMost = 1'000;
  arguments.emplace_back("--not");
  for (size_t i = 0; i < std::min(shas.size(), kMost); ++i) arguments.push_back(shas[i]);
}

std::vector<std::string> PatchArguments(std::string command) {
  return {std::move(command),
          "-p",
          "--no-color",
          "--no-ext-diff",
          "--no-textconv",
          "--full-index",
          "-U3",
          "--no-renames",
          "--submodule=short",
          "--diff-algorithm=myers",
          "--src-prefix=a/",
          "--dst-prefix=b/"};
}

}  // namespace

Status CheckGitUrl(std::string_view url) {
  const auto wrong = [url](std::string_view why) {
    return Err(Code::kInvalidArgument,
               fmt::format("url '{}' {}, expected https://…, http://…, ssh://…, user@host:path or "
                           "the absolute path of a repository on this server",
                           CleanGitText(url.substr(0, 200), 200), why),
               "invalid_field");
  };
  if (url.empty() || url.size() > 2'000) return wrong("is empty or longer than 2000 bytes");
  if (CleanGitText(url, url.size()) != url || url.contains('\n') || url.contains(' ')) {
    return wrong("has a blank or control character");
  }
  if (url.contains("::")) return wrong("names a transport helper");
  if (url.starts_with('/')) return OkStatus();
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) {
    const size_t at = url.find('@');
    const size_t colon = url.find(':');
    const bool scp = at != std::string_view::npos && colon != std::string_view::npos &&
                     at < colon && !url.starts_with('-') && url[at + 1] != '-';
    return scp ? OkStatus() : wrong("is none");
  }
  const std::string_view name = url.substr(0, scheme);
  if (name != "https" && name != "http" && name != "ssh" && name != "file") {
    return wrong("has a transport that is not taken");
  }
  const std::string_view rest = url.substr(scheme + 3);
  const std::string_view host = rest.substr(0, rest.find('/'));
  const size_t at = host.rfind('@');
  if (at != std::string_view::npos && host.substr(0, at).contains(':')) {
    return Err(Code::kInvalidArgument,
               "the url holds a password, expected it in the credential file of the server",
               "invalid_field");
  }
  if (host.starts_with('-') ||
      (at != std::string_view::npos && host.substr(at + 1).starts_with('-'))) {
    return wrong("has a host that starts with '-'");
  }
  return OkStatus();
}

Task<> Git::Fetch(std::string id, std::string url, Deadline deadline) const {
  CO_TRY(CheckGitUrl(url));
  const std::string mirror = folder_ + "/" + id + ".git";
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  if (!failed && !std::filesystem::exists(mirror + "/HEAD", failed)) {
    CO_TRY(co_await Do(folder_, mirror, {"init", "-q", "--bare", "--template="}, deadline));
  }
  if (failed) {
    co_return Err(Code::kUnavailable,
                  fmt::format("the folder {} cannot be made: {}", folder_, failed.message()));
  }
  co_return co_await Do(folder_, mirror,
                        {"fetch", "-q", "--prune", "--no-tags", "--no-auto-maintenance",
                         "--no-write-fetch-head", "--no-recurse-submodules", "--", url,
                         "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"},
                        deadline);
}

Task<std::vector<GitRef>> Git::Refs(std::string id, Deadline deadline) const {
  auto captured = co_await Capture(
      folder_, folder_ + "/" + id + ".git",
      {"for-each-ref", std::string(kRefFormat), "refs/heads/", "refs/tags/"}, deadline);
  ASSIGN_OR_CO_RETURN(const std::string output, std::move(captured));
  co_return ParseRefs(output, kMaxRefs);
}

Task<std::vector<std::string>> Git::Reachable(std::string id, std::vector<std::string> known,
                                              Deadline deadline) const {
  std::vector<std::string> arguments = {"rev-list",         "--reverse",  "--topo-order",
                                        "--ignore-missing", "--branches", "--tags"};
  AddNot(arguments, known);
  auto captured =
      co_await Capture(folder_, folder_ + "/" + id + ".git", std::move(arguments), deadline);
  ASSIGN_OR_CO_RETURN(const std::string output, std::move(captured));
  co_return ShaLines(output);
}

Task<std::vector<std::string>> Git::Behind(std::string id, std::vector<std::string> tips,
                                           std::vector<std::string> without,
                                           Deadline deadline) const {
  std::vector<std::string> arguments = {"rev-list", "--reverse", "--topo-order",
                                        "--ignore-missing"};
  arguments.insert(arguments.end(), tips.begin(),
                   tips.begin() + static_cast<ptrdiff_t>(std::min<size_t>(tips.size(), 1'000)));
  if (without.empty()) {
    arguments.insert(arguments.end(), {"--not", "--branches", "--tags"});
  } else {
    AddNot(arguments, without);
  }
  auto captured =
      co_await Capture(folder_, folder_ + "/" + id + ".git", std::move(arguments), deadline);
  ASSIGN_OR_CO_RETURN(const std::string output, std::move(captured));
  co_return ShaLines(output);
}

Task<std::vector<Commit>> Git::Describe(std::string id, std::vector<std::string> shas,
                                        Deadline deadline) const {
  if (shas.empty()) co_return std::vector<Commit>();
  std::vector<std::string> arguments = {"log", "-z", "--no-walk=unsorted", "--no-color",
                                        std::string(kLogFormat)};
  arguments.insert(arguments.end(), shas.begin(), shas.end());
  auto captured =
      co_await Capture(folder_, folder_ + "/" + id + ".git", std::move(arguments), deadline);
  ASSIGN_OR_CO_RETURN(const std::string output, std::move(captured));
  co_return ParseLog(output);
}

Task<std::map<std::string, std::string>> Git::Patches(std::string id, std::vector<std::string> shas,
                                                      Deadline deadline) const {
  using Found = std::map<std::string, std::string>;
  if (shas.empty()) co_return Found();
  std::vector<std::string> arguments = PatchArguments("log");
  arguments.insert(arguments.end(), {"--no-walk=unsorted", "--diff-merges=off",
                                     std::string(PatchReader::kPatchFormat)});
  arguments.insert(arguments.end(), shas.begin(), shas.end());
  PatchReader reader;
  auto sink = [&reader](std::string_view piece) {
    reader.Feed(piece);
    return OkStatus();
  };
  CO_TRY(co_await Stream(folder_, folder_ + "/" + id + ".git", std::move(arguments),
                         std::move(sink), deadline));
  co_return reader.Take();
}

Task<std::string> Git::PatchBetween(std::string id, std::string from, std::string to,
                                    Deadline deadline) const {
  std::vector<std::string> arguments = PatchArguments("diff");
  arguments.insert(arguments.end(), {from, to, "--"});
  PatchReader reader;
  reader.Feed(fmt::format("{}{}\n", '\0', to));
  auto sink = [&reader](std::string_view piece) {
    reader.Feed(piece);
    return OkStatus();
  };
  CO_TRY(co_await Stream(folder_, folder_ + "/" + id + ".git", std::move(arguments),
                         std::move(sink), deadline));
  const std::map<std::string, std::string> found = reader.Take();
  co_return found.contains(to) ? found.at(to) : std::string();
}

Task<std::string> Git::MergeBase(std::string id, std::string a, std::string b,
                                 Deadline deadline) const {
  auto merged =
      co_await Capture(folder_, folder_ + "/" + id + ".git", {"merge-base", a, b}, deadline);
  if (!merged && merged.error().code() == Code::kUnavailable) co_return std::string();
  ASSIGN_OR_CO_RETURN(const std::string output, std::move(merged));
  const std::string sha(Trim(output));
  co_return IsSha(sha) ? sha : std::string();
}

Status Git::Remove(const std::string& id) const {
  std::error_code failed;
  std::filesystem::remove_all(folder_ + "/" + id + ".git", failed);
  return failed ? Err(Code::kUnavailable,
                      fmt::format("the mirror {} cannot be removed: {}", id, failed.message()))
                : OkStatus();
}

}  // namespace stetig::connect
