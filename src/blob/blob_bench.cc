// Speed of the parts and of whole transfers, each beside its floor. Rates are bytes per second of
// wall time.
//
// Floors: BM_FloorUpload is one thread that reads 1 MiB pieces, takes their SHA-256, writes them to
// a file and syncs it; BM_FloorDownload one that reads that file in 256 KiB pieces. Compare within
// one run: the machine's speed varies.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "base/check.h"
#include "base/digest.h"
#include "blob/gear.h"
#include "blob/ids.h"
#include "blob/pack_format.h"
#include "blob/testing/fixture.h"
#include "io/loop.h"

namespace stetig::blob {
namespace {

constexpr size_t kMiB = size_t{1} << 20;
constexpr size_t kFileBytes = 512 * kMiB;

// Peak resident memory since the last reset, in MiB.
double PeakMiB() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) {
      return std::strtod(line.c_str() + 6, nullptr) / 1024;
    }
  }
  return 0;
}

void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// What the network would deliver: pieces of one block, each made different by a counter in its
// first bytes.
class Source {
 public:
  Source() : block_(testing::RandomBytes(kMiB + 4096, 1)) {}
  void Fill(std::span<std::byte> into) {
    const size_t shift = 8 * (count_++ % 512);
    std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(shift), into.size(), into.begin());
    for (size_t at = 0; at + 8 <= into.size(); at += 16384) {  // no two chunks are alike
      std::memcpy(into.data() + at, &count_, sizeof(count_));
    }
  }

 private:
  std::vector<std::byte> block_;
  uint64_t count_ =
      static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
};

void BM_Gear(benchmark::State& state) {
  const std::vector<std::byte> data = testing::RandomBytes(16 * kMiB, 1);
  for (auto _ : state) {
    GearChunker chunker;
    for (std::span<const std::byte> rest = data; !rest.empty();) {
      rest = rest.subspan(chunker.Next(rest).value_or(rest.size()));
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * data.size()));
}
BENCHMARK(BM_Gear);

void BM_ChunkIds(benchmark::State& state) {
  const std::vector<std::byte> data = testing::RandomBytes(16 * kMiB, 1);
  for (auto _ : state) {
    for (size_t at = 0; at < data.size(); at += 65536) {
      benchmark::DoNotOptimize(HashOf(Kind::kChunk, std::span(data).subspan(at, 65536)));
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * data.size()));
}
BENCHMARK(BM_ChunkIds);

void BM_Sha256(benchmark::State& state) {
  const std::vector<std::byte> data = testing::RandomBytes(16 * kMiB, 1);
  for (auto _ : state) {
    Sha256Stream stream;
    stream.Update(std::span<const std::byte>(data));
    benchmark::DoNotOptimize(stream.Finish());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * data.size()));
}
BENCHMARK(BM_Sha256);

void BM_FloorUpload(benchmark::State& state) {
  const testing::TempFolder folder;
  Source source;
  std::vector<std::byte> buffer(kMiB);
  for (auto _ : state) {
    const std::string path = folder.path() + "/file";
    Result<std::unique_ptr<io::File>> file =
        io::Env::System().Open(path, io::OpenMode::kCreateTruncate);
    Sha256Stream digest;
    for (size_t at = 0; at < kFileBytes; at += kMiB) {
      source.Fill(buffer);
      digest.Update(std::span<const std::byte>(buffer));
      CHECK((*file)->WriteAt(at, buffer).ok());
    }
    CHECK((*file)->Sync().ok());
    benchmark::DoNotOptimize(digest.Finish());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kFileBytes));
}
BENCHMARK(BM_FloorUpload)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);

struct Bench {
  explicit Bench(size_t pack_bytes = kMaxPackBytes)
      : store(OpenLocal({.folder = folder.path(),
                         .env = &io::Env::System(),
                         .pool = &pool,
                         .clock = &Clock::System(),
                         .pack_bytes = pack_bytes})
                  .value()) {}
  testing::TempFolder folder;
  io::Pool pool{{.name = "blob-bench", .threads = 4}};
  std::unique_ptr<Store> store;
};

Task<FileRef> UploadTask(Store* store, Source* source, size_t size) {
  auto created = co_await store->Create(size, Deadline::max());
  ASSIGN_OR_CO_RETURN(std::unique_ptr<Writer> writer, std::move(created));
  while (size > 0) {
    auto reserved = co_await writer->Reserve();
    ASSIGN_OR_CO_RETURN(std::span<std::byte> room, std::move(reserved));
    room = room.first(std::min(room.size(), size));
    source->Fill(room);
    writer->Commit(room.size());
    size -= room.size();
  }
  co_return co_await writer->Finish();
}

Task<size_t> DownloadTask(Store* store, ManifestId id) {
  auto opened = co_await store->Open(id, Deadline::max());
  ASSIGN_OR_CO_RETURN(std::unique_ptr<Reader> reader, std::move(opened));
  std::vector<std::byte> buffer(kMiB / 4);
  size_t at = 0;
  while (at < reader->file().size) {
    auto read = co_await reader->Read(at, buffer);
    ASSIGN_OR_CO_RETURN(const size_t got, std::move(read));
    at += got;
  }
  co_return at;
}

void BM_Upload(benchmark::State& state) {
  Bench bench;
  Source source;
  ResetPeak();
  const double before = PeakMiB();
  for (auto _ : state) {
    CHECK(io::RunSync(UploadTask(bench.store.get(), &source, kFileBytes)).has_value());
  }
  state.counters["MiB_grown"] = PeakMiB() - before;
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kFileBytes));
}
BENCHMARK(BM_Upload)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);

void BM_UploadStored(benchmark::State& state) {
  Bench bench;
  const std::vector<std::byte> bytes = testing::RandomBytes(64 * kMiB, 3);
  CHECK(testing::PutInto(*bench.store, bytes).has_value());
  for (auto _ : state) {
    CHECK(testing::PutInto(*bench.store, bytes).has_value());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(BM_UploadStored)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_FloorDownload(benchmark::State& state) {
  const testing::TempFolder folder;
  Source source;
  std::vector<std::byte> buffer(kMiB);
  Result<std::unique_ptr<io::File>> file =
      io::Env::System().Open(folder.path() + "/file", io::OpenMode::kCreateTruncate);
  for (size_t at = 0; at < kFileBytes; at += kMiB) {
    source.Fill(buffer);
    CHECK((*file)->WriteAt(at, buffer).ok());
  }
  buffer.resize(kMiB / 4);
  for (auto _ : state) {
    for (size_t at = 0; at < kFileBytes; at += buffer.size()) {
      CHECK((*file)->ReadAt(at, buffer).has_value());
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kFileBytes));
}
BENCHMARK(BM_FloorDownload)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_Download(benchmark::State& state) {
  Bench bench;
  Source source;
  const FileRef file = io::RunSync(UploadTask(bench.store.get(), &source, kFileBytes)).value();
  ResetPeak();
  const double before = PeakMiB();
  for (auto _ : state) {
    CHECK(io::RunSync(DownloadTask(bench.store.get(), file.id)).has_value());
  }
  state.counters["MiB_grown"] = PeakMiB() - before;
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kFileBytes));
}
BENCHMARK(BM_Download)->UseRealTime()->Unit(benchmark::kMillisecond);

// One client after the other, each file synced: how long a small artifact takes. Floor: a write and
// a sync of the same bytes.
void BM_SmallFile(benchmark::State& state) {
  Bench bench;
  Source source;
  for (auto _ : state) {
    CHECK(io::RunSync(UploadTask(bench.store.get(), &source, 2000)).has_value());
  }
}
BENCHMARK(BM_SmallFile)->UseRealTime()->Unit(benchmark::kMicrosecond);

void BM_FloorSmallFile(benchmark::State& state) {
  const testing::TempFolder folder;
  const std::vector<std::byte> bytes = testing::RandomBytes(2000, 1);
  Result<std::unique_ptr<io::File>> file =
      io::Env::System().Open(folder.path() + "/file", io::OpenMode::kCreateTruncate);
  uint64_t at = 0;
  for (auto _ : state) {
    CHECK((*file)->WriteAt(at, bytes).ok());
    CHECK((*file)->SyncData().ok());
    at += bytes.size();
  }
}
BENCHMARK(BM_FloorSmallFile)->UseRealTime()->Unit(benchmark::kMicrosecond);

// Opening a folder with 300 packs, closed cleanly.
void BM_Open(benchmark::State& state) {
  Bench bench(size_t{256} << 10);
  Source source;
  CHECK(io::RunSync(UploadTask(bench.store.get(), &source, 350 * kMiB)).has_value());
  for (auto _ : state) {
    bench.store.reset();
    bench.store = OpenLocal({.folder = bench.folder.path(),
                             .env = &io::Env::System(),
                             .pool = &bench.pool,
                             .clock = &Clock::System()})
                      .value();
  }
  state.counters["packs"] = static_cast<double>(
      std::distance(std::filesystem::directory_iterator(bench.folder.path() + "/packs"), {}));
}
BENCHMARK(BM_Open)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stetig::blob
