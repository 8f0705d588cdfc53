#include "blob/testing/fixture.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "base/check.h"
#include "io/loop.h"

namespace stetig::blob::testing {
namespace {

Task<FileRef> PutTask(Store* store, std::span<const std::byte> bytes, size_t piece) {
  const Deadline deadline = After(std::chrono::seconds(60));
  auto created = co_await store->Create(bytes.size(), deadline);
  ASSIGN_OR_CO_RETURN(std::unique_ptr<Writer> writer, std::move(created));
  while (!bytes.empty()) {
    const std::span<const std::byte> part = bytes.first(std::min(piece, bytes.size()));
    Status written = co_await Write(writer.get(), part);
    CO_TRY(std::move(written));
    bytes = bytes.subspan(part.size());
  }
  co_return co_await writer->Finish();
}

Task<std::vector<std::byte>> GetTask(Store* store, ManifestId id, size_t piece) {
  const Deadline deadline = After(std::chrono::seconds(60));
  auto opened = co_await store->Open(id, deadline);
  ASSIGN_OR_CO_RETURN(std::unique_ptr<Reader> reader, std::move(opened));
  std::vector<std::byte> bytes(reader->file().size);
  size_t at = 0;
  while (at < bytes.size()) {
    const std::span<std::byte> into =
        std::span(bytes).subspan(at, std::min(piece, bytes.size() - at));
    auto read = co_await reader->Read(at, into);
    ASSIGN_OR_CO_RETURN(const size_t got, std::move(read));
    CHECK(got > 0);
    at += got;
  }
  co_return bytes;
}

}  // namespace

std::vector<std::byte> RandomBytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(size);
  for (size_t at = 0; at < size; at += 8) {
    const uint64_t word = random();
    std::memcpy(bytes.data() + at, &word, std::min<size_t>(8, size - at));
  }
  return bytes;
}

std::vector<std::byte> SplitMixBytes(size_t size, uint64_t state) {
  std::vector<std::byte> bytes;
  bytes.reserve(size + 7);
  while (bytes.size() < size) {
    state += 0x9E3779B97F4A7C15;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z ^= z >> 31;
    for (int i = 0; i < 8; ++i) {
      bytes.push_back(static_cast<std::byte>(z >> (8 * i)));
    }
  }
  bytes.resize(size);
  return bytes;
}

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "stetig-blob-XXXXXX").string();
  CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Result<FileRef> PutInto(Store& store, std::span<const std::byte> bytes, size_t piece) {
  return io::RunSync(PutTask(&store, bytes, piece));
}

Result<std::vector<std::byte>> GetFrom(Store& store, ManifestId id, size_t piece) {
  return io::RunSync(GetTask(&store, id, piece));
}

Result<SweepReport> SweepOnce(Store& store, std::vector<ManifestId> roots, SweepOptions options) {
  SomeRoots source(std::move(roots));
  return io::RunSync(store.Sweep(&source, options));
}

LocalFixture::LocalFixture() { Reopen(); }

void LocalFixture::Reopen(io::Env& env) {
  store_.reset();
  Result<std::unique_ptr<Store>> opened =
      OpenLocal({.folder = folder_.path(), .env = &env, .pool = &pool_, .clock = &clock_});
  ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
  store_ = *std::move(opened);
}

std::vector<std::byte> LocalFixture::Get(ManifestId id) {
  Result<std::vector<std::byte>> bytes = GetFrom(*store_, id);
  EXPECT_TRUE(bytes.has_value()) << bytes.error().ToString();
  return bytes.value_or(std::vector<std::byte>());
}

SweepReport LocalFixture::Sweep(std::vector<ManifestId> roots, SweepOptions options) {
  Result<SweepReport> report = SweepOnce(*store_, std::move(roots), options);
  EXPECT_TRUE(report.has_value()) << report.error().ToString();
  return report.value_or(SweepReport());
}

uint64_t LocalFixture::PackBytes() const {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path() + "/packs")) {
    bytes += entry.file_size();
  }
  return bytes;
}

}  // namespace stetig::blob::testing
