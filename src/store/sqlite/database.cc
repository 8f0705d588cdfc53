#include "store/sqlite/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "io/file.h"
#include "io/lock.h"
#include "store/internal/migrator.h"
#include "store/internal/readers.h"
#include "store/internal/topics.h"
#include "store/internal/writer.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/sessions.h"

namespace stetig::store::sqlite {
namespace {

constexpr int kWriterCacheKib = 8'192;
constexpr int kReaderCacheKib = 2'048;
constexpr int64_t kReaderMappedBytes = int64_t{256} << 20;
// A log that a burst has made longer is cut to this when it begins anew.
constexpr int64_t kKeptLogBytes = int64_t{32} << 20;
// "stet" as SQLite's application id: tells our files from other programs'.
constexpr int64_t kApplicationId = 0x73746574;

// SQLite would make the file with the umask's permissions; its log files take over those of the
// file.
Status MakeFile(const std::string& path, bool create) {
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
  if (file >= 0) {
    close(file);
    return OkStatus();
  }
  if (errno == EROFS || errno == EACCES || errno == EPERM) {
    return Err(Code::kFailedPrecondition, "the database file cannot be written", detail::kReadOnly);
  }
  return io::ErrnoStatus(errno, "open the database file");
}

Status CheckOwner(Connection& connection) {
  ASSIGN_OR_RETURN(const int64_t id, connection.QueryInt("PRAGMA application_id"));
  if (id == kApplicationId) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const int64_t tables, connection.QueryInt("SELECT count(*) FROM sqlite_schema"));
  if (id != 0 || tables != 0) {
    return Err(Code::kFailedPrecondition, "the database file belongs to another program",
               detail::kForeignFile);
  }
  return connection.Execute(fmt::format("PRAGMA application_id={}", kApplicationId).c_str());
}

Result<std::unique_ptr<Connection>> OpenForWriting(const std::string& path) {
  ASSIGN_OR_RETURN(auto connection, Connection::Open(path, {.cache_kib = kWriterCacheKib}));
  TRY(CheckOwner(*connection));
  ASSIGN_OR_RETURN(const std::string mode, connection->QueryText("PRAGMA journal_mode=WAL"));
  if (mode != "wal") {
    return Err(
        Code::kFailedPrecondition,
        fmt::format("the file system cannot keep a write-ahead log, SQLite offers \"{}\"", mode));
  }
  TRY(connection->Execute("PRAGMA wal_autocheckpoint=0"));
  TRY(connection->Execute(fmt::format("PRAGMA journal_size_limit={}", kKeptLogBytes).c_str()));
  return connection;
}

class FileDatabase final : public Database {
 public:
  FileDatabase(std::optional<io::FileLock> lock, const std::string& path,
               std::unique_ptr<Connection> writer, const DatabaseOptions& options)
      : lock_(std::move(lock)),
        checkpointer_(path),
        topics_(std::make_shared<Topics>()),
        writer_(std::make_unique<GroupWriter>(std::move(writer),
                                              [this](Connection& connection, int pages) {
                                                checkpointer_.AfterGroup(connection, pages);
                                              }),
                topics_, options),
        readers_([path](Deadline, bool) { return OpenReader(path); }, options) {}

  Dialect dialect() const override { return Dialect::kSqlite; }
  Status Migrate(std::span<const Migration> migrations) override {
    return RunMigrations(*this, migrations);
  }
  void SubmitWrite(WriteFn run, DoneFn done, Deadline deadline) override {
    writer_.Submit(std::move(run), std::move(done), deadline);
  }
  void SubmitRead(ReadFn run, DoneFn done, Deadline deadline) override {
    readers_.Submit(std::move(run), std::move(done), deadline);
  }
  Listener Listen(const Topic& topic, std::function<void()> wake) override {
    return topics_->Listen(topic, std::move(wake));
  }

  DatabaseStats stats() const override {
    DatabaseStats stats;
    writer_.AddTo(stats);
    readers_.AddTo(stats);
    checkpointer_.AddTo(stats);
    return stats;
  }

 private:
  static Result<std::unique_ptr<ReadConnection>> OpenReader(const std::string& path) {
    ASSIGN_OR_RETURN(auto connection, Connection::Open(path, {.read_only = true,
                                                              .cache_kib = kReaderCacheKib,
                                                              .mapped_bytes = kReaderMappedBytes}));
    return std::make_unique<Reader>(std::move(connection));
  }

  // Destroyed from the last to the first: a connection that may write closes last and takes the log
  // away with it.
  const std::optional<io::FileLock> lock_;
  Checkpointer checkpointer_;
  const std::shared_ptr<Topics> topics_;
  Writer writer_;
  Readers readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> OpenFile(const std::string& path,
                                           const DatabaseOptions& options) {
  std::optional<io::FileLock> lock;
  if (options.exclusive) {
    ASSIGN_OR_RETURN(lock, io::FileLock::Take(path + ".lock", "the database"));
  }
  TRY(MakeFile(path, options.create));
  ASSIGN_OR_RETURN(auto writer, OpenForWriting(path));
  return std::make_unique<FileDatabase>(std::move(lock), path, std::move(writer), options);
}

}  // namespace stetig::store::sqlite
