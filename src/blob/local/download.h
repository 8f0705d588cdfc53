// One download from a local store: while the loop sends one block, the pool reads and checks the
// next.
#pragma once

#include <cstdint>
#include <memory>

#include "blob/local/core.h"
#include "blob/manifest.h"
#include "blob/store.h"

namespace stetig::blob {

/// A manifest with its name.
struct NamedManifest {
  FileRef file;
  Manifest manifest;
};

/// Blocking. kNotFound: no such manifest. kDataLoss: it is damaged.
Result<NamedManifest> LoadManifest(PackFolder& folder, ManifestId id);

/// Bytes of transfer memory that a download of a file of this size takes.
size_t DownloadShare(uint64_t size);

/// `share`: DownloadShare of the budget.
std::unique_ptr<Reader> MakeDownload(const Core& core, NamedManifest named, Share share);

}  // namespace stetig::blob
