// What `stetig up` does in the background: folds metric points into chunks, sweeps the artifact
// store, stores tiles and signs checkpoints of the journal, keeps the trace graph at its end, and
// looks whether the data folder is still there.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "blob/store.h"
#include "io/loop.h"
#include "journal/audit.h"
#include "tracking/service.h"

namespace stetig::app {

/// How often each is done, and how long Stop() waits for what runs.
struct MaintenanceTimes {
  std::chrono::milliseconds fold{2'000};
  std::chrono::milliseconds sweep{std::chrono::hours(6)};
  std::chrono::milliseconds look{1'000};
  std::chrono::milliseconds audit{1'000};
  std::chrono::milliseconds trace{1'000};  ///< how long it waits for events at a time
  std::chrono::milliseconds patience{10'000};
};

/// Manifests that the rows of one module name: those behind `after` in order, at most `limit`;
/// none: the end. What no source names is swept.
using ManifestSource = std::function<Task<std::vector<std::string>>(std::string after, size_t limit,
                                                                    Deadline deadline)>;

/// Every module's that names blobs.
template <class... Services>
std::vector<ManifestSource> ManifestSources(Services&... services) {
  return {[&services](std::string after, size_t limit, Deadline deadline) {
    return services.LiveManifests(std::move(after), limit, deadline);
  }...};
}

/// Runs on a loop of its own. Borrows all but the key.
class Maintenance {
 public:
  using Times = MaintenanceTimes;

  /// `lost` is asked each second whether the data folder has gone; when it has, `stop` is called,
  /// once: what is written from then on would be lost.
  Maintenance(tracking::Service& tracking, std::vector<ManifestSource> sources, blob::Store& blobs,
              store::Database& db, journal::note::SignerKey key, std::function<bool()> lost,
              std::function<void()> stop, Times times = {});
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;
  /// Stops. Work that did not end in time may still wait for store and pools: these must have been
  /// stopped before (io/loop.h), and what is borrowed must still be there.
  ~Maintenance();

  /// Asks what runs to end, waits for it for `patience` at most, and ends the thread.
  /// kDeadlineExceeded: something did not end. Blocks; idempotent.
  Status Stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stetig::app
