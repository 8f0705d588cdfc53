#include "trace/internal/edge_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace stetig::trace::internal {
namespace {

void Close(EdgeRow& edge, int64_t known_ms, int64_t valid_to) {
  edge.valid_to = std::max(valid_to, edge.valid_from);
  edge.ended_at = known_ms;
}

}  // namespace

Status EdgeLedger::Settle(store::Transaction& tx) {
  TRY(Fetch(tx));
  for (const EdgeStep& step : steps_) {
    step.link != nullptr ? Link(step) : End(step);
  }
  TRY(Write(tx));
  *this = EdgeLedger();
  return OkStatus();
}

/// The open edges that the steps may meet. An edge between nodes of this batch is new.
Status EdgeLedger::Fetch(store::Session& session) {
  std::vector<EdgeKey> keys;
  std::vector<EdgeKey> into;
  std::unordered_set<EdgeKey, EdgeHash> seen;
  for (const EdgeStep& step : steps_) {
    const EdgeKey& key = step.key;
    if (step.link != nullptr && step.link->alone && step.old_to &&
        seen.insert({0, key.type, key.to}).second) {
      into.push_back(key);
    }
    if (step.old_from && step.old_to && seen.insert(key).second) {
      keys.push_back(key);
    }
  }
  std::unordered_set<std::string> loaded;
  const auto hold = [&](const EdgeRow& row) {
    if (loaded.insert(fmt::format("{},{},{},{},{}", row.from, row.type, row.to, row.seq, row.rule))
            .second) {
      Hold({.row = row});
    }
  };
  if (!into.empty()) {
    TRY(OpenEdgesInto(session, into, hold));
  }
  return keys.empty() ? OkStatus() : OpenEdges(session, keys, hold);
}

void EdgeLedger::Hold(Held edge) {
  edges_.push_back(std::move(edge));
  Held* held = &edges_.back();
  by_key_[{held->row.from, held->row.type, held->row.to}].push_back(held);
  into_[{0, held->row.type, held->row.to}].push_back(held);
}

void EdgeLedger::Link(const EdgeStep& step) {
  const LinkFact& fact = *step.link;
  const int64_t from_ms = fact.valid_from ? fact.valid_from->ms : step.time_ms;
  if (fact.alone) {
    for (Held* other : into_[{0, step.key.type, step.key.to}]) {
      if (!other->row.valid_to && other->row.rule == step.rule &&
          other->row.from != step.key.from) {
        Close(other->row, step.time_ms, from_ms);
        other->ended = true;
      }
    }
  }
  for (Held* same : by_key_[step.key]) {
    if (same->row.valid_to || same->row.rule != step.rule) {
      continue;
    }
    if (same->row.basis == fact.basis || same->row.seq == step.seq) {
      return;
    }
    Close(same->row, step.time_ms, step.time_ms);
    same->ended = true;
  }
  Hold({.row = {.from = step.key.from,
                .type = step.key.type,
                .to = step.key.to,
                .seq = step.seq,
                .rule = step.rule,
                .basis = fact.basis,
                .has_evidence = !fact.evidence.empty(),
                .valid_from = from_ms,
                .recorded_at = step.time_ms},
        .fresh = true});
  if (!fact.evidence.empty()) {
    evidence_.emplace_back(step.seq, &fact.evidence);
  }
}

void EdgeLedger::End(const EdgeStep& step) {
  for (Held* edge : by_key_[step.key]) {
    if (!edge->row.valid_to && (step.end->rule.empty() || edge->row.rule == step.rule)) {
      Close(edge->row, step.time_ms, step.end->valid_to ? step.end->valid_to->ms : step.time_ms);
      edge->ended = true;
    }
  }
}

Status EdgeLedger::Write(store::Transaction& tx) {
  std::vector<const EdgeRow*> made;
  std::vector<const EdgeRow*> ended;
  for (const Held& edge : edges_) {
    if (edge.fresh) {
      made.push_back(&edge.row);
    } else if (edge.ended) {
      ended.push_back(&edge.row);
    }
  }
  TRY(InsertEdges(tx, made));
  TRY(EndEdges(tx, ended));
  for (const auto& [seq, text] : evidence_) {
    TRY(InsertEvidence(tx, seq, *text));
  }
  return OkStatus();
}

}  // namespace stetig::trace::internal
