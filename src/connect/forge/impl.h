// What the use cases of the forge connector share.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/mutex.h"
#include "base/secret.h"
#include "connect/forge/apply.h"
#include "connect/forge/naming.h"
#include "connect/forge/rest.h"
#include "connect/forge/service.h"
#include "connect/key_book.h"

namespace stetig::connect::forge {

/// Lets `burst` through at once and then one a second; counts the others.
class Throttle {
 public:
  explicit Throttle(double burst) : burst_(burst), tokens_(burst) {}
  /// Whether this one may pass; then `held_back` is how many did not since the last that did.
  bool Pass(Deadline now, int64_t* held_back);

 private:
  Mutex mutex_;
  const double burst_;
  double tokens_ GUARDED_BY(mutex_);
  Deadline last_ GUARDED_BY(mutex_);
  int64_t held_back_ GUARDED_BY(mutex_) = 0;
};

struct Service::Impl {
  Impl(store::Database& database, planning::Service& planning, ServiceOptions given)
      : db(database), options(std::move(given)), keys(planning) {}

  /// The text of a secret. kNotFound: no such file; kFailedPrecondition: empty or too long.
  Result<Secret<std::string>> SecretOf(const std::string& name);
  Task<Repository> Find(std::string name, Deadline deadline);
  /// kInvalidArgument and others: rest.h.
  Result<std::unique_ptr<Rest>> RestFor(const Repository& repository);
  Task<Applied> Take(Intake intake, Facts facts, Deadline deadline);
  WallTime Now() const { return options.clock->Now(); }

  store::Database& db;
  const ServiceOptions options;
  KeyBook keys;
  Throttle refusals{100};

  struct Kept {
    Secret<std::string> text;
    Deadline until;
  };
  Mutex mutex;
  std::map<std::string, Kept> secrets GUARDED_BY(mutex);
  std::set<std::string> polling GUARDED_BY(mutex);  ///< names of repositories whose poll runs
};

}  // namespace stetig::connect::forge
