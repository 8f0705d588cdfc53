// Questions to the machine that this process runs on: limits, use, who listens where, the terminal.
// Everything here blocks for microseconds to milliseconds; thread-safe unless it says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"

namespace stetig::io {

struct FileLimit {
  uint64_t soft = 0;  ///< open files that this process may have now
  uint64_t hard = 0;  ///< how far it may raise that
};
FileLimit GetFileLimit();
/// Many connections need many descriptors: as many as the system lets this user have.
void RaiseFileLimit();

/// What this process uses.
struct ProcessUsage {
  uint64_t resident_bytes = 0;
  double cpu_seconds = 0;  ///< user and system
  uint64_t open_files = 0;
};
ProcessUsage GetProcessUsage();

/// A process as another one sees it.
struct ProcessName {
  int64_t pid = 0;
  std::string name;  ///< of its executable, at most 15 bytes
};

/// Whether a server could listen there, found by binding and letting go at once; nothing listens
/// meanwhile, so that no client is misled and no other server is hindered.
struct PortProbe {
  Status status;  ///< kAlreadyExists: in use; kPermissionDenied; kNotFound: no address of this
                  ///< machine; kUnavailable
  std::string address;  ///< the first that cannot be used, else the first of all: "[::1]:5000"
  std::optional<ProcessName> holder;  ///< who listens; nothing when this user may not see it
};
/// Every address that `host` resolves to.
PortProbe ProbePort(const std::string& host, uint16_t port);

/// Whether this user may make and change files in a folder that exists. kPermissionDenied.
Status CheckWritable(const std::string& folder);
/// Whether users other than the owner may read it.
bool ReadableByOthers(const std::string& path);

/// Whether standard input is a terminal.
bool InputIsTerminal();
/// The same for standard output, and how many columns it has (0: unknown).
bool OutputIsTerminal();
/// Standard error.
bool ErrorsAreTerminal();
size_t TerminalWidth();
/// Asks on the terminal itself, with the echo off until the line is there. kFailedPrecondition: no
/// terminal. kCancelled: Ctrl-C. Not thread-safe.
Result<std::string> AskHidden(const std::string& prompt);

}  // namespace stetig::io
