#include "journal/audit.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "journal/repository.h"
#include "journal/service.h"
#include "journal/tiles.h"

namespace stetig::journal {
namespace {

Status CheckSize(store::Session& session, int64_t size) {
  ASSIGN_OR_RETURN(const int64_t head, repository::Head(session));
  if (size > head) {
    return Err(Code::kInvalidArgument,
               fmt::format("a tree of {} entries was asked for, the journal has {}", size, head));
  }
  return OkStatus();
}

/// Nothing: no need to sign.
Result<std::optional<note::Checkpoint>> NextCheckpoint(store::Session& session,
                                                       const std::string& origin, int64_t least) {
  ASSIGN_OR_RETURN(const int64_t head, repository::Head(session));
  ASSIGN_OR_RETURN(const auto last, repository::LastCheckpoint(session));
  const int64_t last_size = last ? last->size : 0;
  TileSource nodes(session);
  if (head < last_size) {
    return Err(Code::kDataLoss,
               fmt::format("the journal has {} entries, its last checkpoint {}", head, last_size));
  }
  if (head - last_size < least) {
    return std::nullopt;
  }
  if (last) {
    ASSIGN_OR_RETURN(const note::Checkpoint said, note::Read(last->note));
    ASSIGN_OR_RETURN(const merkle::Hash root, merkle::RootOf(nodes, last_size));
    if (said.size != last_size || said.root != root) {
      return Err(
          Code::kDataLoss,
          fmt::format("the journal's first {} entries do not fit their checkpoint", last_size));
    }
  }
  ASSIGN_OR_RETURN(const merkle::Hash root, merkle::RootOf(nodes, head));
  return note::Checkpoint{.origin = origin, .size = head, .root = root};
}

std::string ErasedPayload(int64_t count, const std::string& reason) {
  std::string payload;
  JsonWriter json(&payload);
  json.BeginObject();
  json.Field("count", count);
  json.Field("reason", reason);
  json.EndObject();
  return payload;
}

}  // namespace

Audit::Audit(store::Database& db) : db_(db) {}

Task<merkle::Hash> Audit::Root(int64_t size, Deadline deadline) {
  auto fn = [size](store::Session& session) -> Result<merkle::Hash> {
    TRY(CheckSize(session, size));
    TileSource nodes(session);
    return merkle::RootOf(nodes, size);
  };
  co_return co_await db_.Read(std::move(fn), deadline);
}

Task<merkle::Proof> Audit::Inclusion(int64_t seq, int64_t size, Deadline deadline) {
  auto fn = [seq, size](store::Session& session) -> Result<merkle::Proof> {
    TRY(CheckSize(session, size));
    TileSource nodes(session);
    return merkle::InclusionProof(nodes, seq - 1, size);
  };
  co_return co_await db_.Read(std::move(fn), deadline);
}

Task<merkle::Proof> Audit::Consistency(int64_t old_size, int64_t new_size, Deadline deadline) {
  auto fn = [old_size, new_size](store::Session& session) -> Result<merkle::Proof> {
    TRY(CheckSize(session, new_size));
    TileSource nodes(session);
    return merkle::ConsistencyProof(nodes, old_size, new_size);
  };
  co_return co_await db_.Read(std::move(fn), deadline);
}

Task<int64_t> Audit::FillTiles(int64_t most, Deadline deadline) {
  // Hashing happens on a reader, so that the writer is held for the rows alone.
  auto read = [most](store::Session& session) { return NextTiles(session, most); };
  auto next = co_await db_.Read(std::move(read), deadline);
  ASSIGN_OR_CO_RETURN(TileBatch batch, std::move(next));
  if (batch.count == 0) {
    co_return 0;
  }
  auto write = [batch = std::move(batch)](store::Transaction& tx) { return WriteTiles(tx, batch); };
  co_return co_await db_.Write(std::move(write), deadline);
}

Task<std::optional<repository::StoredCheckpoint>> Audit::LastCheckpoint(Deadline deadline) {
  auto fn = [](store::Session& session) { return repository::LastCheckpoint(session); };
  co_return co_await db_.Read(std::move(fn), deadline);
}

Task<int64_t> Audit::SignCheckpoint(note::SignerKey key, int64_t least, Deadline deadline) {
  auto read = [origin = key.verifier().name(), least](store::Session& session) {
    return NextCheckpoint(session, origin, least);
  };
  auto next = co_await db_.Read(std::move(read), deadline);
  ASSIGN_OR_CO_RETURN(const std::optional<note::Checkpoint> checkpoint, std::move(next));
  if (!checkpoint) {
    co_return 0;
  }
  repository::StoredCheckpoint row{.size = checkpoint->size,
                                   .note = key.SignNote(note::Body(*checkpoint))};
  auto write = [row = std::move(row)](store::Transaction& tx) -> Result<int64_t> {
    ASSIGN_OR_RETURN(const int64_t added, repository::AddCheckpoint(tx, row));
    return added == 0 ? 0 : row.size;
  };
  co_return co_await db_.Write(std::move(write), deadline);
}

Result<int64_t> Erase(store::Transaction& tx, const Erasure& erasure) {
  if (erasure.actor.empty() == (erasure.seq == 0)) {
    return Err(Code::kInvalidArgument,
               "an erasure names neither or both of actor and entry, expected one");
  }
  ASSIGN_OR_RETURN(const std::vector<repository::TextPlace> places,
                   erasure.seq != 0 ? repository::TextsOfEvent(tx, erasure.seq, kMaxErased)
                                    : repository::TextsOfActor(tx, erasure.actor, kMaxErased));
  if (places.empty()) {
    return 0;
  }
  Event event{.time = erasure.time,
              .actor = erasure.by,
              .kind = "journal.erased",
              .subject = {"journal", "texts"},
              .payload = ErasedPayload(std::ssize(places), erasure.reason),
              .request_id = erasure.request_id};
  for (const repository::TextPlace& place : places) {
    TRY(repository::DeleteText(tx, place));
    event.refs.push_back({"journal_text", fmt::format("{}/{}", place.seq, place.place)});
  }
  TRY(Append(tx, event));
  return std::ssize(places);
}

}  // namespace stetig::journal
