#include "base/log.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/json_writer.h"
#include "base/text.h"

namespace stetig::log {
namespace {

constexpr size_t kTailRoom = 64;  // for "suppressed", "truncated" and the closing brace
constexpr int64_t kBackOffMs = 1000;

int64_t SteadyMs() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

/// `text`, cut so that its JSON form is at most `room` bytes.
std::string_view CutToFit(std::string_view text, size_t room) {
  std::string probe;
  while (!text.empty()) {
    probe.clear();
    AppendJsonString(probe, text);
    if (probe.size() <= room) {
      break;
    }
    text = FirstCodePoints(text, CodePoints(text) * 3 / 4);
  }
  return text;
}

std::string_view Text(const std::string& value) { return value; }
std::string_view Text(std::string_view value) { return value; }

void WriteValue(JsonWriter& writer, const Field& field) {
  std::visit(
      [&](const auto& value) {
        if constexpr (requires { Text(value); }) {
          writer.String(CutToFit(Text(value), kMaxLine / 4));
        } else {
          writer.Write(value);
        }
      },
      field.value());
}

bool NeedsQuotes(std::string_view text) {
  return text.empty() || std::ranges::any_of(text, [](char c) {
           auto byte = static_cast<unsigned char>(c);
           return byte <= ' ' || byte >= 0x7F || c == '"' || c == '\\' || c == '=';
         });
}

void AppendText(std::string& out, std::string_view text) {
  // Quoted in ASCII: a terminal must never get an escape sequence out of a log field.
  if (NeedsQuotes(text)) {
    AppendJsonString(out, CutToFit(text, kMaxLine / 4), /*ascii=*/true);
  } else {
    out.append(FirstCodePoints(text, kMaxLine / 4));
  }
}

std::unique_ptr<Logger>& DefaultSlot() {
  static std::unique_ptr<Logger> logger = std::make_unique<Logger>();
  return logger;
}

}  // namespace

std::string_view LevelName(Level level) {
  static constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warning", "error"};
  return kNames.at(static_cast<size_t>(level));
}

std::optional<Level> ParseLevel(std::string_view name) {
  for (Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    if (LevelName(level) == name) {
      return level;
    }
  }
  return std::nullopt;
}

Logger::Logger(Options options)
    : options_(options),
      level_(options.level),
      json_(options.format == Format::kJson ||
            (options.format == Format::kAuto && isatty(options.fd) == 0)) {}

Logger& Logger::Default() { return *DefaultSlot(); }

void Logger::SetUp(Level level, Format format) {
  DefaultSlot() = std::make_unique<Logger>(Options{.level = level, .format = format});
}

void Logger::Write(Level level, std::string_view message, std::initializer_list<Field> fields,
                   uint64_t suppressed) {
  if (Enabled(level)) {
    Emit(json_ ? JsonLine(level, message, fields, suppressed)
               : TextLine(level, message, fields, suppressed));
  }
}

std::string Logger::JsonLine(Level level, std::string_view message,
                             std::initializer_list<Field> fields, uint64_t suppressed) const {
  std::string out;
  out.reserve(256);
  JsonWriter writer(&out);
  writer.BeginObject();
  writer.Field("time", FormatIso8601(options_.clock->Now()));
  writer.Field("level", LevelName(level));
  writer.Field("message", CutToFit(message, kMaxLine / 4));
  bool truncated = false;
  for (const Field& field : fields) {
    std::string piece;
    JsonWriter part(&piece);
    WriteValue(part, field);
    if (out.size() + field.name().size() + piece.size() + kTailRoom > kMaxLine) {
      truncated = true;
      break;
    }
    writer.Key(field.name());
    writer.Raw(piece);
  }
  if (suppressed > 0) {
    writer.Field("suppressed", static_cast<int64_t>(suppressed));
  }
  if (truncated) {
    writer.Field("truncated", true);
  }
  writer.EndObject();
  out.push_back('\n');
  return out;
}

std::string Logger::TextLine(Level level, std::string_view message,
                             std::initializer_list<Field> fields, uint64_t suppressed) const {
  std::string out =
      fmt::format("{} {:<7} ", FormatIso8601(options_.clock->Now()), LevelName(level));
  out.append(FirstCodePoints(message, kMaxLine / 8));
  for (const Field& field : fields) {
    std::string piece = fmt::format(" {}=", field.name());
    std::visit(
        [&](const auto& value) {
          if constexpr (requires { Text(value); }) {
            AppendText(piece, Text(value));
          } else {
            fmt::format_to(std::back_inserter(piece), "{}", value);
          }
        },
        field.value());
    if (out.size() + piece.size() + kTailRoom > kMaxLine) {
      out.append(" truncated=true");
      break;
    }
    out.append(piece);
  }
  if (suppressed > 0) {
    fmt::format_to(std::back_inserter(out), " suppressed={}", suppressed);
  }
  out.push_back('\n');
  return out;
}

void Logger::Emit(std::string_view line) {
  int patience = SteadyMs() < stuck_until_ms_.load(std::memory_order_relaxed)
                     ? 0
                     : static_cast<int>(kPatience.count());
  pollfd ready{.fd = options_.fd, .events = POLLOUT, .revents = 0};
  int rc = poll(&ready, 1, patience);
  if (rc < 0 && errno == EINTR) {
    rc = poll(&ready, 1, patience);
  }
  if (rc == 1 && (ready.revents & POLLOUT) != 0) {
    ssize_t written = 0;
    do {
      written = write(options_.fd, line.data(), line.size());
    } while (written < 0 && errno == EINTR);
    if (written >= 0) {
      return;
    }
  } else if (rc == 0) {
    stuck_until_ms_.store(SteadyMs() + kBackOffMs, std::memory_order_relaxed);
  }
  dropped_.fetch_add(1, std::memory_order_relaxed);
}

Site::Verdict Site::Ask(int64_t now, uint32_t burst) {
  int64_t second = second_.load(std::memory_order_relaxed);
  if (now != second && second_.compare_exchange_strong(second, now, std::memory_order_relaxed)) {
    written_.store(0, std::memory_order_relaxed);
  }
  if (written_.fetch_add(1, std::memory_order_relaxed) < burst) {
    return {.write = true, .suppressed = suppressed_.exchange(0, std::memory_order_relaxed)};
  }
  suppressed_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void WriteFrom(Site& site, Level level, std::string_view message,
               std::initializer_list<Field> fields) {
  Site::Verdict verdict =
      site.Ask(SteadyMs() / 1000, level == Level::kError ? kErrorBurst : kBurst);
  if (verdict.write) {
    Logger::Default().Write(level, message, fields, verdict.suppressed);
  }
}

}  // namespace stetig::log
