#include "io/host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/text.h"
#include "io/file.h"

namespace stetig::io {
namespace {

namespace fs = std::filesystem;

struct Descriptor {
  explicit Descriptor(int fd) : value(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value >= 0) {
      ::close(value);
    }
  }
  const int value;
};

/// The inode of the socket that listens on `port`, from a table of /proc/net; 0: none.
uint64_t ListeningInode(const char* table, uint16_t port) {
  constexpr std::string_view kListen = "0A";
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) {
    // "  0: 0100007F:1388 00000000:0000 0A … uid timeout inode": fields parted by blanks.
    std::vector<std::string_view> fields;
    for (std::string_view part : Split(line, ' ')) {
      if (!part.empty()) {
        fields.push_back(part);
      }
    }
    if (fields.size() > 9 && fields[3] == kListen &&
        fields[1].ends_with(fmt::format(":{:04X}", port))) {
      return static_cast<uint64_t>(ParseInt64(fields[9]).value_or(0));
    }
  }
  return 0;
}

bool HoldsSocket(const fs::path& process, const std::string& link) {
  std::error_code error;
  for (fs::directory_iterator at(process / "fd", error), end; !error && at != end;
       at.increment(error)) {
    std::error_code unread;
    if (fs::read_symlink(at->path(), unread) == link) {
      return true;
    }
  }
  return false;
}

std::optional<ProcessName> HolderOf(uint16_t port) {
  uint64_t inode = ListeningInode("/proc/net/tcp", port);
  if (inode == 0) {
    inode = ListeningInode("/proc/net/tcp6", port);
  }
  if (inode == 0) {
    return std::nullopt;
  }
  const std::string link = fmt::format("socket:[{}]", inode);
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const auto pid = ParseInt64(at->path().filename().string());
    if (pid && HoldsSocket(at->path(), link)) {
      ProcessName found{.pid = *pid, .name = {}};
      std::ifstream comm(at->path() / "comm");
      std::getline(comm, found.name);
      return found;
    }
  }
  return std::nullopt;
}

uint64_t CountOpenFiles() {
  constexpr const char* kFolder = "/proc/self/fd";
  struct stat info{};
  if (::stat(kFolder, &info) == 0 && info.st_size > 0) {
    return static_cast<uint64_t>(info.st_size);  // Linux 6.2 and newer say it at once
  }
  uint64_t count = 0;
  std::error_code error;
  for (fs::directory_iterator at(kFolder, error), end; !error && at != end; at.increment(error)) {
    ++count;
  }
  return count;
}

Code CodeOfBind(int error) {
  switch (error) {
    case EADDRINUSE:
      return Code::kAlreadyExists;
    case EACCES:
    case EPERM:
      return Code::kPermissionDenied;
    case EADDRNOTAVAIL:
      return Code::kNotFound;
    default:
      return Code::kUnavailable;
  }
}

std::string NameOf(const addrinfo& info, uint16_t port) {
  char text[NI_MAXHOST] = {};
  getnameinfo(info.ai_addr, info.ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  return info.ai_family == AF_INET6 ? fmt::format("[{}]:{}", text, port)
                                    : fmt::format("{}:{}", text, port);
}

/// As the server binds, without listening.
int TryBind(const addrinfo& info) {
  Descriptor probe(::socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (probe.value < 0) {
    return errno;
  }
  const int on = 1;
  ::setsockopt(probe.value, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (info.ai_family == AF_INET6) {
    ::setsockopt(probe.value, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  return ::bind(probe.value, info.ai_addr, info.ai_addrlen) == 0 ? 0 : errno;
}

}  // namespace

FileLimit GetFileLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return {.soft = limit.rlim_cur, .hard = limit.rlim_max};
}

void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

ProcessUsage GetProcessUsage() {
  ProcessUsage usage;
  uint64_t pages = 0;
  uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  usage.resident_bytes = resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  rusage self{};
  getrusage(RUSAGE_SELF, &self);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  usage.cpu_seconds = seconds(self.ru_utime) + seconds(self.ru_stime);
  usage.open_files = CountOpenFiles();
  return usage;
}

PortProbe ProbePort(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const int rc = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> found(raw, &freeaddrinfo);
  if (rc != 0) {
    return {.status = Err(Code::kNotFound,
                          fmt::format("the host '{}' has no address: {}", host, gai_strerror(rc))),
            .address = host,
            .holder = {}};
  }
  PortProbe probe{.status = {}, .address = NameOf(*found, port), .holder = {}};
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    const int error = TryBind(*at);
    // A machine without IPv6 still resolves localhost to ::1; the server leaves that one out too.
    const bool no_family =
        error == EAFNOSUPPORT || (error == EADDRNOTAVAIL && found->ai_next != nullptr);
    if (error != 0 && !no_family) {
      probe.address = NameOf(*at, port);
      probe.status =
          Err(CodeOfBind(error), fmt::format("{}: {}", probe.address, std::strerror(error)));
      if (error == EADDRINUSE) {
        probe.holder = HolderOf(port);
      }
      break;
    }
  }
  return probe;
}

Status CheckWritable(const std::string& folder) {
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) == 0) {
    return OkStatus();
  }
  return Err(Code::kPermissionDenied, std::strerror(errno));
}

bool ReadableByOthers(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0;
}

bool InputIsTerminal() { return ::isatty(STDIN_FILENO) == 1; }

bool OutputIsTerminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool ErrorsAreTerminal() { return ::isatty(STDERR_FILENO) == 1; }

size_t TerminalWidth() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

Result<std::string> AskHidden(const std::string& prompt) {
  Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  termios before{};
  if (terminal.value < 0 || tcgetattr(terminal.value, &before) != 0) {
    return Err(Code::kFailedPrecondition, "there is no terminal to ask on");
  }
  termios quiet = before;
  // Ctrl-C must not leave a terminal without echo: it ends the line as a character of its own.
  constexpr char kInterrupt = 3;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
  quiet.c_cc[VEOL] = kInterrupt;
  tcsetattr(terminal.value, TCSAFLUSH, &quiet);
  std::string line;
  bool asked = ::write(terminal.value, prompt.data(), prompt.size()) >= 0;
  bool interrupted = false;
  for (char c = 0; asked && !interrupted && ::read(terminal.value, &c, 1) == 1 && c != '\n';) {
    interrupted = c == kInterrupt;
    line.push_back(c);
  }
  asked = ::write(terminal.value, "\n", 1) >= 0 && asked;
  tcsetattr(terminal.value, TCSAFLUSH, &before);
  if (!asked || interrupted) {
    return Err(Code::kCancelled, "nothing was entered");
  }
  return line;
}

}  // namespace stetig::io
