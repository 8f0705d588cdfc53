#include "blob/store.h"

#include <algorithm>

namespace stetig::blob {

Task<> Write(Writer* writer, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    auto reserved = co_await writer->Reserve();
    ASSIGN_OR_CO_RETURN(const std::span<std::byte> room, std::move(reserved));
    const size_t size = std::min(room.size(), bytes.size());
    std::ranges::copy(bytes.first(size), room.begin());
    writer->Commit(size);
    bytes = bytes.subspan(size);
  }
  co_return OkStatus();
}

}  // namespace stetig::blob
