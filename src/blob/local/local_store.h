// The store on local disk.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "blob/pack_format.h"
#include "blob/store.h"
#include "io/file.h"
#include "io/pool.h"

namespace stetig::blob {

struct LocalOptions {
  std::string folder;
  io::Env* env = nullptr;  ///< outlives the store
  io::Pool* pool =
      nullptr;  ///< hashing and disk; at least 2 threads, 4 are good; outlives the store
  const Clock* clock = nullptr;  ///< outlives the store
  /// Buffers of all transfers together; an upload takes up to 2.4 MiB, a download up to 1.3 MiB.
  /// More of them wait.
  size_t transfer_bytes = size_t{64} << 20;
  /// Size at which a pack is sealed; at most and by default kMaxPackBytes. Smaller in tests.
  size_t pack_bytes = kMaxPackBytes;
};

/// Opens or makes the folder and recovers from a crash. Blocks (milliseconds; after a crash up to
/// 64 MiB are read). The caller sees to it that one process at a time uses the folder. Codes of
/// io::File. The store's destructor waits for jobs that are still on the pool.
Result<std::unique_ptr<Store>> OpenLocal(LocalOptions options);

}  // namespace stetig::blob
