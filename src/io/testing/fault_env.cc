#include "io/testing/fault_env.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace stetig::io::testing {
namespace {

constexpr size_t kBlock = 512;

std::string Clean(std::string path) {
  while (path.size() > 1 && path.back() == '/') {
    path.pop_back();
  }
  return path;
}

}  // namespace

/// An open file of a FaultEnv.
class FaultFile final : public File {
 public:
  FaultFile(FaultEnv* env, FaultEnv::NodePtr node, uint64_t epoch, bool writable)
      : env_(env), node_(std::move(node)), epoch_(epoch), writable_(writable) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> into) override {
    TRY(CheckOpen());
    MutexLock lock(env_->mutex_);
    TRY(env_->CheckEpoch(epoch_));
    const std::string& content = node_->cached;
    if (offset >= content.size()) {
      return size_t{0};
    }
    return content.copy(reinterpret_cast<char*>(into.data()), into.size(), offset);
  }
  Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) override {
    TRY(CheckWritable());
    return env_->Write(*node_, epoch_, offset, bytes);
  }
  Status Append(std::span<const std::byte> bytes) override {
    TRY(CheckWritable());
    return env_->Write(*node_, epoch_, UINT64_MAX, bytes);
  }
  Status Sync() override {
    TRY(CheckOpen());
    return env_->Sync(*node_, epoch_);
  }
  Status SyncData() override { return Sync(); }
  Status Truncate(uint64_t size) override {
    TRY(CheckWritable());
    return env_->Truncate(*node_, epoch_, size);
  }
  Result<uint64_t> Size() override {
    TRY(CheckOpen());
    MutexLock lock(env_->mutex_);
    TRY(env_->CheckEpoch(epoch_));
    return uint64_t{node_->cached.size()};
  }
  Status Close() override {
    TRY(CheckOpen());
    open_ = false;
    return OkStatus();
  }

 private:
  Status CheckOpen() const { return open_ ? OkStatus() : ErrnoStatus(EBADF, "closed file"); }
  Status CheckWritable() const {
    TRY(CheckOpen());
    return writable_ ? OkStatus() : ErrnoStatus(EBADF, "write to a file opened for reading");
  }

  FaultEnv* env_;
  FaultEnv::NodePtr node_;
  uint64_t epoch_;
  bool writable_;
  bool open_ = true;
};

FaultEnv::FaultEnv() {
  for (const char* root : {".", "/"}) {
    names_[root] = nullptr;
    durable_names_[root] = nullptr;
  }
}

void FaultEnv::FailCall(uint64_t n, Status error) {
  MutexLock lock(mutex_);
  failures_[calls_ + n] = std::move(error);
}

uint64_t FaultEnv::calls() const {
  MutexLock lock(mutex_);
  return calls_;
}

void FaultEnv::LimitSpace(uint64_t bytes) {
  MutexLock lock(mutex_);
  space_ = bytes;
}

Status FaultEnv::Count() {
  auto it = failures_.find(calls_++);
  if (it == failures_.end()) {
    return OkStatus();
  }
  Status error = std::move(it->second);
  failures_.erase(it);
  return error;
}

Status FaultEnv::CheckEpoch(uint64_t epoch) const {
  return epoch == epoch_ ? OkStatus() : ErrnoStatus(EIO, "file of before the power cut");
}

Status FaultEnv::CheckSpace(uint64_t more) {
  uint64_t used = 0;
  for (const auto& [path, node] : names_) {
    used += node ? node->cached.size() : 0;
  }
  return used + more <= space_ ? OkStatus() : ErrnoStatus(ENOSPC, "write");
}

bool FaultEnv::IsFolder(const std::string& path) const {
  auto it = names_.find(path);
  return it != names_.end() && it->second == nullptr;
}

void FaultEnv::Apply(std::string& content, const Change& change) {
  if (change.truncate) {
    content.resize(change.at);
    return;
  }
  if (content.size() < change.at + change.bytes.size()) {
    content.resize(change.at + change.bytes.size());
  }
  content.replace(change.at, change.bytes.size(), change.bytes);
}

Status FaultEnv::Write(Node& node, uint64_t epoch, uint64_t at, std::span<const std::byte> bytes) {
  MutexLock lock(mutex_);
  TRY(CheckEpoch(epoch));
  TRY(Count());
  at = at == UINT64_MAX ? node.cached.size() : at;
  const uint64_t end = at + bytes.size();
  TRY(CheckSpace(end > node.cached.size() ? end - node.cached.size() : 0));
  Change change{.at = at,
                .bytes = std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())};
  Apply(node.cached, change);
  node.unsynced.push_back(std::move(change));
  return OkStatus();
}

Status FaultEnv::Truncate(Node& node, uint64_t epoch, uint64_t size) {
  MutexLock lock(mutex_);
  TRY(CheckEpoch(epoch));
  TRY(Count());
  Change change{.at = size, .truncate = true};
  Apply(node.cached, change);
  node.unsynced.push_back(std::move(change));
  return OkStatus();
}

Status FaultEnv::Sync(Node& node, uint64_t epoch) {
  MutexLock lock(mutex_);
  TRY(CheckEpoch(epoch));
  TRY(Count());
  node.durable = node.cached;
  node.unsynced.clear();
  return OkStatus();
}

void FaultEnv::PowerCut(std::optional<uint64_t> seed) {
  MutexLock lock(mutex_);
  std::mt19937_64 random(seed.value_or(0));
  std::set<Node*> done;
  for (auto& [path, node] : durable_names_) {
    if (node == nullptr || !done.insert(node.get()).second) {
      continue;
    }
    for (size_t i = 0; seed && i < node->unsynced.size(); ++i) {
      Change change = node->unsynced[i];
      if (random() % 2 == 0) {
        continue;
      }
      if (i + 1 == node->unsynced.size() && !change.truncate && !change.bytes.empty()) {
        // Torn: whole blocks only, the rest as it was.
        const uint64_t blocks = (change.bytes.size() + kBlock - 1) / kBlock;
        change.bytes.resize(
            std::min<uint64_t>(change.bytes.size(), random() % (blocks + 1) * kBlock));
      }
      Apply(node->durable, change);
    }
    node->cached = node->durable;
    node->unsynced.clear();
  }
  names_ = durable_names_;
  ++epoch_;
}

void FaultEnv::FlipBit(const std::string& path, uint64_t bit) {
  MutexLock lock(mutex_);
  Node& node = *names_.at(Clean(path));
  CHECK(bit / 8 < node.cached.size());
  const auto flip = [&](std::string& content) {
    if (bit / 8 < content.size()) {
      content[bit / 8] = static_cast<char>(content[bit / 8] ^ (1 << (bit % 8)));
    }
  };
  flip(node.cached);
  flip(node.durable);
}

Result<std::unique_ptr<File>> FaultEnv::Open(const std::string& raw_path, OpenMode mode) {
  const std::string path = Clean(raw_path);
  MutexLock lock(mutex_);
  auto it = names_.find(path);
  const bool exists = it != names_.end();
  if (exists && it->second == nullptr) {
    return Err(ErrnoStatus(EISDIR, "open"));
  }
  if (!exists && (mode == OpenMode::kRead || mode == OpenMode::kReadWrite)) {
    return Err(ErrnoStatus(ENOENT, "open"));
  }
  if (exists && mode == OpenMode::kCreateNew) {
    return Err(ErrnoStatus(EEXIST, "open"));
  }
  NodePtr node = exists ? it->second : nullptr;
  if (!exists) {
    if (!IsFolder(FolderOf(path))) {
      return Err(ErrnoStatus(ENOENT, "open"));
    }
    TRY(Count());
    node = std::make_shared<Node>();
    names_[path] = node;
  } else if (mode == OpenMode::kCreateTruncate) {
    TRY(Count());
    Change change{.at = 0, .truncate = true};
    Apply(node->cached, change);
    node->unsynced.push_back(std::move(change));
  }
  return std::make_unique<FaultFile>(this, std::move(node), epoch_, mode != OpenMode::kRead);
}

Status FaultEnv::Rename(const std::string& raw_from, const std::string& raw_to) {
  const std::string from = Clean(raw_from);
  const std::string to = Clean(raw_to);
  MutexLock lock(mutex_);
  auto it = names_.find(from);
  if (it == names_.end() || !IsFolder(FolderOf(to))) {
    return ErrnoStatus(ENOENT, "rename");
  }
  if (it->second == nullptr || IsFolder(to)) {
    return ErrnoStatus(EISDIR, "rename");  // folders are not renamed by this program
  }
  TRY(Count());
  NodePtr node = it->second;
  names_.erase(it);
  names_[to] = std::move(node);
  return OkStatus();
}

Status FaultEnv::Remove(const std::string& raw_path) {
  MutexLock lock(mutex_);
  auto it = names_.find(Clean(raw_path));
  if (it == names_.end()) {
    return ErrnoStatus(ENOENT, "remove");
  }
  if (it->second == nullptr) {
    return ErrnoStatus(EISDIR, "remove");
  }
  TRY(Count());
  names_.erase(it);
  return OkStatus();
}

Status FaultEnv::RemoveFolder(const std::string& raw_path) {
  const std::string path = Clean(raw_path);
  MutexLock lock(mutex_);
  if (!IsFolder(path)) {
    return ErrnoStatus(names_.contains(path) ? ENOTDIR : ENOENT, "remove folder");
  }
  auto next = std::find_if(names_.begin(), names_.end(), [&](const auto& entry) {
    return entry.first != path && FolderOf(entry.first) == path;
  });
  if (next != names_.end()) {
    return ErrnoStatus(ENOTEMPTY, "remove folder");
  }
  TRY(Count());
  names_.erase(path);
  return OkStatus();
}

Status FaultEnv::MakeFolders(const std::string& raw_path) {
  const std::string path = Clean(raw_path);
  {
    MutexLock lock(mutex_);
    if (auto it = names_.find(path); it != names_.end()) {
      return it->second == nullptr ? OkStatus() : ErrnoStatus(ENOTDIR, "make folder");
    }
  }
  TRY(MakeFolders(FolderOf(path)));
  MutexLock lock(mutex_);
  TRY(Count());
  names_[path] = nullptr;
  durable_names_[path] = nullptr;
  return OkStatus();
}

Status FaultEnv::SyncFolder(const std::string& raw_path) {
  const std::string path = Clean(raw_path);
  MutexLock lock(mutex_);
  if (!IsFolder(path)) {
    return ErrnoStatus(ENOENT, "open folder");
  }
  TRY(Count());
  const auto inside = [&](const auto& entry) {
    return entry.first != path && FolderOf(entry.first) == path;
  };
  std::erase_if(durable_names_, inside);
  for (const auto& entry : names_) {
    if (inside(entry)) {
      durable_names_.insert(entry);
    }
  }
  return OkStatus();
}

Result<std::vector<FolderEntry>> FaultEnv::List(const std::string& raw_path) {
  const std::string path = Clean(raw_path);
  MutexLock lock(mutex_);
  if (!IsFolder(path)) {
    return Err(ErrnoStatus(ENOENT, "open folder"));
  }
  std::vector<FolderEntry> entries;
  for (const auto& [name, node] : names_) {
    if (name != path && FolderOf(name) == path && name != "/" && name != ".") {
      const size_t slash = name.rfind('/');
      entries.push_back({.name = slash == std::string::npos ? name : name.substr(slash + 1),
                         .kind = node ? FileInfo::Kind::kFile : FileInfo::Kind::kFolder});
    }
  }
  return entries;
}

Result<FileInfo> FaultEnv::Stat(const std::string& path) {
  MutexLock lock(mutex_);
  auto it = names_.find(Clean(path));
  if (it == names_.end()) {
    return Err(ErrnoStatus(ENOENT, "stat"));
  }
  FileInfo info;
  info.kind = it->second ? FileInfo::Kind::kFile : FileInfo::Kind::kFolder;
  info.size = it->second ? it->second->cached.size() : 0;
  return info;
}

Result<Space> FaultEnv::FreeSpace(const std::string& path) {
  TRY(Stat(path));
  MutexLock lock(mutex_);
  uint64_t used = 0;
  for (const auto& [name, node] : names_) {
    used += node ? node->cached.size() : 0;
  }
  const uint64_t total = std::min<uint64_t>(space_, uint64_t{1} << 40);
  return Space{.total = total, .available = total - std::min(total, used)};
}

}  // namespace stetig::io::testing
