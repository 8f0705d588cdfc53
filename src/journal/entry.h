// An event as it is stored and hashed: with commitments in the place of personal texts, and the
// salts and texts beside it. Pure functions and values; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "journal/types.h"

namespace stetig::journal {

/// A personal text with what hides it: without the 16 random bytes of salt, short texts could be
/// found from their commitment by trying.
struct SealedText {
  std::string salt;
  std::string text;
};

/// Of the canonical bytes: 1 has the actor's name in them, 2 commitments. New events have the last.
inline constexpr int64_t kFirstForm = 1;
inline constexpr int64_t kForm = 2;
/// Most commitments of an entry: the actor and its personal texts.
inline constexpr size_t kMaxTexts = 1 + 64;

struct Entry {
  /// Without `texts`; `actor` in form 1 only. `seq` is not hashed: it is the place in the tree.
  Event event;
  int64_t form = kForm;
  std::vector<LeafHash> commitments;  ///< of the actor and of each personal text; form 2
  /// As long as `commitments`; nothing: erased.
  std::vector<std::optional<SealedText>> texts;
  LeafHash leaf_hash{};
  std::string damage;  ///< why it cannot have been written so; empty: nothing such
};

/// SHA-256(salt ‖ text).
LeafHash Commit(const SealedText& text);
/// `event` with a fresh salt for each personal text and with its leaf hash.
Entry Seal(const Event& event, Random& random);
/// The event as readers see it.
Event Unseal(Entry entry);

/// The bytes that are hashed (README.md, "Canonical bytes").
std::string CanonicalBytes(const Entry& entry);
/// SHA-256(0x00 ‖ CanonicalBytes(entry)).
LeafHash HashLeaf(const Entry& entry);

/// The JSON text of refs, [["run","1"],…], as it is stored.
std::string RefsToJson(const std::vector<Ref>& refs);
/// kDataLoss: not exactly what RefsToJson writes.
Result<std::vector<Ref>> RefsFromJson(std::string_view text);

}  // namespace stetig::journal
