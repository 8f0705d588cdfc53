// A folder of packs with its index: entries go in by id and come out by id, checked. Blocking: call
// it on a pool. Thread-safe.
//
// Invariants
//  1. Whatever Sync() has covered survives a crash and a power cut; nothing else is promised, nor
//  is anything else needed.
//  2. An id is found only if its entry was written whole; a reader never sees bytes that do not
//  match the id.
//  3. Index runs are a cache. A record counts only if its pack stands in the table; taking a pack
//  out of the table, which comes before
//     deleting its file, therefore takes back all its records at once.
//  4. After a failed sync everything that was not yet synced is forgotten, so that no later upload
//  can lean on it, and the uploads
//     that were under way fail (the generation has changed).
//  5. A pack that an upload leans on (a pin) is neither deleted nor rewritten.
// Lock order: append_mutex_, sync_mutex_, mutex_. Disk is touched under the first two only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "blob/local/active_pack.h"
#include "blob/local/file_cache.h"
#include "blob/local/index_run.h"
#include "blob/pack_format.h"
#include "io/file.h"

namespace stetig::blob {

class PackFolder;

/// What one upload leans on: the packs that hold its entries stay while it lives. One thread at a
/// time.
class Pins {
 public:
  /// `folder` must outlive the pins.
  explicit Pins(PackFolder& folder);
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;
  ~Pins();

 private:
  friend class PackFolder;
  PackFolder* const folder_;
  const uint64_t generation_;
  std::set<uint64_t> packs_;
};

/// Entries that garbage collection found dead and when it first did (PackFolder keeps one per
/// pack).
struct Candidate {
  WallTime since;
  std::vector<uint32_t> dead;  ///< offsets, ascending
};

class PackFolder {
 public:
  /// Makes the folder when missing and recovers from whatever an earlier process left. The caller
  /// sees to it that one process at a time uses the folder. kDataLoss: an unfinished pack has no
  /// readable header.
  static Result<std::unique_ptr<PackFolder>> Open(io::Env& env, const std::string& folder,
                                                  size_t pack_bytes);
  PackFolder(const PackFolder&) = delete;
  PackFolder& operator=(const PackFolder&) = delete;
  /// Closes the active pack, so that the next start need not read it through.
  ~PackFolder();

  /// Whether an entry of this id is there; if so `pins` keeps it (and takes it back from garbage
  /// collection). kUnavailable: unsynced bytes that this upload leans on were lost.
  Result<bool> Reuse(const Hash256& id, Pins& pins) EXCLUDES(mutex_);
  /// Stores the entries that are not there yet, in order. kUnavailable as Reuse();
  /// kResourceExhausted: disk full, nothing stored.
  Status Append(std::span<const NewEntry> entries, Pins& pins) EXCLUDES(append_mutex_, mutex_);
  /// All that was appended before the call lasts. kUnavailable and other codes of io::File: it was
  /// lost, see invariant 4.
  Status Sync() EXCLUDES(append_mutex_, sync_mutex_, mutex_);
  /// Bytes that the next Sync() would have to bring to the medium.
  uint64_t unsynced() const EXCLUDES(mutex_);
  /// OK while nothing that `pins` leans on was lost.
  Status CheckIntact(const Pins& pins) const EXCLUDES(mutex_);

  /// The entry's raw length and kind. kNotFound.
  Result<Record> Stat(const Hash256& id) EXCLUDES(mutex_);
  /// The raw bytes of an entry of at most kMaxEntryBytes. kNotFound: not stored. kDataLoss: stored
  /// bytes do not match.
  Result<std::vector<std::byte>> Read(const Hash256& id) EXCLUDES(mutex_);
  /// The same into `into`, which must have the raw length (kDataLoss if not).
  Status ReadInto(const Hash256& id, std::span<std::byte> into) EXCLUDES(mutex_);

  /// Merges indexes when enough packs have gathered. Called now and then by whoever appends; errors
  /// leave all as it was.
  Status Maintain() EXCLUDES(mutex_);

  // For garbage collection and verification
  // ---------------------------------------------------------------------------------

  /// Where the entry stands that readers are given. kNotFound.
  Result<Placed> Locate(const Hash256& id) EXCLUDES(mutex_);
  /// Sealed packs, ascending.
  std::vector<uint64_t> SealedPacks() const EXCLUDES(mutex_);
  /// The pack that grows, if there is one.
  std::optional<uint64_t> GrowingPack() const EXCLUDES(mutex_);
  /// The pack's index matches its hash. kDataLoss.
  Status CheckPack(uint64_t pack) EXCLUDES(mutex_);
  /// Every entry of a pack, in no order; of one whose index is damaged those before the first
  /// damage. kNotFound: no such pack.
  Result<std::vector<Record>> Records(uint64_t pack) EXCLUDES(mutex_);
  /// One entry of a pack, stored bytes checked against header, checksum and id.
  Result<std::vector<std::byte>> ReadStored(uint64_t pack, const Record& record) EXCLUDES(mutex_);

  /// Notes `dead` entries of a pack as candidates and says which of those noted before `due` still
  /// are dead: these may go. An upload that reuses an entry takes it out of the note; a pinned pack
  /// has no note and gives nothing.
  std::vector<uint32_t> UpdateCandidate(uint64_t pack, std::vector<uint32_t> dead, WallTime now,
                                        WallTime due) EXCLUDES(mutex_);
  /// Nobody may lean on the pack from now on. False: somebody does, or one of `doomed` was taken
  /// back.
  bool Retire(uint64_t pack, std::span<const uint32_t> doomed) EXCLUDES(mutex_);
  void Unretire(uint64_t pack) EXCLUDES(mutex_);
  /// Takes a retired pack out of the index, then deletes it.
  Status Remove(uint64_t pack) EXCLUDES(mutex_);

 private:
  friend class Pins;

  struct Pack {
    bool sealed = false;
    bool retiring = false;
    uint32_t pins = 0;
    std::optional<Candidate> candidate;
  };
  /// Records of one sealed pack, sorted by id, until a run takes them over.
  struct MemoryRun {
    uint64_t pack = 0;
    std::vector<Record> records;
  };
  /// What look-ups search, newest last. Replaced, never changed.
  struct Index {
    std::vector<std::shared_ptr<const MemoryRun>> memory;
    std::vector<std::shared_ptr<const IndexRun>> runs;
  };

  /// A new run and those whose records it took over.
  struct MergedRun {
    std::shared_ptr<const IndexRun> run;
    std::vector<std::shared_ptr<const IndexRun>> replaced;
  };

  PackFolder(io::Env& env, const std::string& folder, size_t pack_bytes);
  Status Recover();
  Status LoadRuns(std::set<uint64_t>& covered);
  Status LoadPack(uint64_t number);
  Status RecoverOpenPack(uint64_t number, bool newest);

  Status Rotate() REQUIRES(append_mutex_);
  Status SealActive() REQUIRES(append_mutex_);
  Status RollBackIfLost() REQUIRES(append_mutex_);
  void ForgetUnsynced() REQUIRES(mutex_);
  void Pin(uint64_t pack, uint32_t offset, Pins& pins) REQUIRES(mutex_);
  Status CheckGeneration(const Pins& pins) const REQUIRES(mutex_);
  bool Usable(const Placed& placed, bool reuse) const REQUIRES(mutex_);

  Result<std::optional<Placed>> Find(const Hash256& id, bool reuse, Pins* pins) EXCLUDES(mutex_);
  /// Every record of the id in `index`; `dropped`: a run was damaged and dropped, so that the
  /// answer may lack some.
  Result<std::vector<Placed>> FindIn(const Index& index, const Hash256& id, bool& dropped)
      EXCLUDES(mutex_);
  Status DropRun(const IndexRun& run) EXCLUDES(mutex_);
  Result<MergedRun> Merge(const Index& index, uint64_t number, const std::set<uint64_t>& present);
  Result<std::shared_ptr<io::File>> OpenPack(uint64_t pack) EXCLUDES(mutex_);
  Status ReadPlaced(const Placed& placed, std::span<std::byte> into) EXCLUDES(mutex_);

  io::Env& env_;
  const std::string packs_folder_;
  const std::string index_folder_;
  const size_t pack_bytes_;
  FileCache files_;

  Mutex append_mutex_;
  std::unique_ptr<ActivePack> active_ GUARDED_BY(append_mutex_);
  bool roll_back_ GUARDED_BY(mutex_) = false;  ///< active_ still holds forgotten entries

  Mutex sync_mutex_;

  mutable Mutex mutex_;
  std::map<uint64_t, Pack> packs_ GUARDED_BY(mutex_);
  std::shared_ptr<const Index> index_ GUARDED_BY(mutex_);
  std::unordered_map<Hash256, Record, HashOfHash> active_records_ GUARDED_BY(mutex_);
  std::shared_ptr<io::File> active_file_ GUARDED_BY(mutex_);
  uint64_t active_number_ GUARDED_BY(mutex_) = 0;
  uint64_t active_end_ GUARDED_BY(mutex_) = 0;
  uint64_t synced_end_ GUARDED_BY(mutex_) = 0;
  uint64_t generation_ GUARDED_BY(mutex_) = 0;
  uint64_t next_pack_ GUARDED_BY(mutex_) = 1;
  uint64_t next_run_ GUARDED_BY(mutex_) = 1;
  bool merging_ GUARDED_BY(mutex_) = false;
};

}  // namespace stetig::blob
