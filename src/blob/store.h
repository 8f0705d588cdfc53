// Content-addressed storage of files: bytes go in as a stream and get a name made of their content;
// they come out by that name, checked. Knows no database and no HTTP: what is live is what the
// caller's rows name.
//
// The seam: local disk now (local/local_store.h), object stores later. Tasks run on the calling
// loop; disk and hashing happen on a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/status.h"
#include "blob/ids.h"
#include "io/task.h"

namespace stetig::blob {

/// A stored file.
struct FileRef {
  ManifestId id;
  uint64_t size = 0;
  Sha256Digest sha256{};
  Hash256 xet_hash{};  ///< as the Xet protocol names the same bytes
  friend bool operator==(const FileRef&, const FileRef&) = default;
};

/// One upload. Used on one loop, one call at a time. Dropped before Finish() it leaves nothing but
/// garbage for Sweep(). Codes: kResourceExhausted (disk or pool full), kUnavailable (disk errors;
/// bytes were lost before they were synced: send again). After an error every further call says the
/// same. Reserve and Finish wait for jobs on the store's pool and for nothing else, so they take no
/// deadline; stopping the pool ends them with kUnavailable.
class Writer {
 public:
  virtual ~Writer() = default;
  /// Room to fill, never empty: read from the network straight into it. Waits while both buffers
  /// are being worked on (back-pressure). The room stays valid until the next call of Reserve or
  /// Finish.
  virtual Task<std::span<std::byte>> Reserve() = 0;
  /// The first `size` bytes of the room are the next bytes of the file.
  virtual void Commit(size_t size) = 0;
  /// Ends the file. On OK it is on the medium and can be opened; it stays at least for the sweep's
  /// grace time without being named.
  virtual Task<FileRef> Finish() = 0;
};

/// Copies `bytes` into the writer; they must live until the task is done.
Task<> Write(Writer* writer, std::span<const std::byte> bytes);

/// One download. Used on one loop, one call at a time. Read waits as Writer's calls do.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual const FileRef& file() const = 0;
  /// Copies bytes from `offset` on; fewer than asked for, at least one unless `into` is empty or
  /// `offset` is at or behind the end. Every byte belongs to a chunk that was checked against its
  /// id. kDataLoss: a chunk is damaged or missing, nothing of it is handed out.
  virtual Task<size_t> Read(uint64_t offset, std::span<std::byte> into) = 0;
};

/// The names that are live, in pages.
class RootSource {
 public:
  virtual ~RootSource() = default;
  /// The next page; an empty one ends. An error ends the sweep before anything is removed.
  virtual Task<std::vector<ManifestId>> Next() = 0;
};

struct SweepOptions {
  /// What is found dead is removed by a later sweep, at least this much afterwards. Must exceed the
  /// time between Finish() and the commit of the row that names the file.
  std::chrono::milliseconds grace{std::chrono::hours(1)};
  /// Packs with less than this part of their bytes live are rewritten.
  double rewrite_below = 0.5;
  bool dry_run = false;  ///< count only
  /// Ends the sweep with kCancelled before the next root or MiB, at the latest when the job or
  /// RootSource::Next() that runs has ended. A later sweep goes on.
  std::stop_token stop = {};
};

struct SweepReport {
  uint64_t manifests = 0;   ///< roots that were followed
  uint64_t live_bytes = 0;  ///< in sealed packs, with headers
  uint64_t dead_bytes = 0;  ///< in sealed packs, found dead now
  uint64_t packs_removed = 0;
  uint64_t packs_rewritten = 0;  ///< among the removed, those that still held live bytes
  uint64_t bytes_freed = 0;
};

struct VerifyReport {
  uint64_t packs = 0;
  uint64_t entries = 0;
  uint64_t bytes = 0;                 ///< stored bytes that were read (deep)
  std::vector<std::string> problems;  ///< one sentence each, at most 100
};

/// Counters for metrics, since the store was opened.
struct StoreStats {
  uint64_t uploads = 0;    ///< begun
  uint64_t downloads = 0;  ///< begun
  uint64_t sweeps = 0;     ///< ended well
  uint64_t bytes_freed = 0;
  uint64_t packs = 0;           ///< sealed ones, now
  uint64_t transfer_bytes = 0;  ///< of the memory for transfers, not in use now
};

/// Thread-safe; each task runs on its caller's loop. The store outlives its writers and readers.
class Store {
 public:
  virtual ~Store() = default;

  /// Starts an upload. `size_hint`: the size if known, to take less memory for small files. Waits
  /// for its share of the memory for transfers; kDeadlineExceeded when there was none until
  /// `deadline`.
  virtual Task<std::unique_ptr<Writer>> Create(std::optional<uint64_t> size_hint,
                                               Deadline deadline) = 0;
  /// kNotFound: no such file. kDataLoss: its manifest is damaged. Otherwise as Create.
  virtual Task<std::unique_ptr<Reader>> Open(ManifestId id, Deadline deadline) = 0;
  /// Codes of Open.
  virtual Task<FileRef> Stat(ManifestId id, Deadline deadline) = 0;

  /// Removes what no root leads to. One sweep at a time (kFailedPrecondition). `roots` must outlive
  /// the task. kDataLoss: a root cannot be followed to its chunks; nothing is removed then, so that
  /// a repair finds everything. kCancelled: SweepOptions::stop; what was removed stays removed.
  virtual Task<SweepReport> Sweep(RootSource* roots, SweepOptions options) = 0;

  /// Checks every pack's index and, if `deep`, every stored byte. Damage is reported, not an error.
  virtual Task<VerifyReport> Verify(bool deep) = 0;

  virtual StoreStats stats() const = 0;
};

}  // namespace stetig::blob
