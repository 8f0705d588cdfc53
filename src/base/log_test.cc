#include "base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

#include "base/json_value.h"
#include "base/text.h"

namespace stetig::log {
namespace {

/// A pipe whose write end a logger gets.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  int fd() const { return ends_[1]; }
  /// Everything written so far.
  std::string Read() {
    EXPECT_EQ(fcntl(ends_[0], F_SETFL, O_NONBLOCK), 0);
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = read(ends_[0], buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<size_t>(got));
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{};
};

struct UserTag {};

TEST(Log, WritesOneJsonObjectPerLine) {
  Pipe pipe;
  FakeClock clock({1'700'000'000'000});
  Logger logger({.fd = pipe.fd(), .format = Format::kJson, .clock = &clock});
  std::string owned = "with \"quotes\"\nand lines";
  logger.Write(Level::kWarning, "request refused",
               {{"route", "runs/create"},
                {"status", 400},
                {"took", 0.25},
                {"ok", false},
                {"text", owned},
                {"user", Id<UserTag>("ada")},
                {"error", Status(Code::kNotFound, "no such run")},
                {"password", Secret<std::string>("hunter2")}});
  EXPECT_EQ(pipe.Read(),
            "{\"time\":\"2023-11-14T22:13:20.000Z\",\"level\":\"warning\",\"message\":\"request "
            "refused\","
            "\"route\":\"runs/create\",\"status\":400,\"took\":0.25,\"ok\":false,"
            "\"text\":\"with \\\"quotes\\\"\\nand lines\",\"user\":\"ada\",\"error\":\"not_found: "
            "no such run\","
            "\"password\":\"***\"}\n");
}

TEST(Log, WritesTextThatCannotForgeLinesOrMoveTheCursor) {
  Pipe pipe;
  FakeClock clock({0});
  Logger logger({.fd = pipe.fd(), .format = Format::kText, .clock = &clock});
  logger.Write(Level::kInfo, "run created",
               {{"name", "a b"}, {"id", "r1"}, {"evil", "\x1b[2J\nfake"}, {"empty", ""}});
  EXPECT_EQ(pipe.Read(),
            "1970-01-01T00:00:00.000Z info    run created name=\"a b\" id=r1 "
            "evil=\"\\u001b[2J\\nfake\" empty=\"\"\n");
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  Pipe pipe;
  Logger logger({.fd = pipe.fd(), .level = Level::kWarning, .format = Format::kJson});
  logger.Write(Level::kInfo, "no", {});
  EXPECT_EQ(pipe.Read(), "");
  logger.set_level(Level::kDebug);
  logger.Write(Level::kDebug, "yes", {});
  EXPECT_NE(pipe.Read(), "");
  EXPECT_EQ(ParseLevel("warning"), Level::kWarning);
  EXPECT_EQ(ParseLevel("loud"), std::nullopt);
}

TEST(Log, KeepsLinesShortAndWellFormed) {
  Pipe pipe;
  Logger json({.fd = pipe.fd(), .format = Format::kJson});
  Logger text({.fd = pipe.fd(), .format = Format::kText});
  std::string control(100'000, '\x01');
  std::string wide;
  for (int i = 0; i < 10'000; ++i) {
    wide += "中";
  }
  for (Logger* logger : {&json, &text}) {
    logger->Write(
        Level::kError, wide,
        {{"a", control}, {"b", wide}, {"c", control}, {"d", wide}, {"e", control}, {"f", 1}});
    std::string line = pipe.Read();
    EXPECT_LE(line.size(), kMaxLine);
    EXPECT_TRUE(IsValidUtf8(line));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_NE(line.find("truncated"), std::string::npos);
    if (logger == &json) {
      EXPECT_TRUE(json::Parse(line).has_value()) << line;
    }
  }
}

TEST(Log, DropsLinesWhenNobodyReads) {
  Pipe pipe;
  Logger logger({.fd = pipe.fd(), .format = Format::kJson});
  std::string filler(900, 'x');
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 500; ++i) {
    logger.Write(Level::kInfo, "filling", {{"filler", filler}});
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_GT(logger.dropped(), 300u);
  std::string text = pipe.Read();
  EXPECT_TRUE(text.ends_with("}\n"));
}

TEST(Log, NeverMixesLinesOfThreads) {
  Pipe pipe;
  Logger logger({.fd = pipe.fd(), .format = Format::kJson});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&logger, t] {
      for (int i = 0; i < 100; ++i) {
        logger.Write(Level::kInfo, "line", {{"thread", t}, {"i", i}});
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  std::string all = pipe.Read();
  std::vector<std::string_view> lines = Split(all, '\n');
  EXPECT_EQ(lines.size() + logger.dropped(), 401u);
  for (std::string_view line : lines) {
    EXPECT_TRUE(line.empty() || json::Parse(line).has_value()) << line;
  }
}

TEST(LogSite, LimitsLinesPerSecondAndCountsTheRest) {
  Site site;
  for (uint32_t i = 0; i < kBurst; ++i) {
    EXPECT_TRUE(site.Ask(10).write);
  }
  EXPECT_FALSE(site.Ask(10).write);
  EXPECT_FALSE(site.Ask(10).write);
  Site::Verdict next = site.Ask(11);
  EXPECT_TRUE(next.write);
  EXPECT_EQ(next.suppressed, 2u);
  EXPECT_EQ(site.Ask(11).suppressed, 0u);
}

TEST(LogSite, LimitsErrorsToo) {
  Site site;
  uint32_t written = 0;
  for (uint32_t i = 0; i < 2 * kErrorBurst; ++i) {
    written += site.Ask(10, kErrorBurst).write ? 1 : 0;
  }
  EXPECT_EQ(written, kErrorBurst);
}

TEST(Secret, IsNotPrinted) {
  Secret<std::string> secret("hunter2");
  EXPECT_EQ(fmt::format("{}", secret), "***");
  EXPECT_EQ(secret.Reveal(), "hunter2");
}

}  // namespace
}  // namespace stetig::log
