#include <fmt/format.h>

#include "journal/export_line.h"
#include "journal/repository.h"
#include "journal/verify.h"

namespace stetig::journal {
namespace {

constexpr int64_t kPage = 256;

struct Bounds {
  int64_t head = 0;
  int64_t last_checkpoint = 0;
};

Result<Bounds> ReadBounds(store::Session& session) {
  Bounds bounds;
  ASSIGN_OR_RETURN(bounds.head, repository::Head(session));
  ASSIGN_OR_RETURN(const auto last, repository::LastCheckpoint(session));
  bounds.last_checkpoint = last ? last->size : 0;
  return bounds;
}

/// Where the next page begins.
struct Place {
  int64_t entry = 0;       ///< entries up to here are written
  int64_t checkpoint = 0;  ///< checkpoints of sizes up to here are written
};
struct Page {
  std::string text;
  Place next;
  bool last = false;
};

/// Entries and between them the checkpoints of their sizes.
Result<Page> ReadPage(store::Session& session, Place from, const Bounds& bounds) {
  Page page{.text = {}, .next = from, .last = false};
  ASSIGN_OR_RETURN(const std::vector<Entry> entries,
                   repository::ReadEntries(session, from.entry, kPage, {}));
  ASSIGN_OR_RETURN(const auto checkpoints,
                   repository::Checkpoints(session, from.checkpoint, kPage + 1));
  auto checkpoint = checkpoints.begin();
  const auto write_checkpoints = [&](int64_t up_to) {
    for (; checkpoint != checkpoints.end() && checkpoint->size <= up_to; ++checkpoint) {
      page.text += line::Write(*checkpoint);
      page.next.checkpoint = checkpoint->size;
    }
  };
  for (const Entry& entry : entries) {
    if (entry.event.seq > bounds.head) {
      break;
    }
    if (!entry.damage.empty()) {
      return Err(Code::kDataLoss, fmt::format("entry {}: {}", entry.event.seq, entry.damage));
    }
    page.text += line::Write(entry);
    page.next.entry = entry.event.seq;
    write_checkpoints(std::min(entry.event.seq, bounds.last_checkpoint));
  }
  page.last = entries.empty() || page.next.entry >= bounds.head;
  if (page.last) {
    write_checkpoints(bounds.last_checkpoint);  // of entries that were cut off
  }
  return page;
}

}  // namespace

Task<int64_t> Export(store::Database& db, std::string key, WriteFn write,
                     std::chrono::milliseconds page_time) {
  auto begin = [](store::Session& session) { return ReadBounds(session); };
  auto read_bounds = co_await db.Read(std::move(begin), After(page_time));
  ASSIGN_OR_CO_RETURN(const Bounds bounds, std::move(read_bounds));
  CO_TRY(write(line::Header(key, bounds.head)));
  Place place;
  for (bool more = true; more;) {
    auto read = [place, bounds](store::Session& session) {
      return ReadPage(session, place, bounds);
    };
    auto next = co_await db.Read(std::move(read), After(page_time));
    ASSIGN_OR_CO_RETURN(const Page page, std::move(next));
    CO_TRY(write(page.text));
    place = page.next;
    more = !page.last;
  }
  CO_TRY(write(line::End(bounds.head)));
  co_return place.entry;
}

}  // namespace stetig::journal
