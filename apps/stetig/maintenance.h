// What `stetig up` does in the background: folds metric points into chunks, sweeps the artifact
// store, stores tiles and signs checkpoints of the journal, keeps the trace graph at its end, reads
// repositories whose poll is due, and looks whether the data folder is still there.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "blob/store.h"
#include "connect/service.h"
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
  std::chrono::milliseconds poll{2'000};   ///< how often it looks for repositories that are due
  std::chrono::milliseconds patience{10'000};
};

/// Runs on a loop of its own. Borrows all but the key.
class Maintenance {
 public:
  using Times = MaintenanceTimes;

  /// `lost` is asked each second whether the data folder has gone; when it has, `stop` is called,
  /// once: what is written from then on would be lost. `connect` may be null: nothing is polled.
  Maintenance(tracking::Service& tracking, blob::Store& blobs, connect::Service* connect,
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
