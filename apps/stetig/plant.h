// The parts of the server, and the order in which they come and go.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "access/service.h"
#include "api/context.h"
#include "api/telemetry.h"
#include "base/metrics.h"
#include "blob/store.h"
#include "connect/forge/service.h"
#include "io/lock.h"
#include "io/loop.h"
#include "io/pool.h"
#include "journal/note.h"
#include "journal/service.h"
#include "planning/service.h"
#include "registry/service.h"
#include "server.h"
#include "store/database.h"
#include "tracking/service.h"

namespace stetig::app {

/// Everything that lives as long as the server, in order of dependence. Whatever runs coroutines of
/// its own on these parts is ended first: http::Server destroyed, Maintenance stopped.
struct Plant {
  Plant() = default;
  Plant(const Plant&) = delete;
  Plant& operator=(const Plant&) = delete;
  ~Plant() { Stop(); }

  /// Takes the data folder and makes all parts; the loops do not run yet. Blocks. Codes of
  /// io::FileLock::Take, store::Open and blob::OpenLocal; kFailedPrecondition: it would listen for
  /// other machines and there is no user yet.
  Status Build(const UpOptions& options);
  /// Ends what runs: the threads of the loops, so that no coroutine goes on from here; then store
  /// and pools, which answer into loops that stand still (queued writes are committed); then the
  /// loops, and with them every coroutine that still waits for something, with the transfers that
  /// it holds. Only then may the rest go: the blob store waits for its last transfer. Blocks as
  /// long as the jobs that are running. Idempotent.
  void Stop();

  std::string lock_path;
  std::optional<io::FileLock> lock;
  std::unique_ptr<store::Database> db;
  std::optional<io::Pool> blob_pool;
  std::unique_ptr<blob::Store> blobs;
  std::optional<access::Service> access;
  std::optional<tracking::Service> tracking;
  std::optional<registry::Service> registry;
  std::optional<journal::note::SignerKey> journal_key;
  std::optional<journal::Journal> journal;
  std::optional<planning::Service> planning;
  std::optional<trace::Service> trace;
  std::optional<connect::forge::Service> forge;
  metrics::Registry metrics;
  std::optional<api::Context> context;
  std::optional<api::Telemetry> telemetry;
  std::optional<io::LoopGroup> loops;
};

}  // namespace stetig::app
