#include "blob/local/upload.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "blob/local/countdown.h"
#include "blob/local/file_builder.h"

namespace stetig::blob {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;
constexpr size_t kSmallestBuffer = size_t{4} << 10;
// So much may gather before it is brought to the disk while more arrives.
constexpr uint64_t kSyncAhead = uint64_t{8} << 20;

size_t BufferBytes(std::optional<uint64_t> size_hint) {
  // One byte more than the file, so that its end is seen without a second buffer.
  const uint64_t wanted = size_hint.value_or(kBufferBytes);
  return static_cast<size_t>(std::clamp<uint64_t>(wanted < kBufferBytes ? wanted + 1 : wanted,
                                                  kSmallestBuffer, kBufferBytes));
}

/// Bytes with room before them for the chunk that began earlier.
class Buffer {
 public:
  explicit Buffer(size_t size)
      : memory_(std::make_unique_for_overwrite<std::byte[]>(FileBuilder::kHeadroom + size)),
        size_(size) {}
  std::span<std::byte> room() {
    return {memory_.get() + FileBuilder::kHeadroom + filled_, size_ - filled_};
  }
  std::span<std::byte> data() { return {memory_.get() + FileBuilder::kHeadroom, filled_}; }
  void Commit(size_t size) { filled_ += size; }
  void Clear() { filled_ = 0; }

 private:
  std::unique_ptr<std::byte[]> memory_;
  size_t size_;
  size_t filled_ = 0;
};

/// What jobs on the pool work on; kept alive by them when the upload is dropped.
struct Work {
  explicit Work(const Core& shared) : core(shared), builder(shared.folder) {}
  Core core;
  Share share;
  FileBuilder builder;
};

/// What the folder may not do or does not find is not the uploader's fault: to him the disk fails.
Status FaultOfTheDisk(Status status) {
  switch (status.code()) {
    case Code::kPermissionDenied:
    case Code::kNotFound:
    case Code::kFailedPrecondition:
      return Err(Code::kUnavailable, std::string(status.message()), std::string(status.detail()));
    default:
      return status;
  }
}

class Upload final : public Writer {
 public:
  Upload(const Core& core, std::optional<uint64_t> size_hint, Share share)
      : buffer_bytes_(BufferBytes(size_hint)), work_(std::make_shared<Work>(core)) {
    work_->share = std::move(share);
  }

  Task<std::span<std::byte>> Reserve() override {
    CO_TRY(failed_);
    if (filling_ == nullptr) {
      filling_ = std::make_shared<Buffer>(buffer_bytes_);
    }
    if (filling_->room().empty()) {
      Status before = co_await TakeBack();
      failed_ = FaultOfTheDisk(std::move(before));
      CO_TRY(failed_);
      Dispatch();
      filling_ = spare_ != nullptr ? std::move(spare_) : std::make_shared<Buffer>(buffer_bytes_);
    }
    co_return filling_->room();
  }

  void Commit(size_t size) override {
    CHECK(filling_ != nullptr && size <= filling_->room().size());
    filling_->Commit(size);
  }

  Task<FileRef> Finish() override {
    CO_TRY(failed_);
    Status before = co_await TakeBack();
    failed_ = Err(Code::kFailedPrecondition, "the upload is finished");
    CO_TRY(FaultOfTheDisk(std::move(before)));
    auto job = [work = work_, last = filling_]() -> Result<FileRef> {
      if (last != nullptr) {
        work->builder.Hash(last->data());
        TRY(work->builder.Chunk(last->data()));
      }
      return work->builder.Finish();
    };
    Result<FileRef> finished = co_await io::Run(*work_->core.pool, std::move(job));
    if (!finished) {
      co_return Err(FaultOfTheDisk(std::move(finished).error()));
    }
    std::shared_ptr<SyncGate> gate = work_->core.gate;
    Status synced = co_await SyncGate::Wait(std::move(gate));
    CO_TRY(FaultOfTheDisk(std::move(synced)));
    CO_TRY(work_->builder.CheckIntact());
    co_return finished;
  }

 private:
  /// Waits for the buffer that the pool works on and keeps it for filling.
  Task<> TakeBack() {
    if (working_ == nullptr) {
      co_return OkStatus();
    }
    std::shared_ptr<Countdown> pending = std::move(pending_);
    Status status = co_await Countdown::Wait(std::move(pending));
    spare_ = std::exchange(working_, nullptr);
    spare_->Clear();
    co_return status;
  }

  /// Hands the full buffer to the pool: digest and chunks are independent, so both cores may work
  /// on it.
  void Dispatch() {
    working_ = std::exchange(filling_, nullptr);
    pending_ = std::make_shared<Countdown>(2);
    Submit([work = work_, buffer = working_]() -> Status {
      work->builder.Hash(buffer->data());
      return OkStatus();
    });
    Submit([work = work_, buffer = working_]() -> Status {
      TRY(work->builder.Chunk(buffer->data()));
      if (work->core.folder->unsynced() >= kSyncAhead) {
        work->core.gate->Start();
      }
      return work->core.folder->Maintain();
    });
  }

  template <class Job>
  void Submit(Job job) {
    std::shared_ptr<Countdown> pending = pending_;
    Status submitted =
        work_->core.pool->Submit([job = std::move(job), pending](Status admitted) mutable {
          pending->Complete(admitted.ok() ? job() : std::move(admitted));
        });
    if (!submitted.ok()) {
      pending->Complete(std::move(submitted));
    }
  }

  const size_t buffer_bytes_;
  const std::shared_ptr<Work> work_;
  std::shared_ptr<Buffer> filling_;
  std::shared_ptr<Buffer> working_;
  std::shared_ptr<Buffer> spare_;
  std::shared_ptr<Countdown> pending_;
  Status failed_;
};

}  // namespace

size_t UploadShare(std::optional<uint64_t> size_hint) {
  const size_t buffer = BufferBytes(size_hint);
  const size_t buffers = size_hint.value_or(UINT64_MAX) < buffer ? 1 : 2;
  return buffers * (buffer + FileBuilder::kHeadroom);
}

std::unique_ptr<Writer> MakeUpload(const Core& core, std::optional<uint64_t> size_hint,
                                   Share share) {
  return std::make_unique<Upload>(core, size_hint, std::move(share));
}

}  // namespace stetig::blob
