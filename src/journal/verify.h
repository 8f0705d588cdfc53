// The verifier: recomputes the journal's tree from its entries and compares it with everything that
// was stored or signed about it. It works on the database and on an exported file alike, reads
// entries as a stream, and stops at the first one that was changed.
//
// Memory: a few hundred entries, some tiles, and 24 bytes for each erased text.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"
#include "journal/entry.h"
#include "journal/merkle.h"
#include "journal/note.h"
#include "journal/proof_repository.h"
#include "store/database.h"

namespace stetig::journal {

/// What does not fit.
struct Finding {
  enum class Kind : unsigned char { kEntry, kTile, kCheckpoint, kWitness, kFile };
  Kind kind = Kind::kEntry;
  /// The entry; of a tile: the first one below the changed hash; of a checkpoint and of a witness:
  /// the size that it speaks of; 0: unknown.
  int64_t seq = 0;
  std::string what;  ///< a sentence that names place and difference
};
/// "entry", "tile", "checkpoint", "witness", "file".
std::string_view KindName(Finding::Kind kind);

struct Report {
  int64_t entries = 0;  ///< looked at; up to the first finding
  int64_t erased_texts = 0;
  int64_t tiles = 0;
  int64_t checkpoints = 0;
  int64_t checkpoint_size = 0;  ///< of the last checkpoint that holds
  merkle::Hash root{};          ///< over `entries`
  std::optional<Finding> finding;
};

struct VerifyOptions {
  /// Whose signatures count.
  std::vector<note::VerifierKey> keys;
  /// A checkpoint that was kept elsewhere, as a signed note.
  std::optional<std::string> witness;
};

/// The part that is the same for every place: fed with entries and checkpoints in order. Not
/// thread-safe.
class Checker {
 public:
  /// kInvalidArgument, kUnauthenticated, kDataLoss: the witness is no checkpoint, or by none of the
  /// keys, or its signature does not hold.
  static Result<Checker> Make(const VerifyOptions& options);

  /// Texts that an erasure event names. Must be known before the entries that have them; an event
  /// that is none adds nothing. `event` need not be of the checked range.
  void AddErasure(const Event& event);

  /// The next entry: sequence number, form, leaf hash, texts.
  std::optional<Finding> AddEntry(const Entry& entry);
  /// A stored checkpoint of size entries(), or of a greater one when there is no further entry.
  std::optional<Finding> AddCheckpoint(const repository::StoredCheckpoint& checkpoint);
  /// After the last entry.
  std::optional<Finding> Finish();

  int64_t entries() const { return tree_.size(); }
  const merkle::Frontier& tree() const { return tree_; }
  Report& report() { return report_; }

 private:
  explicit Checker(std::vector<note::VerifierKey> keys) : keys_(std::move(keys)) {}
  std::optional<Finding> CheckTexts(const Entry& entry);
  std::optional<Finding> CheckWitness();
  void SortErasures();

  std::vector<note::VerifierKey> keys_;
  std::optional<note::Checkpoint> witness_;
  merkle::Frontier tree_;
  std::vector<repository::TextPlace> erased_;
  bool sorted_ = true;
  Report report_;
};

/// Verifies the database, up to the entries that it has now; a server may write meanwhile. Errors
/// (the database could not be read, the witness is no checkpoint of these keys): as Database::Read
/// and Checker::Make. `deadline` is for each page.
Task<Report> VerifyStore(store::Database& db, VerifyOptions options,
                         std::chrono::milliseconds page_time);

/// Verifies an exported file. Without keys in the options, the file's own key is taken. Errors:
/// as Checker::Make. The stream must be seekable: it is read twice. Blocking.
Result<Report> VerifyFile(std::istream& file, VerifyOptions options);

/// Writes the journal as JSON lines (docs/formats/journal-export.md), through `write` piece by
/// piece, up to the entries that it has now. How many entries. kDataLoss: an entry is damaged;
/// codes of Database::Read and of `write`.
using WriteFn = std::move_only_function<Status(std::string_view)>;
Task<int64_t> Export(store::Database& db, std::string key, WriteFn write,
                     std::chrono::milliseconds page_time);

}  // namespace stetig::journal
