#include <fmt/format.h>

#include <atomic>
#include <optional>

#include "api/routes.h"
#include "api/telemetry.h"
#include "base/log.h"
#include "commands.h"
#include "gauges.h"
#include "io/host.h"
#include "io/signals.h"
#include "io/tls.h"
#include "maintenance.h"
#include "open.h"
#include "plant.h"
#include "server.h"

namespace stetig::app {
namespace {

constexpr auto kDrain = std::chrono::seconds(20);

int Fail(const Status& status, std::string_view hint) {
  if (log::Logger::Default().json()) {
    LOG(kError, "the server cannot start", {"reason", status}, {"hint", hint});
  } else {
    fmt::print(stderr, "stetig up: {}\n{}\n", status.message(), hint);
  }
  return status.code() == Code::kInvalidArgument ? kWrongCommandLine : kFailed;
}

void SetUpLog(const UpOptions& options) {
  log::Format format = options.log_format == "text"   ? log::Format::kText
                       : options.log_format == "json" ? log::Format::kJson
                                                      : log::Format::kAuto;
  log::Logger::SetUp(log::ParseLevel(options.log_level).value_or(log::Level::kInfo), format);
}

Result<std::unique_ptr<http::Server>> Listen(Plant& plant, const UpOptions& options) {
  auto router = api::MakeRouter(*plant.context);
  plant.telemetry.emplace(plant.metrics, router);
  http::ServerOptions server{
      .host = options.host, .port = options.port, .hooks = api::MakeHooks(*plant.context)};
  server.hooks.after = [telemetry = &*plant.telemetry](const http::Exchange& exchange) {
    telemetry->Observe(exchange);
  };
  if (!options.tls_certificate.empty()) {
    ASSIGN_OR_RETURN(auto tls, io::TlsContext::Server(options.tls_certificate, options.tls_key));
    server.tls = std::move(tls);
  }
  return http::Server::Start(*plant.loops, std::move(router), std::move(server));
}

std::string HintFor(const Status& status, const UpOptions& options) {
  if (status.detail() == detail::kNoUser) {
    return fmt::format(
        "Add one first:  stetig user add NAME --role admin --data {}\nOr listen on this machine "
        "only:  stetig up --host 127.0.0.1",
        options.data);
  }
  if (status.detail() == detail::kLocked) {
    return "Another stetig serves this data folder. Stop it, or give another folder:  stetig up "
           "--data DIR";
  }
  if (status.code() == Code::kAlreadyExists) {
    return fmt::format("Give another port:  stetig up --port {}", options.port + 1);
  }
  return "Look closer with:  stetig doctor";
}

void Announce(const UpOptions& options, uint16_t port) {
  std::string_view scheme = options.tls_certificate.empty() ? "http" : "https";
  std::string host = options.host.contains(':') ? fmt::format("[{}]", options.host) : options.host;
  std::string url = fmt::format("{}://{}:{}", scheme, host, port);
  fmt::print(
      "stetig serves {}  (data in {})\nPoint a client at it:  export "
      "MLFLOW_TRACKING_URI={}\n",
      url, options.data, url);
  std::fflush(stdout);
  LOG(kInfo, "server started", {"url", url}, {"version", STETIG_VERSION}, {"data", options.data},
      {"store", WithoutPassword(StoreUrl(options))}, {"login", !IsLoopback(options.host)});
}

/// Until a signal comes or the data folder is lost; then everything in order. The exit code.
int Serve(Plant& plant, std::unique_ptr<http::Server> server) {
  std::atomic<bool> lost{false};
  std::optional<Maintenance> maintenance;
  maintenance.emplace(
      *plant.tracking, ManifestSources(*plant.tracking, *plant.planning), *plant.blobs, *plant.db,
      *plant.journal_key, [&plant] { return !plant.lock->StillAt(plant.lock_path); },
      [&lost] {
        lost = true;
        io::RaiseStopSignal();
      });
  std::string_view signal = io::WaitForStopSignal();
  LOG(kInfo, "server stops", {"signal", signal}, {"connections", server->stats().connections});
  io::ReleaseStopSignals();
  Status drained = server->Drain(kDrain);
  Status ended = maintenance->Stop();
  server.reset();
  plant.Stop();
  maintenance.reset();
  for (const Status& late : {drained, ended}) {
    if (!late.ok()) {
      LOG(kWarning, "the server did not end in time", {"reason", late});
    }
  }
  LOG(kInfo, "server stopped");
  return drained.ok() && !lost ? kDone : kFailed;
}

}  // namespace

int Up(const UpOptions& options) {
  io::HoldStopSignals();
  io::RaiseFileLimit();
  SetUpLog(options);
  Plant plant;
  Status built = plant.Build(options);
  if (!built.ok()) {
    return Fail(built, HintFor(built, options));
  }
  auto server = Listen(plant, options);
  if (!server) {
    return Fail(server.error(), HintFor(server.error(), options));
  }
  AddServerGauges(plant.metrics, **server);
  plant.loops->Start();
  Announce(options, (*server)->port());
  return Serve(plant, *std::move(server));
}

}  // namespace stetig::app
