// One upload into a local store: two buffers, one being filled by the loop while the pool hashes
// and stores the other.
#pragma once

#include <memory>
#include <optional>

#include "blob/local/core.h"
#include "blob/store.h"

namespace stetig::blob {

/// Bytes of transfer memory that an upload of this size takes.
size_t UploadShare(std::optional<uint64_t> size_hint);

/// `share`: UploadShare(size_hint) of the budget.
std::unique_ptr<Writer> MakeUpload(const Core& core, std::optional<uint64_t> size_hint,
                                   Share share);

}  // namespace stetig::blob
