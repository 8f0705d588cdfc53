// What one check of `stetig doctor` found.
#pragma once

#include <string>
#include <string_view>

#include "server.h"
#include "words.h"

namespace stetig::app {

enum class Verdict : unsigned char {
  kOk,
  kWarning,  ///< the server would work, but not as one would wish
  kBad,      ///< it would not
};
std::string_view VerdictName(Verdict verdict);

struct Finding {
  std::string_view check;
  Verdict verdict = Verdict::kOk;
  std::string found;
  std::string mend;  ///< the command, empty when all is well
};

/// Who serves the data folder now: the process's id, "" for nobody.
std::string ServerOf(const UpOptions& options);

// Of this machine: checks_host.cc.
Finding CheckPort(const UpOptions& options);
Finding CheckPermissions(const UpOptions& options);
Finding CheckDisk(const UpOptions& options);
Finding CheckClock(const UpOptions& options);
Finding CheckLimits();

// Of what is stored and who may come in: checks_store.cc. They change nothing.
Finding CheckFolder(const UpOptions& options);
Finding CheckStore(const UpOptions& options);
Finding CheckUsers(const UpOptions& options);
Finding CheckTls(const UpOptions& options);

}  // namespace stetig::app
