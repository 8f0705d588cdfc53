#include <fmt/format.h>

#include <filesystem>

#include "access/service.h"
#include "finding.h"
#include "io/lock.h"
#include "io/loop.h"
#include "io/tls.h"
#include "open.h"

namespace stetig::app {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

bool HasDatabase(const UpOptions& options) {
  std::error_code error;
  return !options.store.empty() || std::filesystem::exists(options.data + "/stetig.db", error);
}

Result<std::unique_ptr<store::Database>> Look(const UpOptions& options) {
  return store::Open(StoreUrl(options), {.readers = 1, .create = false, .exclusive = false});
}

std::string MendStore(const UpOptions& options, const Status& status) {
  if (status.detail() == detail::kNewerDatabase) {
    return Say("run the newer stetig that wrote it; an older one cannot");
  }
  if (!IsEmbedded(options)) {
    return status.detail() == detail::kNoDatabase
               ? fmt::format("createdb --maintenance-db='{}' NAME", WithoutPassword(options.store))
               : fmt::format("psql '{}' -c 'select 1'", WithoutPassword(options.store));
  }
  if (status.code() == Code::kDataLoss || status.detail() == detail::kForeignFile) {
    return Say("restore {} from a backup, or: stetig up --data OTHER", StoreUrl(options).substr(9));
  }
  return fmt::format("ls -l {}*", StoreUrl(options).substr(9));
}

}  // namespace

std::string ServerOf(const UpOptions& options) {
  auto holder = io::FileLock::Holder(options.data + "/stetig.lock");
  return holder ? holder->value_or("") : "";
}

Finding CheckFolder(const UpOptions& options) {
  std::error_code error;
  if (!std::filesystem::exists(options.data, error)) {
    return {"data folder", Verdict::kOk, Say("{} is new", options.data), ""};
  }
  if (!std::filesystem::is_directory(options.data, error)) {
    return {"data folder", Verdict::kBad, Say("{} is no folder", options.data),
            "stetig up --data OTHER"};
  }
  auto holder = io::FileLock::Holder(options.data + "/stetig.lock");
  if (!holder) {
    return {"data folder", Verdict::kBad, std::string(holder.error().message()),
            fmt::format("ls -ld {} {}/stetig.lock", options.data, options.data)};
  }
  if (*holder) {
    return {"data folder", Verdict::kOk,
            Say("{} is served by process {}; a second server needs another folder", options.data,
                **holder),
            ""};
  }
  return {"data folder", Verdict::kOk, Say("{} is free", options.data), ""};
}

Finding CheckStore(const UpOptions& options) {
  if (!HasDatabase(options)) {
    return {"store", Verdict::kOk, Say("will be made at the first start"), ""};
  }
  auto db = Look(options);
  if (!db) {
    return {"store", Verdict::kBad,
            fmt::format("{}: {}", WithoutPassword(StoreUrl(options)), db.error().message()),
            MendStore(options, db.error())};
  }
  const std::vector<store::Migration> all = AllMigrations();
  auto pending = store::PendingMigrations(**db, all);
  if (!pending) {
    return {"store", Verdict::kBad, std::string(pending.error().message()),
            MendStore(options, pending.error())};
  }
  if (pending->size() == all.size()) {
    return {"store", Verdict::kOk, Say("opens and is empty; the first start makes its tables"), ""};
  }
  if (!pending->empty()) {
    return {"store", Verdict::kWarning,
            Say("was written by an older stetig; the next start makes {} schema changes "
                "and an older one cannot open it afterwards",
                pending->size()),
            Say("make a backup first (docs/operations.md), then: stetig up")};
  }
  return {"store", Verdict::kOk, Say("opens, its schema is current"), ""};
}

Finding CheckUsers(const UpOptions& options) {
  const bool local = IsLoopback(options.host);
  int64_t users = 0;
  if (HasDatabase(options)) {
    if (auto db = Look(options)) {
      access::Service service(**db, {});
      auto counted = io::RunSync(service.CountUsers(After(kPatience)));
      users = counted ? *counted : 0;  // what is wrong with the store is CheckStore's to say
    }
  }
  if (local) {
    return {"users", Verdict::kOk,
            Say("{} listens on this machine only, no login is asked for", options.host), ""};
  }
  if (users == 0) {
    return {"users", Verdict::kBad,
            Say("{} can be reached from other machines and there is no user yet", options.host),
            fmt::format("stetig user add NAME --role admin --data {}", options.data)};
  }
  return {"users", Verdict::kOk, Say("{} may log in", users), ""};
}

Finding CheckTls(const UpOptions& options) {
  if (options.tls_certificate.empty()) {
    if (IsLoopback(options.host)) {
      return {"tls", Verdict::kOk, Say("off; not needed on this machine only"), ""};
    }
    return {"tls", Verdict::kWarning,
            Say("off: passwords and tokens travel to {} in the clear", options.host),
            Say("stetig up --tls-cert FILE --tls-key FILE   (or put a proxy with TLS in front)")};
  }
  auto context = io::TlsContext::Server(options.tls_certificate, options.tls_key);
  if (!context) {
    return {"tls", Verdict::kBad, std::string(context.error().message()),
            fmt::format("openssl x509 -noout -subject -dates -in {}", options.tls_certificate)};
  }
  return {"tls", Verdict::kOk, Say("certificate and key belong together"), ""};
}

}  // namespace stetig::app
