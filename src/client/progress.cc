#include "client/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "client/language.h"
#include "client/width.h"
#include "io/host.h"

namespace stetig::client {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);

bool IsWatched() {
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  return !dumb && std::getenv("CI") == nullptr && io::ErrorsAreTerminal();
}

}  // namespace

std::string ProgressLine(const std::string& what, size_t done, size_t total,
                         std::chrono::milliseconds after) {
  if (done == 0) return {};
  const double seconds = std::max(0.001, static_cast<double>(after.count()) / 1000);
  const double rate = static_cast<double>(done) / seconds;
  const double left = static_cast<double>(total - std::min(done, total)) / rate;
  return Say("{}: {} of {}, {:.0f}/s, {:.0f} s left", what, done, total, rate, left);
}

Progress::Progress(std::string what, size_t total)
    : what_(std::move(what)),
      total_(total),
      shown_(IsWatched()),
      begun_(std::chrono::steady_clock::now()),
      last_(begun_) {}

Progress::~Progress() {
  if (written_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::Advance(size_t done) {
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || now - last_ < kPause) return;
  last_ = now;
  written_ = true;
  const auto after = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun_);
  const size_t width = io::TerminalWidth();
  fmt::print(stderr, "\r{}\x1b[K",
             Shortened(ProgressLine(what_, done, total_, after), width == 0 ? 80 : width - 1));
  std::fflush(stderr);
}

}  // namespace stetig::client
