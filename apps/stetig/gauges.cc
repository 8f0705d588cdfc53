#include "gauges.h"

#include <utility>

#include "base/log.h"
#include "io/host.h"

namespace stetig::app {
namespace {

using metrics::Registry;

/// Adds one number per call, read from what `read` gives.
template <class Source>
class From {
 public:
  From(Registry& registry, Source source) : registry_(registry), source_(std::move(source)) {}

  template <class Member>
  void Counter(std::string_view name, std::string_view help, Member member) {
    registry_.AddCounterFunction(
        name, help, [source = source_, member] { return static_cast<double>(source().*member); });
  }
  template <class Member>
  void Gauge(std::string_view name, std::string_view help, Member member) {
    registry_.AddGaugeFunction(
        name, help, [source = source_, member] { return static_cast<double>(source().*member); });
  }

 private:
  Registry& registry_;
  Source source_;
};

/// Sizes of groups: bucket i holds 2^i … 2^(i+1)-1, so its upper bound is 2^(i+1)-1.
metrics::Histogram::Reading GroupSizes(const store::DatabaseStats& stats) {
  metrics::Histogram::Reading reading;
  reading.counts.assign(stats.group_sizes.begin(), stats.group_sizes.end());
  for (uint64_t count : reading.counts) {
    reading.count += count;
  }
  reading.sum = static_cast<double>(stats.writes);
  return reading;
}

std::vector<double> GroupBounds() {
  std::vector<double> bounds;
  for (size_t i = 0; i + 1 < store::DatabaseStats{}.group_sizes.size(); ++i) {
    bounds.push_back(static_cast<double>((uint64_t{2} << i) - 1));
  }
  return bounds;
}

}  // namespace

void AddProcessGauges(Registry& registry) {
  // The names that Prometheus's own client libraries use.
  From usage(registry, [] { return io::GetProcessUsage(); });
  usage.Counter("process_cpu_seconds_total", "User and system CPU time.",
                &io::ProcessUsage::cpu_seconds);
  usage.Gauge("process_resident_memory_bytes", "Resident memory.",
              &io::ProcessUsage::resident_bytes);
  usage.Gauge("process_open_fds", "Open file descriptors.", &io::ProcessUsage::open_files);
  From limit(registry, [] { return io::GetFileLimit(); });
  limit.Gauge("process_max_fds", "Most open file descriptors.", &io::FileLimit::soft);
  const double start = static_cast<double>(Clock::System().Now().ms) / 1000;
  registry.AddGaugeFunction("process_start_time_seconds", "Start, seconds since the Unix epoch.",
                            [start] { return start; });
  registry
      .GetGauge("stetig_build_info", "Always 1; the version is a label.",
                {{"version", STETIG_VERSION}})
      .Set(1);
  registry.AddCounterFunction("stetig_log_lines_dropped_total",
                              "Lines of the log that nobody took in time.",
                              [] { return static_cast<double>(log::Logger::Default().dropped()); });
}

void AddStoreGauges(Registry& registry, const store::Database& db) {
  using Stats = store::DatabaseStats;
  From stats(registry, [&db] { return db.stats(); });
  stats.Counter("stetig_store_writes_total", "Writes committed.", &Stats::writes);
  stats.Counter("stetig_store_writes_failed_total", "Writes that ended in an error.",
                &Stats::writes_failed);
  stats.Counter("stetig_store_commits_total", "Group transactions committed.", &Stats::commits);
  stats.Counter("stetig_store_group_reruns_total", "Groups rolled back and run again.",
                &Stats::group_reruns);
  stats.Counter("stetig_store_reads_total", "Reads answered.", &Stats::reads);
  stats.Counter("stetig_store_reads_failed_total", "Reads that ended in an error.",
                &Stats::reads_failed);
  stats.Counter("stetig_store_reconnects_total", "Connections opened again after a loss.",
                &Stats::reconnects);
  stats.Counter("stetig_store_checkpoints_total", "Checkpoints of SQLite's log.",
                &Stats::checkpoints);
  stats.Counter("stetig_store_checkpoints_failed_total",
                "Checkpoints of SQLite's log that failed; the log grows.",
                &Stats::checkpoints_failed);
  stats.Gauge("stetig_store_wal_pages", "Pages in SQLite's log.", &Stats::wal_pages);
  stats.Gauge("stetig_store_write_queue", "Writes that wait.", &Stats::write_queue);
  stats.Gauge("stetig_store_read_queue", "Reads that wait.", &Stats::read_queue);
  registry.AddHistogramFunction("stetig_store_group_size", "Writes in one commit.", GroupBounds(),
                                [&db] { return GroupSizes(db.stats()); });
}

void AddBlobGauges(Registry& registry, const blob::Store& blobs) {
  using Stats = blob::StoreStats;
  From stats(registry, [&blobs] { return blobs.stats(); });
  stats.Counter("stetig_blob_uploads_total", "Uploads begun.", &Stats::uploads);
  stats.Counter("stetig_blob_downloads_total", "Downloads begun.", &Stats::downloads);
  stats.Counter("stetig_blob_sweeps_total", "Sweeps ended well.", &Stats::sweeps);
  stats.Counter("stetig_blob_freed_bytes_total", "Bytes that sweeps gave back.",
                &Stats::bytes_freed);
  stats.Gauge("stetig_blob_packs", "Sealed packs.", &Stats::packs);
  stats.Gauge("stetig_blob_transfer_free_bytes", "Memory for transfers that is not in use.",
              &Stats::transfer_bytes);
}

void AddServerGauges(Registry& registry, const http::Server& server) {
  using Stats = http::ServerStats;
  From stats(registry, [&server] { return server.stats(); });
  stats.Gauge("stetig_http_connections", "Open connections.", &Stats::connections);
  stats.Gauge("stetig_http_requests_in_flight", "Handlers running.", &Stats::requests_in_flight);
  stats.Gauge("stetig_http_event_streams", "Open event streams.", &Stats::event_streams);
  stats.Counter("stetig_http_connections_total", "Connections accepted.", &Stats::accepted);
  stats.Counter("stetig_http_refused_total",
                "Connections and requests turned away by a limit of the server.", &Stats::refused);
  stats.Counter("stetig_http_requests_total", "Requests begun.", &Stats::requests);
}

}  // namespace stetig::app
