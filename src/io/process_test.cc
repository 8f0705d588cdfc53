#include "io/process.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <csignal>
#include <thread>

#include "io/loop.h"

namespace stetig::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Deadline Soon() { return After(seconds(20)); }

ProcessOptions Shell(std::string script) {
  return {.command = {"sh", "-c", std::move(script)},
          .folder = "",
          .environment = {"PATH=/bin:/usr/bin"}};
}

Task<std::string> ReadAll(Process& process) {
  std::string text;
  std::array<std::byte, 512> buffer{};
  for (;;) {
    auto got = co_await process.Read(buffer, Soon());
    ASSIGN_OR_CO_RETURN(const size_t size, std::move(got));
    if (size == 0) {
      co_return text;
    }
    text.append(reinterpret_cast<const char*>(buffer.data()), size);
  }
}

struct Outcome {
  std::string printed;
  ProcessExit exit;
};

Task<Outcome> RunToEnd(ProcessOptions options) {
  const auto executor = co_await asio::this_coro::executor;
  ASSIGN_OR_CO_RETURN(auto process, Process::Start(executor, options));
  auto read = co_await ReadAll(*process);
  ASSIGN_OR_CO_RETURN(std::string printed, std::move(read));
  auto waited = co_await process->Wait(Soon());
  ASSIGN_OR_CO_RETURN(const ProcessExit first, std::move(waited));
  auto again = co_await process->Wait(Soon());
  ASSIGN_OR_CO_RETURN(const ProcessExit second, std::move(again));
  EXPECT_EQ(first, second);
  co_return Outcome{std::move(printed), first};
}

Outcome OutcomeOf(ProcessOptions options) {
  auto outcome = RunSync(RunToEnd(std::move(options)));
  EXPECT_TRUE(outcome.has_value()) << outcome.error().ToString();
  return outcome.value_or(Outcome{});
}

Code CodeOfRunning(ProcessOptions options) {
  auto outcome = RunSync(RunToEnd(std::move(options)));
  return outcome ? Code::kOk : outcome.error().code();
}

TEST(Process, GivesOutputAndErrorsInOrderAndTheExitCode) {
  const Outcome outcome = OutcomeOf(Shell("echo one; echo two >&2; echo three; exit 7"));
  EXPECT_EQ(outcome.printed, "one\ntwo\nthree\n");
  EXPECT_EQ(outcome.exit, (ProcessExit{.code = 7, .signal = 0}));
}

TEST(Process, NamesTheSignalThatEndedIt) {
  EXPECT_EQ(OutcomeOf(Shell("kill -SEGV $$")).exit, (ProcessExit{.code = 0, .signal = SIGSEGV}));
}

TEST(Process, TakesArgumentsAsTheyAreAndOnlyTheEnvironmentGiven) {
  const Outcome outcome = OutcomeOf({.command = {"/usr/bin/env", "-u", "a b;$(c)", "printenv"},
                                     .folder = "",
                                     .environment = {"PATH=/bin:/usr/bin", "X=ü \"quoted\""}});
  EXPECT_EQ(outcome.printed, "PATH=/bin:/usr/bin\nX=ü \"quoted\"\n");
}

TEST(Process, RunsInItsFolderWithoutOurDescriptorsAndSignals) {
  std::array<int, 2> ours{};
  ASSERT_EQ(pipe(ours.data()), 0);  // not close-on-exec
  ProcessOptions options =
      Shell(fmt::format("pwd; for n in {} {}; do test -e /proc/$$/fd/$n && echo $n; done; cat; "
                        "kill -PIPE $$",
                        ours[0], ours[1]));
  options.folder = "/usr";
  std::signal(SIGPIPE, SIG_IGN);
  const Outcome outcome = OutcomeOf(std::move(options));
  close(ours[0]);
  close(ours[1]);
  EXPECT_EQ(outcome.printed, "/usr\n");
  EXPECT_EQ(outcome.exit.signal, SIGPIPE) << "a signal that we ignore";
}

TEST(Process, WhatCannotRunIsAnError) {
  EXPECT_EQ(CodeOfRunning({.command = {"no-such-program"}, .folder = "", .environment = {}}),
            Code::kNotFound);
  EXPECT_EQ(CodeOfRunning({.command = {"/etc/passwd"}, .folder = "", .environment = {}}),
            Code::kPermissionDenied);
  EXPECT_EQ(CodeOfRunning({.command = {"true"}, .folder = "/nonexistent", .environment = {}}),
            Code::kNotFound);
  EXPECT_EQ(CodeOfRunning({.command = {}, .folder = "", .environment = {}}),
            Code::kInvalidArgument);
  EXPECT_EQ(
      CodeOfRunning({.command = {"true", std::string("a\0b", 3)}, .folder = "", .environment = {}}),
      Code::kInvalidArgument);
}

Task<> WaitInVain(std::stop_token stop, Deadline deadline, Code expected) {
  const auto executor = co_await asio::this_coro::executor;
  const ProcessOptions options = Shell("sleep 60");
  ASSIGN_OR_CO_RETURN(auto process, Process::Start(executor, options));
  auto waited = co_await process->Wait(deadline, stop);
  EXPECT_FALSE(waited.has_value());
  EXPECT_EQ(waited.has_value() ? Code::kOk : waited.error().code(), expected);
  std::array<std::byte, 8> buffer{};
  auto read = co_await process->Read(buffer, After(milliseconds(5)));
  EXPECT_EQ(read.has_value() ? Code::kOk : read.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(kill(process->pid(), 0), 0) << "it goes on running";
  process->Signal(SIGTERM);
  auto ended = co_await process->Wait(Soon());
  ASSIGN_OR_CO_RETURN(const ProcessExit exit, std::move(ended));
  EXPECT_EQ(exit, (ProcessExit{.code = 0, .signal = SIGTERM}));
  co_return OkStatus();
}

TEST(Process, AWaitEndsAtItsDeadlineOrWhenStopped) {
  EXPECT_EQ(RunSync(WaitInVain({}, After(milliseconds(20)), Code::kDeadlineExceeded)), OkStatus());
  std::stop_source stop;
  std::jthread other([&] {
    std::this_thread::sleep_for(milliseconds(20));
    stop.request_stop();
  });
  EXPECT_EQ(RunSync(WaitInVain(stop.get_token(), Soon(), Code::kCancelled)), OkStatus());
}

/// Starts a shell whose child outlives it; gives the child's number.
Task<pid_t> LeaveChildBehind(bool wait) {
  const auto executor = co_await asio::this_coro::executor;
  const ProcessOptions options =
      Shell(wait ? "sleep 60 >/dev/null 2>&1 & echo $!" : "sleep 60 & echo $!; wait");
  ASSIGN_OR_CO_RETURN(auto process, Process::Start(executor, options));
  std::array<std::byte, 32> buffer{};
  auto read = co_await process->Read(buffer, Soon());
  ASSIGN_OR_CO_RETURN(const size_t size, std::move(read));
  const std::string text(reinterpret_cast<const char*>(buffer.data()), size);
  if (wait) {
    auto waited = co_await process->Wait(Soon());
    CO_TRY(std::move(waited));
  }
  co_return static_cast<pid_t>(std::stoi(text));
}

bool Gone(pid_t pid) {
  for (int i = 0; i < 2'000; ++i) {
    // A killed orphan stays a zombie until whoever inherits it takes it.
    std::array<char, 256> stat{};
    FILE* file = std::fopen(fmt::format("/proc/{}/stat", pid).c_str(), "r");
    if (file == nullptr) {
      return true;
    }
    const size_t size = std::fread(stat.data(), 1, stat.size() - 1, file);
    std::fclose(file);
    if (std::string_view(stat.data(), size).contains(") Z")) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

TEST(Process, NothingOfItsGroupOutlivesItsEndOrItsOwner) {
  for (const bool wait : {true, false}) {
    auto pid = RunSync(LeaveChildBehind(wait));
    ASSERT_TRUE(pid.has_value()) << pid.error().ToString();
    EXPECT_TRUE(Gone(*pid));
  }
}

/// Runs a script with RunProcess; what it printed and how that ended.
std::pair<std::string, Result<ProcessExit>> Streamed(ProcessOptions options, size_t most,
                                                     Deadline deadline = Soon()) {
  std::string printed;
  auto sink = [&printed](std::string_view piece) {
    printed += piece;
    return OkStatus();
  };
  auto exit = RunSync(RunProcess(std::move(options), std::move(sink), most, deadline));
  return {std::move(printed), std::move(exit)};
}

TEST(Process, OutputIsHandedOnPieceByPiece) {
  const auto [printed, exit] = Streamed(Shell("seq 1 20000; exit 3"), size_t{1} << 20);
  ASSERT_TRUE(exit) << exit.error().ToString();
  EXPECT_EQ(exit->code, 3);
  EXPECT_TRUE(printed.starts_with("1\n2\n") && printed.ends_with("\n20000\n"));
}

TEST(Process, ErrorsCanBeLeftOut) {
  ProcessOptions options = Shell("echo out; echo err >&2");
  EXPECT_EQ(Streamed(options, 100).first, "out\nerr\n");
  options.drop_errors = true;
  EXPECT_EQ(Streamed(options, 100).first, "out\n");
}

TEST(Process, ThatPrintsTooMuchIsEnded) {
  const auto [printed, exit] = Streamed(Shell("while :; do echo more; done"), 10'000);
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code(), Code::kResourceExhausted);
  EXPECT_LE(printed.size(), 10'000U);
}

TEST(Process, ThatTakesTooLongIsEnded) {
  const auto [printed, exit] =
      Streamed(Shell("echo begun; exec sleep 60"), 100, After(milliseconds(300)));
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code(), Code::kDeadlineExceeded);
}

TEST(Process, EndsWithTheErrorOfWhoReadsIt) {
  auto sink = [](std::string_view) { return Status(Code::kDataLoss, "no"); };
  const auto exit = RunSync(RunProcess(Shell("yes"), std::move(sink), 1 << 20, Soon()));
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code(), Code::kDataLoss);
}

}  // namespace
}  // namespace stetig::io
