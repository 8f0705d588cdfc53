#include "plant.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "blob/local/local_store.h"
#include "gauges.h"
#include "io/file.h"
#include "io/host.h"
#include "open.h"

namespace stetig::app {
namespace {

constexpr auto kStartDeadline = std::chrono::seconds(30);
constexpr size_t kBlobThreads = 3;

Status CheckUsers(access::Service& access, const UpOptions& options) {
  if (IsLoopback(options.host)) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(int64_t users, io::RunSync(access.CountUsers(After(kStartDeadline))));
  if (users == 0) {
    return Err(
        Code::kFailedPrecondition,
        fmt::format("{} can be reached from other machines and there is no user yet", options.host),
        detail::kNoUser);
  }
  return OkStatus();
}

}  // namespace

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Status Plant::Build(const UpOptions& options) {
  TRY(MakeDataFolder(options.data));
  std::string data = std::filesystem::absolute(options.data).lexically_normal().string();
  lock_path = data + "/stetig.lock";
  ASSIGN_OR_RETURN(lock, io::FileLock::Take(lock_path));
  ASSIGN_OR_RETURN(db, OpenStore(options));
  access.emplace(*db, access::ServiceOptions{.require_login = !IsLoopback(options.host)});
  TRY(CheckUsers(*access, options));
  blob_pool.emplace(io::Pool::Options{.name = "blob", .threads = kBlobThreads, .queue = 4096});
  blob::LocalOptions local{.folder = data + "/blobs",
                           .env = &io::Env::System(),
                           .pool = &*blob_pool,
                           .clock = &Clock::System()};
  ASSIGN_OR_RETURN(blobs, blob::OpenLocal(std::move(local)));
  tracking.emplace(*db, tracking::ServiceOptions{.default_artifact_root = options.artifact_root});
  registry.emplace(*db, *tracking);
  journal.emplace(*db);
  ASSIGN_OR_RETURN(journal_key, journal::note::LoadOrMakeKey(
                                    io::Env::System(), JournalKeyPath(options), Random::System()));
  planning.emplace(*db);
  trace.emplace(*db);
  forge.emplace(*db, *planning,
                connect::forge::ServiceOptions{
                    .secrets = options.secrets.empty() ? data + "/secrets" : options.secrets,
                    .poll_every = std::chrono::seconds(options.forge_poll)});
  context.emplace(api::Context{*tracking, *registry, *access, *blobs, *journal, *planning, *trace,
                               *forge,
                               api::Options{.allowed_hosts = options.allowed_hosts,
                                            .allowed_origins = options.allowed_origins},
                               &metrics});
  if (!IsLoopback(options.host)) {
    context->options.allowed_hosts.push_back(options.host);
  }
  unsigned threads =
      options.loops != 0 ? options.loops : std::max(1U, std::thread::hardware_concurrency() / 2);
  loops.emplace("http", threads);
  AddProcessGauges(metrics);
  AddStoreGauges(metrics, *db);
  AddBlobGauges(metrics, *blobs);
  return OkStatus();
}

void Plant::Stop() {
  if (loops) {
    loops->Stop();
  }
  db.reset();
  if (access) {
    access->Stop();
  }
  if (blob_pool) {
    blob_pool->Stop();
  }
  loops.reset();
}

}  // namespace stetig::app
