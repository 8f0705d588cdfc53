#include "blob/local/local_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <utility>

#include "base/check.h"
#include "blob/local/collector.h"
#include "blob/local/core.h"
#include "blob/local/download.h"
#include "blob/local/upload.h"

namespace stetig::blob {
namespace {

constexpr size_t kMaxProblems = 100;

/// Adds what is wrong with one pack to the report. Blocking.
Status VerifyPack(PackFolder& folder, uint64_t pack, bool deep, VerifyReport& report) {
  const auto problem = [&](const Status& status) {
    if (report.problems.size() < kMaxProblems) {
      report.problems.push_back(fmt::format("pack {:016x}: {}", pack, status.message()));
    }
  };
  ++report.packs;
  if (Status index = folder.CheckPack(pack); !index.ok()) {
    problem(index);
  }
  ASSIGN_OR_RETURN(const std::vector<Record> records, folder.Records(pack));
  report.entries += records.size();
  for (const Record& record : records) {
    if (!deep) {
      break;
    }
    report.bytes += record.stored_length;
    if (const Result<std::vector<std::byte>> stored = folder.ReadStored(pack, record); !stored) {
      problem(stored.error());
    }
  }
  return OkStatus();
}

class LocalStore final : public Store {
 public:
  LocalStore(Core core, std::future<void> closed)
      : core_(std::move(core)), closed_(std::move(closed)) {}
  LocalStore(const LocalStore&) = delete;
  LocalStore& operator=(const LocalStore&) = delete;
  // Jobs of dropped transfers may still be running; whoever opens the folder next must not meet
  // them.
  ~LocalStore() override {
    core_ = Core{};
    closed_.wait();
  }

  Task<std::unique_ptr<Writer>> Create(std::optional<uint64_t> size_hint,
                                       Deadline deadline) override {
    auto share = co_await TransferBudget::Acquire(core_.budget, UploadShare(size_hint), deadline);
    ASSIGN_OR_CO_RETURN(Share taken, std::move(share));
    uploads_.fetch_add(1, std::memory_order_relaxed);
    co_return MakeUpload(core_, size_hint, std::move(taken));
  }

  Task<std::unique_ptr<Reader>> Open(ManifestId id, Deadline deadline) override {
    auto job = [folder = core_.folder, id] { return LoadManifest(*folder, id); };
    auto loaded = co_await io::Run(*core_.pool, std::move(job), deadline);
    ASSIGN_OR_CO_RETURN(NamedManifest named, std::move(loaded));
    auto share =
        co_await TransferBudget::Acquire(core_.budget, DownloadShare(named.file.size), deadline);
    ASSIGN_OR_CO_RETURN(Share taken, std::move(share));
    downloads_.fetch_add(1, std::memory_order_relaxed);
    co_return MakeDownload(core_, std::move(named), std::move(taken));
  }

  Task<FileRef> Stat(ManifestId id, Deadline deadline) override {
    auto job = [folder = core_.folder, id]() -> Result<FileRef> {
      ASSIGN_OR_RETURN(const NamedManifest named, LoadManifest(*folder, id));
      return named.file;
    };
    co_return co_await io::Run(*core_.pool, std::move(job), deadline);
  }

  Task<SweepReport> Sweep(RootSource* roots, SweepOptions options) override {
    if (sweeping_.exchange(true)) {
      co_return Err(Code::kFailedPrecondition, "a sweep is under way");
    }
    auto sweeper = std::make_shared<Sweeper>(*core_.folder, options, *core_.clock);
    Status swept = co_await RunSweep(roots, sweeper);
    sweeping_ = false;
    CO_TRY(std::move(swept));
    sweeps_.fetch_add(1, std::memory_order_relaxed);
    bytes_freed_.fetch_add(sweeper->report().bytes_freed, std::memory_order_relaxed);
    co_return sweeper->report();
  }

  Task<VerifyReport> Verify(bool deep) override {
    VerifyReport report;
    std::vector<uint64_t> packs = core_.folder->SealedPacks();
    if (const std::optional<uint64_t> growing = core_.folder->GrowingPack()) {
      packs.push_back(*growing);
    }
    for (const uint64_t pack : packs) {
      auto job = [folder = core_.folder, pack, deep, &report] {
        return VerifyPack(*folder, pack, deep, report);
      };
      Status verified = co_await io::Run(*core_.pool, std::move(job));
      // A pack that a sweep removed meanwhile is no damage.
      if (!verified.ok() && verified.code() != Code::kNotFound) {
        co_return Err(std::move(verified));
      }
    }
    co_return report;
  }

  StoreStats stats() const override {
    return {.uploads = uploads_.load(std::memory_order_relaxed),
            .downloads = downloads_.load(std::memory_order_relaxed),
            .sweeps = sweeps_.load(std::memory_order_relaxed),
            .bytes_freed = bytes_freed_.load(std::memory_order_relaxed),
            .packs = core_.folder->SealedPacks().size(),
            .transfer_bytes = core_.budget->free()};
  }

 private:
  // One job per page and per pack, so that transfers get their turns on the pool.
  Task<> RunSweep(RootSource* roots, std::shared_ptr<Sweeper> sweeper) {
    // Packs that are sealed later hold nothing that this sweep may judge: roots that name it may
    // have been read already.
    const std::vector<uint64_t> packs = core_.folder->SealedPacks();
    for (;;) {
      auto page = co_await roots->Next();
      CO_TRY(page);
      if (page->empty()) {
        break;
      }
      auto mark = [sweeper, names = *std::move(page)] { return sweeper->Mark(names); };
      Status marked = co_await io::Run(*core_.pool, std::move(mark));
      CO_TRY(std::move(marked));
    }
    for (const uint64_t pack : packs) {
      auto collect = [sweeper, pack] { return sweeper->Collect(pack); };
      Status collected = co_await io::Run(*core_.pool, std::move(collect));
      CO_TRY(std::move(collected));
    }
    co_return OkStatus();
  }

  Core core_;
  const std::future<void> closed_;
  std::atomic<bool> sweeping_ = false;
  std::atomic<uint64_t> uploads_{0};
  std::atomic<uint64_t> downloads_{0};
  std::atomic<uint64_t> sweeps_{0};
  std::atomic<uint64_t> bytes_freed_{0};
};

}  // namespace

Result<std::unique_ptr<Store>> OpenLocal(LocalOptions options) {
  CHECK(options.env != nullptr && options.pool != nullptr && options.clock != nullptr);
  ASSIGN_OR_RETURN(std::unique_ptr<PackFolder> opened,
                   PackFolder::Open(*options.env, options.folder, options.pack_bytes));
  std::promise<void> closing;
  std::future<void> closed = closing.get_future();
  const std::shared_ptr<PackFolder> folder(
      opened.release(), [closing = std::move(closing)](PackFolder* last) mutable {
        delete last;
        closing.set_value();
      });
  Core core{.folder = folder,
            .pool = options.pool,
            .clock = options.clock,
            .budget = std::make_shared<TransferBudget>(options.transfer_bytes),
            .gate = std::make_shared<SyncGate>(folder, *options.pool)};
  return std::make_unique<LocalStore>(std::move(core), std::move(closed));
}

}  // namespace stetig::blob
