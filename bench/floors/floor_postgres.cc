// floor-postgres PORT URL ROWS: all requests of one epoll round are ROWS rows each of one
// transaction, sent as one libpq pipeline.
#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "floors/epoll_server.h"

namespace {

void Fail(PGconn* connection) {
  std::fprintf(stderr, "floor_postgres: %s\n", PQerrorMessage(connection));
  std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
}

void Drain(PGconn* connection, int results) {
  for (int seen = 0; seen < results;) {
    PGresult* result = PQgetResult(connection);
    if (result == nullptr) {
      continue;
    }
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR || status == PGRES_PIPELINE_ABORTED) {
      Fail(connection);
    }
    ++seen;
    PQclear(result);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: floor_postgres PORT URL ROWS\n");
    return 2;
  }
  PGconn* connection = PQconnectdb(argv[2]);
  if (PQstatus(connection) != CONNECTION_OK) {
    Fail(connection);
  }
  PQclear(PQexec(connection,
                 "CREATE TABLE IF NOT EXISTS floor_points (id bigserial PRIMARY KEY, run text, key "
                 "text, value float8, time bigint, step bigint)"));
  PQclear(PQprepare(connection, "add",
                    "INSERT INTO floor_points (run, key, value, time, step) VALUES ($1, 'loss', "
                    "0.5, 1700000000000, 1)",
                    1, nullptr));
  if (PQenterPipelineMode(connection) != 1) {
    Fail(connection);
  }
  const int rows = std::atoi(argv[3]);
  const std::string answer = floors::Answer("{}");
  const char* values[] = {"0123456789abcdef0123456789abcdef"};
  floors::Serve(static_cast<uint16_t>(std::atoi(argv[1])),
                [&](const std::vector<floors::Request>& requests) -> const std::string& {
                  int sent = 3;  // BEGIN, COMMIT and the sync
                  PQsendQueryParams(connection, "BEGIN", 0, nullptr, nullptr, nullptr, nullptr, 0);
                  for (size_t i = 0; i < requests.size(); ++i) {
                    for (int row = 0; row < rows; ++row, ++sent) {
                      PQsendQueryPrepared(connection, "add", 1, values, nullptr, nullptr, 0);
                    }
                  }
                  PQsendQueryParams(connection, "COMMIT", 0, nullptr, nullptr, nullptr, nullptr, 0);
                  PQpipelineSync(connection);
                  Drain(connection, sent);
                  return answer;
                });
}
