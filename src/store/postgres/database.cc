#include "store/postgres/database.h"

#include <utility>

#include "store/internal/migrator.h"
#include "store/internal/readers.h"
#include "store/internal/topics.h"
#include "store/internal/writer.h"
#include "store/postgres/sessions.h"

namespace stetig::store::postgres {
namespace {

class ServerDatabase final : public Database {
 public:
  ServerDatabase(std::unique_ptr<Connector> connector, std::unique_ptr<Pipeline> writer,
                 const DatabaseOptions& options)
      : connector_(std::move(connector)),
        topics_(std::make_shared<Topics>()),
        writer_(std::make_unique<GroupWriter>(std::move(writer), *connector_), topics_, options),
        readers_(
            [connector = connector_.get()](Deadline deadline, bool after_loss) {
              return ConnectReader(*connector, deadline, after_loss);
            },
            options) {}

  Dialect dialect() const override { return Dialect::kPostgres; }
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
    stats.reconnects = connector_->reconnects();
    return stats;
  }

 private:
  static Result<std::unique_ptr<ReadConnection>> ConnectReader(Connector& connector,
                                                               Deadline deadline, bool after_loss) {
    ASSIGN_OR_RETURN(auto pipeline, connector.Connect(deadline, after_loss));
    return std::make_unique<Reader>(std::move(pipeline));
  }

  const std::unique_ptr<Connector> connector_;
  const std::shared_ptr<Topics> topics_;
  Writer writer_;
  Readers readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> OpenUrl(const std::string& url, const DatabaseOptions& options) {
  auto connector = std::make_unique<Connector>(url);
  ASSIGN_OR_RETURN(auto writer,
                   connector->Connect(After(Connector::kConnectLimit), /*after_loss=*/false));
  return std::make_unique<ServerDatabase>(std::move(connector), std::move(writer), options);
}

}  // namespace stetig::store::postgres
