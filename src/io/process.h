// Child processes: started without a shell, waited for without blocking, never left behind.
#pragma once

#include <sys/types.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"

namespace stetig::io {

struct ProcessOptions {
  /// Program and arguments, at least one. A program without '/' is looked for in our PATH.
  std::vector<std::string> command;
  std::string folder;                    ///< where it runs; empty: where we do
  std::vector<std::string> environment;  ///< the whole of it, each "NAME=value"
  /// What it prints as errors is thrown away instead of read with its output.
  bool drop_errors = false;
};

struct ProcessExit {
  int code = 0;    ///< 0 to 255; 0 when a signal ended it
  int signal = 0;  ///< 0: it ended by itself
  friend bool operator==(const ProcessExit&, const ProcessExit&) = default;
};

/// A running child in a process group of its own, its input empty, its output ours to read.
/// Belongs to one loop: made, used and destroyed on its thread.
class Process {
 public:
  /// kNotFound: no such program or folder. kPermissionDenied: it may not be run.
  /// kInvalidArgument: an empty command, or NUL in a text. kResourceExhausted: no process or
  /// descriptor is to be had.
  static Result<std::unique_ptr<Process>> Start(const Executor& executor,
                                                const ProcessOptions& options);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// Kills the group, if it still runs.
  ~Process();

  pid_t pid() const { return pid_; }

  /// What it printed, output and errors together as they came; 0 at the end. The child waits while
  /// nobody reads. kDeadlineExceeded: nothing came in time. One call at a time.
  Task<size_t> Read(std::span<std::byte> into, Deadline deadline);

  /// Waits for its end; then whatever it started and left behind in its group is killed. Again
  /// the same answer when asked again. kDeadlineExceeded, kCancelled (stop): it goes on running.
  Task<ProcessExit> Wait(Deadline deadline, std::stop_token stop = {});

  /// Sends a signal to the group; nothing after the end.
  void Signal(int signal);

 private:
  using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
  Process(pid_t pid, Descriptor ended, Descriptor output);
  /// Takes the exit of a child that has ended.
  Status Reap();

  pid_t pid_;
  Descriptor ended_;  ///< a pidfd: readable once it has ended
  Descriptor output_;
  std::optional<ProcessExit> exit_;
};

/// Receives output piece by piece; an error ends the process.
using OutputSink = std::move_only_function<Status(std::string_view)>;

/// Runs a process to its end on the caller's loop and hands on what it prints. Kills it and says
/// why on: kResourceExhausted (more than `most` bytes of output), kDeadlineExceeded, an error of
/// `sink`. Besides: the errors of Process::Start.
Task<ProcessExit> RunProcess(ProcessOptions options, OutputSink sink, size_t most,
                             Deadline deadline);

}  // namespace stetig::io
