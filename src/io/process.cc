#include "io/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/check.h"
#include "io/deadline.h"
#include "io/file.h"

namespace stetig::io {
namespace {

/// posix_spawn's two settings, released with the scope.
struct SpawnPlan {
  SpawnPlan() {
    CHECK(posix_spawn_file_actions_init(&actions) == 0);
    CHECK(posix_spawnattr_init(&attributes) == 0);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

/// The child gets /dev/null, the pipe twice, and nothing else of ours: no descriptor, no blocked or
/// ignored signal, no process group.
Status Plan(SpawnPlan& plan, const ProcessOptions& options, int output) {
  auto* actions = &plan.actions;
  int failed = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
  failed = failed != 0 ? failed : posix_spawn_file_actions_adddup2(actions, output, 1);
  if (failed == 0) {
    failed = options.drop_errors
                 ? posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0)
                 : posix_spawn_file_actions_adddup2(actions, output, 2);
  }
  failed = failed != 0 ? failed : posix_spawn_file_actions_addclosefrom_np(actions, 3);
  if (failed == 0 && !options.folder.empty()) {
    failed = posix_spawn_file_actions_addchdir_np(actions, options.folder.c_str());
  }
  if (failed != 0) {
    return Status(Code::kResourceExhausted, "a process cannot be prepared: no memory");
  }
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  CHECK(posix_spawnattr_setsigmask(&plan.attributes, &none) == 0);
  CHECK(posix_spawnattr_setsigdefault(&plan.attributes, &all) == 0);
  CHECK(posix_spawnattr_setpgroup(&plan.attributes, 0) == 0);
  CHECK(posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                       POSIX_SPAWN_SETPGROUP) == 0);
  return OkStatus();
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) {
    pointers.push_back(const_cast<char*>(text.c_str()));  // posix_spawn's type; it changes nothing
  }
  pointers.push_back(nullptr);
  return pointers;
}

Status CheckOptions(const ProcessOptions& options) {
  const auto has_nul = [](const std::string& text) { return text.contains('\0'); };
  if (options.command.empty() || options.command.front().empty()) {
    return Status(Code::kInvalidArgument, "a process has no command, expected a program");
  }
  if (std::ranges::any_of(options.command, has_nul) || has_nul(options.folder) ||
      std::ranges::any_of(options.environment, has_nul)) {
    return Status(Code::kInvalidArgument, "a NUL character in the command of a process");
  }
  return OkStatus();
}

Result<pid_t> Spawn(const ProcessOptions& options, int output) {
  SpawnPlan plan;
  TRY(Plan(plan, options, output));
  const std::vector<char*> command = Pointers(options.command);
  const std::vector<char*> environment = Pointers(options.environment);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, command[0], &plan.actions, &plan.attributes, command.data(),
                                  environment.data());
  if (failed != 0) {
    return Err(ErrnoStatus(failed, fmt::format("program '{}'", options.command.front())));
  }
  return pid;
}

}  // namespace

Result<std::unique_ptr<Process>> Process::Start(const Executor& executor,
                                                const ProcessOptions& options) {
  TRY(CheckOptions(options));
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Err(ErrnoStatus(errno, "a pipe to a process"));
  }
  boost::system::error_code error;
  Descriptor output(executor);
  output.assign(ends[0], error);
  if (error) {
    close(ends[0]);
    close(ends[1]);
    return Err(ErrnoStatus(error.value(), "a pipe to a process"));
  }
  const auto spawned = Spawn(options, ends[1]);
  close(ends[1]);
  ASSIGN_OR_RETURN(const pid_t pid, spawned);
  // The child cannot vanish before it is waited for, so its number still means it.
  Descriptor ended(executor);
  const auto descriptor = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (descriptor < 0) {
    error.assign(errno, boost::system::system_category());
  } else if (ended.assign(descriptor, error); error) {
    close(descriptor);
  }
  std::unique_ptr<Process> process(new Process(pid, std::move(ended), std::move(output)));
  if (error) {
    return Err(ErrnoStatus(error.value(), "a descriptor of a process"));
  }
  return process;
}

Process::Process(pid_t pid, Descriptor ended, Descriptor output)
    : pid_(pid), ended_(std::move(ended)), output_(std::move(output)) {}

Process::~Process() {
  if (!exit_) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

void Process::Signal(int signal) {
  if (!exit_) {
    kill(-pid_, signal);
  }
}

Task<size_t> Process::Read(std::span<std::byte> into, Deadline deadline) {
  DeadlineGuard guard(output_.get_executor(), deadline, [this] { output_.cancel(); });
  auto got = co_await output_.async_read_some(asio::buffer(into.data(), into.size()),
                                              asio::as_tuple(kUseAwaitable));
  const auto [error, size] = got;
  if (guard.expired() && error) {
    co_return Err(Code::kDeadlineExceeded, "the process printed nothing in time");
  }
  if (error && error != asio::error::eof) {
    co_return Err(Code::kUnavailable, "the output of a process cannot be read: " + error.message());
  }
  co_return size;
}

Task<ProcessExit> Process::Wait(Deadline deadline, std::stop_token stop) {
  if (!exit_) {
    const auto executor = ended_.get_executor();
    const auto cancel = [this] { ended_.cancel(); };
    DeadlineGuard guard(executor, deadline, cancel);
    // Stop may come from another thread, and its post may come after this wait.
    const auto waiting = std::make_shared<bool>(true);
    std::stop_callback on_stop(stop, [executor, waiting = std::weak_ptr(waiting), cancel] {
      asio::post(executor, [waiting, cancel] {
        if (!waiting.expired()) {
          cancel();
        }
      });
    });
    if (!stop.stop_requested()) {
      auto waited =
          co_await ended_.async_wait(Descriptor::wait_read, asio::as_tuple(kUseAwaitable));
      static_cast<void>(waited);
    }
    CO_TRY(Reap());
    if (!exit_ && stop.stop_requested()) {
      co_return Err(Code::kCancelled, "the wait for a process was stopped");
    }
    if (!exit_) {
      co_return Err(Code::kDeadlineExceeded, "the process has not ended in time");
    }
  }
  co_return *exit_;
}

Status Process::Reap() {
  siginfo_t info{};
  // Without taking it yet: as long as it is there its group's number means its group.
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return ErrnoStatus(errno, "the end of a process");
  }
  if (info.si_pid == 0) {
    return OkStatus();
  }
  kill(-pid_, SIGKILL);
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0) {
    return ErrnoStatus(errno, "the end of a process");
  }
  const bool by_itself = info.si_code == CLD_EXITED;
  exit_ =
      ProcessExit{.code = by_itself ? info.si_status : 0, .signal = by_itself ? 0 : info.si_status};
  return OkStatus();
}

Task<ProcessExit> RunProcess(ProcessOptions options, OutputSink sink, size_t most,
                             Deadline deadline) {
  auto executor = co_await asio::this_coro::executor;
  ASSIGN_OR_CO_RETURN(const std::unique_ptr<Process> process, Process::Start(executor, options));
  std::array<std::byte, size_t{64} << 10> buffer;
  size_t total = 0;
  for (;;) {
    auto read = co_await process->Read(buffer, deadline);
    ASSIGN_OR_CO_RETURN(const size_t size, std::move(read));
    if (size == 0) break;
    total += size;
    if (total > most) {
      co_return Err(Code::kResourceExhausted, fmt::format("program '{}' printed more than {} bytes",
                                                          options.command.front(), most));
    }
    CO_TRY(sink({reinterpret_cast<const char*>(buffer.data()), size}));
  }
  co_return co_await process->Wait(deadline);
}

}  // namespace stetig::io
