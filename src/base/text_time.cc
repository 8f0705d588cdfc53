// Times as text: ISO 8601 in the form of RFC 3339.
#include <charconv>
#include <chrono>

#include "base/text.h"

namespace stetig {
namespace {

std::optional<int> Digits(std::string_view text, size_t at, size_t count) {
  int value = 0;
  const char* begin = text.data() + at;
  if (text.size() < at + count || *begin < '0' || *begin > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(begin, begin + count, value);
  if (error != std::errc() || end != begin + count) return std::nullopt;
  return value;
}

std::optional<std::chrono::sys_days> ParseDay(std::string_view text) {
  const auto year = Digits(text, 0, 4);
  const auto month = Digits(text, 5, 2);
  const auto day = Digits(text, 8, 2);
  if (text.size() < 10 || text[4] != '-' || text[7] != '-' || !year || !month || !day) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

/// "Z", "+02:00": minutes east of Greenwich.
std::optional<int> ParseOffset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const auto hours = Digits(text, 1, 2);
  const auto minutes = Digits(text, 4, 2);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' || !hours ||
      !minutes || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  return (text[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

std::optional<WallTime> ParseIso8601(std::string_view text) {
  const auto day = ParseDay(text);
  if (!day) return std::nullopt;
  const int64_t begin =
      std::chrono::duration_cast<std::chrono::milliseconds>(day->time_since_epoch()).count();
  if (text.size() == 10) return WallTime{begin};
  const auto hour = Digits(text, 11, 2);
  const auto minute = Digits(text, 14, 2);
  const auto second = Digits(text, 17, 2);
  if ((text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text.size() < 20 ||
      text[13] != ':' || text[16] != ':' || !hour || !minute || !second || *hour > 23 ||
      *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  size_t at = 19;
  int64_t ms = 0;
  if (text[at] == '.') {
    int64_t scale = 100;
    if (!Digits(text, at + 1, 1)) return std::nullopt;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      ms += (text[at] - '0') * scale;
    }
  }
  const auto offset = ParseOffset(text.substr(at));
  if (!offset) return std::nullopt;
  const int64_t seconds = ((*hour * 60LL) + *minute - *offset) * 60 + *second;
  return WallTime{begin + seconds * 1000 + ms};
}

}  // namespace stetig
