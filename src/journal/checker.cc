#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "journal/verify.h"

namespace stetig::journal {
namespace {

using Kind = Finding::Kind;

std::string Short(const LeafHash& hash) {
  return HexEncode({reinterpret_cast<const char*>(hash.data()), 8}) + "…";
}

Finding InEntry(int64_t seq, std::string_view what) {
  return {Kind::kEntry, seq, fmt::format("entry {}: {}", seq, what)};
}

std::string PlaceName(size_t place) {
  return place == 0 ? "the actor's name" : fmt::format("personal text {}", place);
}

}  // namespace

std::string_view KindName(Finding::Kind kind) {
  switch (kind) {
    case Kind::kEntry:
      return "entry";
    case Kind::kTile:
      return "tile";
    case Kind::kCheckpoint:
      return "checkpoint";
    case Kind::kWitness:
      return "witness";
    case Kind::kFile:
      return "file";
  }
  return "entry";
}

Result<Checker> Checker::Make(const VerifyOptions& options) {
  Checker checker(options.keys);
  if (options.witness) {
    ASSIGN_OR_RETURN(checker.witness_, note::Open(*options.witness, options.keys));
  }
  return checker;
}

void Checker::AddErasure(const Event& event) {
  if (event.kind != "journal.erased") {
    return;
  }
  for (const Ref& ref : event.refs) {
    const std::vector<std::string_view> parts = Split(ref.id, '/');
    if (ref.type != "journal_text" || parts.size() != 2) {
      continue;
    }
    const auto seq = ParseInt64(parts[0]);
    const auto place = ParseInt64(parts[1]);
    if (seq && place) {
      erased_.push_back({*seq, *place});
      sorted_ = false;
    }
  }
}

void Checker::SortErasures() {
  if (!sorted_) {
    std::ranges::sort(erased_);
    sorted_ = true;
  }
}

std::optional<Finding> Checker::CheckTexts(const Entry& entry) {
  SortErasures();
  for (size_t place = 0; place < entry.commitments.size(); ++place) {
    const bool was_erased = std::ranges::binary_search(
        erased_, repository::TextPlace{entry.event.seq, static_cast<int64_t>(place)});
    const std::optional<SealedText>& text = entry.texts[place];
    if (!text && !was_erased) {
      return InEntry(entry.event.seq,
                     PlaceName(place) + " is gone, and no erasure in the journal names it");
    }
    if (text && was_erased) {
      return InEntry(entry.event.seq, PlaceName(place) + " is there, though it was erased");
    }
    if (text && Commit(*text) != entry.commitments[place]) {
      return InEntry(entry.event.seq, PlaceName(place) +
                                          " or its salt was changed: it does not fit "
                                          "its commitment");
    }
    report_.erased_texts += text ? 0 : 1;
  }
  return std::nullopt;
}

std::optional<Finding> Checker::CheckWitness() {
  if (witness_ && tree_.size() == witness_->size && tree_.Root() != witness_->root) {
    return Finding{Kind::kWitness, witness_->size,
                   fmt::format("the witness saw {} entries with root {}, these have {}: one of "
                               "them was changed after the witness",
                               witness_->size, Short(witness_->root), Short(tree_.Root()))};
  }
  return std::nullopt;
}

std::optional<Finding> Checker::AddEntry(const Entry& entry) {
  const int64_t expected = tree_.size() + 1;
  if (expected == 1) {
    if (auto finding = CheckWitness()) {
      return finding;
    }
  }
  if (entry.event.seq != expected) {
    return InEntry(expected, fmt::format("it is missing, entry {} follows", entry.event.seq));
  }
  if (!entry.damage.empty()) {
    return InEntry(expected, entry.damage);
  }
  if (auto finding = CheckTexts(entry)) {
    return finding;
  }
  const LeafHash hash = HashLeaf(entry);
  if (hash != entry.leaf_hash) {
    return InEntry(expected, fmt::format("its row was changed: the row has leaf hash {}, stored is "
                                         "{}",
                                         Short(hash), Short(entry.leaf_hash)));
  }
  tree_.Append(hash);
  report_.entries = tree_.size();
  return CheckWitness();
}

std::optional<Finding> Checker::AddCheckpoint(const repository::StoredCheckpoint& stored) {
  const auto of = [&](std::string_view what) {
    return Finding{Kind::kCheckpoint, stored.size,
                   fmt::format("checkpoint of size {}: {}", stored.size, what)};
  };
  const auto opened = note::Open(stored.note, keys_);
  if (!opened) {
    return of(opened.error().message());
  }
  if (opened->size != stored.size) {
    return of(fmt::format("its note says {}", opened->size));
  }
  if (stored.size != tree_.size()) {
    return of(fmt::format("the journal has {} entries: its end was cut off", tree_.size()));
  }
  if (opened->root != tree_.Root()) {
    return of(fmt::format(
        "it signs root {}, the entries have {}: one of {} to {} was changed "
        "together with its hashes",
        Short(opened->root), Short(tree_.Root()), report_.checkpoint_size + 1, stored.size));
  }
  ++report_.checkpoints;
  report_.checkpoint_size = stored.size;
  return std::nullopt;
}

std::optional<Finding> Checker::Finish() {
  report_.root = tree_.Root();
  if (tree_.size() == 0) {
    if (auto finding = CheckWitness()) {
      return finding;
    }
  }
  if (witness_ && tree_.size() < witness_->size) {
    return Finding{Kind::kWitness, witness_->size,
                   fmt::format("the witness saw {} entries, there are {}: the end was cut off",
                               witness_->size, tree_.size())};
  }
  return std::nullopt;
}

}  // namespace stetig::journal
