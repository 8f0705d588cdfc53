// Structured log: one line per event, JSON for machines or text for a terminal.
//
//   LOG(kInfo, "server started", {"port", port}, {"store", url});
//   LOG(kWarning, "request refused", {"request_id", request.request_id}, {"reason", status});
//
// A line goes to the kernel in one write before LOG returns, so a crash loses none. It is at most
// kMaxLine bytes: pipes take that whole or not at all, so lines of several threads and processes
// never mix, and a reader that does not read cannot hold the server up: after kPatience the line is
// dropped and counted. Each LOG in the code writes at most kBurst lines per second (kErrorBurst of
// errors); the number left out is said in the next line. Messages are constants in lower case; what
// varies is a field.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/clock.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/secret.h"
#include "base/status.h"

namespace stetig::log {

enum class Level : unsigned char { kDebug, kInfo, kWarning, kError };
/// "debug", "info", "warning", "error".
std::string_view LevelName(Level level);
std::optional<Level> ParseLevel(std::string_view name);

enum class Format : unsigned char {
  kAuto,  ///< text on a terminal, else JSON
  kText,
  kJson,
};

inline constexpr size_t kMaxLine = 4096;  // PIPE_BUF
inline constexpr std::chrono::milliseconds kPatience{10};
inline constexpr uint32_t kBurst = 20;
inline constexpr uint32_t kErrorBurst = 200;  // a full disk must not cost a line per request

/// A name with a value. Borrows text: for arguments only.
class Field {
 public:
  Field(std::string_view name, std::string_view value) : name_(name), value_(value) {}
  Field(std::string_view name, const char* value) : name_(name), value_(std::string_view(value)) {}
  Field(std::string_view name, const std::string& value)
      : name_(name), value_(std::string_view(value)) {}
  Field(std::string_view name, bool value) : name_(name), value_(value) {}
  Field(std::string_view name, double value) : name_(name), value_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view name, T value) : name_(name), value_(static_cast<int64_t>(value)) {}
  template <class Tag>
  Field(std::string_view name, const Id<Tag>& id) : Field(name, id.str()) {}
  /// Code and message.
  Field(std::string_view name, const Status& status) : name_(name), value_(status.ToString()) {}
  template <class T>
  Field(std::string_view name, const Secret<T>&) : name_(name), value_(kHiddenSecret) {}

  std::string_view name() const { return name_; }
  const auto& value() const { return value_; }

 private:
  std::string_view name_;
  std::variant<bool, int64_t, double, std::string_view, std::string> value_;
};

struct Options {
  int fd = 2;  ///< borrowed
  Level level = Level::kInfo;
  Format format = Format::kAuto;
  const Clock* clock = &Clock::System();
};

/// Writes lines to a descriptor. Thread-safe. Never throws; memory is bounded by kMaxLine per call.
class Logger {
 public:
  explicit Logger(Options options = {});

  bool Enabled(Level level) const { return level >= level_.load(std::memory_order_relaxed); }
  void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }
  /// Whether lines are JSON, as decided from Format and the descriptor.
  bool json() const { return json_; }
  /// `suppressed` lines of the same origin were left out before this one.
  void Write(Level level, std::string_view message, std::initializer_list<Field> fields,
             uint64_t suppressed = 0);
  /// Lines dropped because nobody read.
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  /// The process's logger, on standard error.
  static Logger& Default();
  /// Sets the level and format of the process's logger. Call before threads start.
  static void SetUp(Level level, Format format);

 private:
  std::string JsonLine(Level level, std::string_view message, std::initializer_list<Field> fields,
                       uint64_t suppressed) const;
  std::string TextLine(Level level, std::string_view message, std::initializer_list<Field> fields,
                       uint64_t suppressed) const;
  void Emit(std::string_view line);

  Options options_;
  std::atomic<Level> level_;
  bool json_;
  std::atomic<uint64_t> dropped_{0};
  std::atomic<int64_t> stuck_until_ms_{0};  // steady clock; no line waits before
};

/// Limits the lines of one place in the code. Thread-safe, without locks.
class Site {
 public:
  /// Whether a line may be written at `now` (seconds of any clock); if so, `suppressed` lines were
  /// left out since the last one.
  struct Verdict {
    bool write = false;
    uint64_t suppressed = 0;
  };
  Verdict Ask(int64_t now, uint32_t burst = kBurst);

 private:
  std::atomic<int64_t> second_{0};
  std::atomic<uint32_t> written_{0};
  std::atomic<uint64_t> suppressed_{0};
};

/// What LOG does.
void WriteFrom(Site& site, Level level, std::string_view message,
               std::initializer_list<Field> fields);

}  // namespace stetig::log

#define LOG(LEVEL, MESSAGE, ...)                                                      \
  do {                                                                                \
    if (::stetig::log::Logger::Default().Enabled(::stetig::log::Level::LEVEL)) {      \
      static ::stetig::log::Site stetig_log_site;                                     \
      ::stetig::log::WriteFrom(stetig_log_site, ::stetig::log::Level::LEVEL, MESSAGE, \
                               {__VA_ARGS__});                                        \
    }                                                                                 \
  } while (false)
