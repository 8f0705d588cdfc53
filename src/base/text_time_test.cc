// Expected values: the examples of RFC 3339, section 5.8, and Python's datetime.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace stetig {
namespace {

TEST(TextTimeTest, Rfc3339TextsAreReadToTheMillisecond) {
  const std::pair<const char*, int64_t> cases[] = {
      {"1985-04-12T23:20:50.52Z", 482196050520},
      {"1996-12-19T16:39:57-08:00", 851042397000},
      {"1990-12-31T23:59:60Z", 662688000000},  // a leap second is the second after it
      {"1990-12-31T15:59:60-08:00", 662688000000},
      {"1937-01-01T12:00:27.87+00:20", -1041337172130},
      {"2000-02-29", 951782400000},
      {"2024-02-29T12:00:00+05:30", 1709188200000},
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01t00:00:00z", 0},
      {"1970-01-01 00:00:00Z", 0},
      {"1970-01-01T00:00:00-00:00", 0},
      {"0001-01-01T00:00:00Z", -62135596800000},
      {"9999-12-31T23:59:59.999Z", 253402300799999},
      {"2026-11-27T08:00:00.123+01:00", 1795762800123},
      {"2026-11-27T08:00:00.1239999999999999999999+01:00", 1795762800123},
      {"2026-11-27", 1795737600000},
      {"1969-12-31T23:59:59.999Z", -1},
      {"2026-11-27T23:30:00-23:59", 1795908540000},
  };
  for (const auto& [text, ms] : cases) {
    const auto time = ParseIso8601(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(time->ms, ms) << text;
  }
}

TEST(TextTimeTest, AnythingElseIsNoTime) {
  for (const char* text : {"",
                           "2026",
                           "2026-11",
                           "2026-11-2",
                           "2026-11-27T",
                           "2026-11-27T08",
                           "2026-11-27T08:00",
                           "2026-11-27T08:00Z",
                           "2026-11-27T08:00:00",
                           "2026-11-27T08:00:00.Z",
                           "2026-11-27T08:00:00.+01:00",
                           "2026-11-27T08:00:00.123",
                           "2026-11-27T08:00:00,5Z",
                           "2026-11-27T24:00:00Z",
                           "2026-11-27T08:60:00Z",
                           "2026-11-27T08:00:61Z",
                           "2026-11-27T08:00:00+1:00",
                           "2026-11-27T08:00:00+0100",
                           "2026-11-27T08:00:00+24:00",
                           "2026-11-27T08:00:00+01:60",
                           "2026-11-27T08:00:00ZZ",
                           "2026-11-27T08:00:00Z ",
                           " 2026-11-27",
                           "2026-02-29",
                           "1900-02-29",
                           "2026-02-30",
                           "2026-00-01",
                           "2026-13-01",
                           "2026-11-00",
                           "2026-11-31",
                           "20261127",
                           "2026/11/27",
                           "+026-11-27",
                           "-026-11-27",
                           "2026-+1-27",
                           "2026-11-27X08:00:00Z",
                           "10000-01-01",
                           "26-11-27",
                           "２０２６-11-27"}) {
    EXPECT_FALSE(ParseIso8601(text).has_value()) << text;
  }
}

TEST(TextTimeTest, EveryDayOfFourCenturiesIsOneDayAfterTheOneBefore) {
  // Counted by the rules of the Gregorian calendar alone.
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t expected = 0;
  for (int year = 1970; year < 2370; ++year) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    for (int month = 1; month <= 12; ++month) {
      const int days = kDays[month - 1] + (leap && month == 2 ? 1 : 0);
      for (int day = 1; day <= 31; ++day) {
        const auto time = ParseIso8601(fmt::format("{:04}-{:02}-{:02}", year, month, day));
        ASSERT_EQ(time.has_value(), day <= days) << year << "-" << month << "-" << day;
        if (!time) continue;
        ASSERT_EQ(time->ms, expected);
        expected += 86'400'000;
      }
    }
  }
}

}  // namespace
}  // namespace stetig
