#include "blob/testing/halting_env.h"

#include <cerrno>
#include <utility>

namespace stetig::blob::testing {

class HaltingEnv::Handle final : public io::File {
 public:
  Handle(HaltingEnv& env, std::unique_ptr<io::File> file, uint64_t epoch)
      : env_(env), file_(std::move(file)), epoch_(epoch) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> into) override {
    TRY(env_.Enter(/*changes=*/false, epoch_));
    return file_->ReadAt(offset, into);
  }
  Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) override {
    const bool before = env_.halted();
    Status entered = env_.Enter(/*changes=*/true, epoch_);
    if (!entered.ok() && !before && env_.halted()) {
      static_cast<void>(
          file_->WriteAt(offset, bytes.first(bytes.size() / 2)));  // killed within the write
    }
    return entered.ok() ? file_->WriteAt(offset, bytes) : entered;
  }
  Status Append(std::span<const std::byte> bytes) override {
    TRY(env_.Enter(/*changes=*/true, epoch_));
    return file_->Append(bytes);
  }
  Status Sync() override {
    TRY(env_.Enter(/*changes=*/true, epoch_));
    return file_->Sync();
  }
  Status SyncData() override {
    TRY(env_.Enter(/*changes=*/true, epoch_));
    return file_->SyncData();
  }
  Status Truncate(uint64_t size) override {
    TRY(env_.Enter(/*changes=*/true, epoch_));
    return file_->Truncate(size);
  }
  Result<uint64_t> Size() override {
    TRY(env_.Enter(/*changes=*/false, epoch_));
    return file_->Size();
  }
  Status Close() override {
    TRY(env_.Enter(/*changes=*/false, epoch_));
    return file_->Close();
  }

 private:
  HaltingEnv& env_;
  const std::unique_ptr<io::File> file_;
  const uint64_t epoch_;
};

void HaltingEnv::HaltAtCall(uint64_t n) {
  MutexLock lock(mutex_);
  halt_at_ = calls_ + n;
}

void HaltingEnv::Halt() {
  MutexLock lock(mutex_);
  halt_at_ = 0;
}

void HaltingEnv::Restart() {
  MutexLock lock(mutex_);
  halt_at_ = UINT64_MAX;
  ++epoch_;
}

bool HaltingEnv::halted() const {
  MutexLock lock(mutex_);
  return calls_ >= halt_at_;
}

void HaltingEnv::SetReadOnly(bool read_only) {
  MutexLock lock(mutex_);
  read_only_ = read_only;
}

uint64_t HaltingEnv::calls() const {
  MutexLock lock(mutex_);
  return calls_;
}

Status HaltingEnv::Enter(bool changes, uint64_t epoch) {
  MutexLock lock(mutex_);
  ++calls_;
  if (calls_ >= halt_at_ || epoch != epoch_) {
    return Err(Code::kUnavailable, "the process was killed (a fault of the test)");
  }
  return changes && read_only_ ? io::ErrnoStatus(EROFS, "change") : OkStatus();
}

Status HaltingEnv::Enter(bool changes) {
  uint64_t epoch = 0;
  {
    MutexLock lock(mutex_);
    epoch = epoch_;
  }
  return Enter(changes, epoch);
}

Result<std::unique_ptr<io::File>> HaltingEnv::Open(const std::string& path, io::OpenMode mode) {
  const bool makes = mode != io::OpenMode::kRead && mode != io::OpenMode::kReadWrite;
  TRY(Enter(makes));
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, base_.Open(path, mode));
  MutexLock lock(mutex_);
  return std::make_unique<Handle>(*this, std::move(file), epoch_);
}

Status HaltingEnv::Rename(const std::string& from, const std::string& to) {
  TRY(Enter(/*changes=*/true));
  return base_.Rename(from, to);
}

Status HaltingEnv::Remove(const std::string& path) {
  TRY(Enter(/*changes=*/true));
  return base_.Remove(path);
}

Status HaltingEnv::RemoveFolder(const std::string& path) {
  TRY(Enter(/*changes=*/true));
  return base_.RemoveFolder(path);
}

Status HaltingEnv::MakeFolders(const std::string& path) {
  TRY(Enter(/*changes=*/false));  // nothing changes when it is there
  return base_.MakeFolders(path);
}

Status HaltingEnv::SyncFolder(const std::string& path) {
  TRY(Enter(/*changes=*/true));
  return base_.SyncFolder(path);
}

Result<std::vector<io::FolderEntry>> HaltingEnv::List(const std::string& path) {
  TRY(Enter(/*changes=*/false));
  return base_.List(path);
}

Result<io::FileInfo> HaltingEnv::Stat(const std::string& path) {
  TRY(Enter(/*changes=*/false));
  return base_.Stat(path);
}

Result<io::Space> HaltingEnv::FreeSpace(const std::string& path) {
  TRY(Enter(/*changes=*/false));
  return base_.FreeSpace(path);
}

}  // namespace stetig::blob::testing
