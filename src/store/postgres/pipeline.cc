#include "store/postgres/pipeline.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "store/internal/text.h"
#include "store/postgres/libpq.h"

namespace stetig::store::postgres {
namespace {

constexpr std::string_view kLost = "the connection to the database was lost";
constexpr int kOldestServer = 140'000;

// One round trip: what must hold, what is set, and the writers' lock. A server whose commits do not
// wait for the disk gets ours to wait. A server looks after each other second whether we are still
// there, so a query that we gave up does not run for long.
constexpr Statement kSetUp{
    "SELECT hashtextextended('stetig writer ' || current_schema(), 0), "
    "current_setting('server_encoding'), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN "
    "'on' ELSE "
    "current_setting('synchronous_commit') END, false), set_config('jit', 'off', false), "
    "set_config('client_connection_check_interval', '2s', false)"};

bool StartsWith(std::string_view text, std::string_view start) { return text.starts_with(start); }

Code CodeOf(std::string_view state) {
  if (state == "23505") return Code::kAlreadyExists;
  if (state == "23502" || state == "42804" || StartsWith(state, "22"))
    return Code::kInvalidArgument;
  if (StartsWith(state, "23") || state == "P0001" || state == "25006" || state == "42501")
    return Code::kFailedPrecondition;
  if (state == "57014") return Code::kDeadlineExceeded;
  if (state == "53300" || StartsWith(state, "08") || StartsWith(state, "57") ||
      StartsWith(state, "58") || StartsWith(state, "40")) {
    return Code::kUnavailable;
  }
  if (StartsWith(state, "53")) return Code::kResourceExhausted;
  if (state == "XX001" || state == "XX002") return Code::kDataLoss;
  return Code::kInternal;
}

std::string_view StateOf(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state == nullptr ? std::string_view() : std::string_view(state);
}

Status ErrorOf(const PGresult* result) {
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string_view state = StateOf(result);
  return Err(CodeOf(state),
             fmt::format("{} ({})", message == nullptr ? "no message" : message,
                         state.empty() ? "no code" : state),
             state == "53100" ? detail::kDiskFull : "");
}

// The server says goodbye: shutdown, crash of a neighbour, starting up.
bool EndsConnection(std::string_view state) {
  return StartsWith(state, "57P") || (StartsWith(state, "08") && state != "08P01");
}

// The highest n of "$n" outside of quotes. The server would take more parameters than the text has.
size_t CountParameters(std::string_view sql) {
  size_t highest = 0;
  bool quoted = false;
  for (size_t i = 0; i < sql.size(); ++i) {
    quoted ^= sql[i] == '\'';
    size_t number = 0;
    for (size_t k = i + 1;
         sql[i] == '$' && !quoted && k < sql.size() && sql[k] >= '0' && sql[k] <= '9'; ++k) {
      number = number * 10 + static_cast<size_t>(sql[k] - '0');
    }
    highest = std::max(highest, number);
  }
  return highest;
}

int MillisecondsUntil(Deadline deadline) {
  if (deadline == Deadline::max()) {
    return -1;
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1'000'000));
}

// False: `deadline` passed.
bool PollOnce(int socket, short events, Deadline deadline) {
  while (true) {
    pollfd ready{.fd = socket, .events = events, .revents = 0};
    const int count = poll(&ready, 1, MillisecondsUntil(deadline));
    if (count > 0) {
      return true;
    }
    if (count == 0 || errno != EINTR) {
      return false;
    }
  }
}

std::string TrimmedMessage(PGconn* connection) {
  std::string_view message = PQerrorMessage(connection);
  message = message.substr(0, message.find_last_not_of(" \n") + 1);
  std::string line(message);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

}  // namespace

Result<std::unique_ptr<Pipeline>> Pipeline::Connect(const std::string& url, Deadline deadline) {
  if (!LibpqIsThere()) {
    return Err(
        Code::kFailedPrecondition,
        "libpq.so.5 is not installed, expected it for a PostgreSQL store: apt install libpq5");
  }
  const char* const keywords[] = {"dbname", "client_encoding", "fallback_application_name",
                                  nullptr};
  const char* const values[] = {url.c_str(), "UTF8", "stetig", nullptr};
  PGconn* raw = PQconnectStartParams(keywords, values, /*expand_dbname=*/1);
  if (raw == nullptr) {
    return Err(Code::kResourceExhausted, "no memory for a connection to the database");
  }
  std::unique_ptr<Pipeline> pipeline(new Pipeline(raw));
  pipeline->deadline_ = deadline;
  TRY(pipeline->FinishConnecting());
  TRY(pipeline->SetUp());
  pipeline->deadline_ = Deadline::max();
  return pipeline;
}

Pipeline::~Pipeline() = default;

Status Pipeline::FinishConnecting() {
  PGconn* connection = connection_.get();
  PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
  while (PQstatus(connection) != CONNECTION_BAD && wanted != PGRES_POLLING_OK &&
         wanted != PGRES_POLLING_FAILED) {
    if (!PollOnce(PQsocket(connection), wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                  deadline_)) {
      return Err(Code::kUnavailable, "the database server did not answer in time");
    }
    wanted = PQconnectPoll(connection);
  }
  if (PQstatus(connection) != CONNECTION_OK) {
    const std::string why = TrimmedMessage(connection);
    // libpq passes on no SQLSTATE of a refused start, only the server's words.
    const bool missing = why.contains("database \"") && why.contains("does not exist");
    return Err(Code::kUnavailable, fmt::format("no connection to the database: {}", why),
               missing ? detail::kNoDatabase : "");
  }
  if (PQserverVersion(connection) < kOldestServer) {
    return Err(Code::kFailedPrecondition,
               fmt::format("the database server has version {}, expected 14 or newer",
                           PQserverVersion(connection) / 10'000));
  }
  PQsetNoticeReceiver(connection, &Pipeline::OnNotice, this);
  CHECK(PQsetnonblocking(connection, 1) == 0);
  CHECK(PQenterPipelineMode(connection) == 1);
  return OkStatus();
}

void Pipeline::OnNotice(void* self, const PGresult* notice) {
  if (EndsConnection(StateOf(notice))) {
    static_cast<Pipeline*>(self)->lost_ = true;
  }
}

Status Pipeline::SetUp() {
  std::string encoding;
  TRY(Queue(kSetUp, {}, [&](const PGresult* result) {
    const PgRow row(result, 0);
    writer_lock_ = row.Int(0);
    encoding = row.Text(1);
    return OkStatus();
  }));
  TRY(Flush());
  if (encoding != "UTF8") {
    return Err(Code::kFailedPrecondition,
               fmt::format("the database has encoding {}, expected UTF8", encoding));
  }
  return OkStatus();
}

Status Pipeline::Lose(std::string_view why) {
  lost_ = true;
  return Err(Code::kUnavailable, std::string(why));
}

bool Pipeline::CheckAlive() {
  // A server that goes says so, which libpq takes for a notice, and closes a little later.
  while (!lost_) {
    char byte = 0;
    const ssize_t waiting = recv(PQsocket(connection_.get()), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (waiting < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      break;
    }
    if (waiting <= 0 || PQconsumeInput(connection_.get()) == 0) {
      lost_ = true;
    } else {
      static_cast<void>(PQisBusy(connection_.get()));  // reads notices
    }
  }
  return !lost_;
}

Status Pipeline::Queue(const Statement& statement, Params params, Answer answer) {
  return QueuePrepared(statements_[&statement], statement.text(Dialect::kPostgres), params,
                       std::move(answer));
}

Status Pipeline::Queue(const SqlBuilder& sql, Params params, Answer answer) {
  if (const auto found = by_text_.find(sql.text()); found != by_text_.end()) {
    texts_.splice(texts_.begin(), texts_, found->second);
  } else {
    texts_.push_front({std::string(sql.text()), {}});
    by_text_.emplace(texts_.front().text, texts_.begin());
    if (texts_.size() > kCachedTexts) {
      Forget(texts_.back());
      by_text_.erase(texts_.back().text);
      texts_.pop_back();
    }
  }
  return QueuePrepared(texts_.front().variants, sql.text(), params, std::move(answer));
}

// In the open transaction, where a failure of ours must do no harm: an error of DEALLOCATE can only
// mean that the name is not known.
void Pipeline::Forget(const CachedText& text) {
  for (const auto& variant : text.variants) {
    if (variant->known_to_server) {
      static_cast<void>(QueueOnce("DEALLOCATE " + variant->name));
    }
  }
}

// A NULL fits a parameter of any type, so a statement has as many variants as kinds of values that
// it really gets.
Result<std::shared_ptr<Pipeline::Prepared>> Pipeline::VariantFor(
    std::vector<std::shared_ptr<Prepared>>& variants, std::string_view text, Params params) {
  for (const auto& variant : variants) {
    const bool fits = std::ranges::equal(variant->types, params, [](Oid type, const Value& value) {
      const Oid wanted = TypeOf(value);
      return wanted == 0 || wanted == type;
    });
    if (fits) {
      return variant;
    }
  }
  if (const size_t width = CountParameters(text); width != params.size()) {
    return Err(Code::kInternal,
               fmt::format("a statement of {} parameters got {}", width, params.size()));
  }
  auto variant = std::make_shared<Prepared>();
  variant->name = fmt::format("s{}", next_name_++);
  for (const Value& value : params) {
    variant->types.push_back(TypeOf(value));
  }
  variants.push_back(variant);
  return variant;
}

Status Pipeline::QueuePrepared(std::vector<std::shared_ptr<Prepared>>& variants,
                               std::string_view text, Params params, Answer answer) {
  TRY(CheckTexts(params));
  if (lost_) {
    return Lose(kLost);
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<Prepared> prepared, VariantFor(variants, text, params));
  if (!prepared->known_to_server) {
    if (PQsendPrepare(connection_.get(), prepared->name.c_str(), std::string(text).c_str(),
                      static_cast<int>(prepared->types.size()), prepared->types.data()) == 0) {
      return Lose(kLost);
    }
    prepared->known_to_server = true;
    expected_.push_back({.kind = Kind::kPrepare, .prepared = prepared});
  }
  wire_.Set(params);
  if (PQsendQueryPrepared(connection_.get(), prepared->name.c_str(), wire_.size(), wire_.values(),
                          wire_.lengths(), wire_.formats(),
                          /*resultFormat=*/1) == 0) {
    return Lose(kLost);
  }
  expected_.push_back({.kind = Kind::kStatement, .answer = std::move(answer)});
  return OkStatus();
}

Status Pipeline::QueueOnce(const std::string& sql) {
  if (lost_ || PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr,
                                 nullptr, /*resultFormat=*/1) == 0) {
    return Lose(kLost);
  }
  expected_.push_back({.kind = Kind::kStatement});
  return OkStatus();
}

bool Pipeline::EndSegment() {
  if (lost_ || PQpipelineSync(connection_.get()) == 0) {
    lost_ = true;
    return false;
  }
  expected_.push_back({.kind = Kind::kSync});
  return true;
}

void Pipeline::SendAndForget() {
  if (!EndSegment()) {
    return;
  }
  for (Expected& expected : expected_) {
    expected.forgotten = true;
    expected.answer = {};
  }
  lost_ = PQflush(connection_.get()) < 0;
}

Status Pipeline::Flush() {
  statement_error_ = OkStatus();
  answer_error_ = OkStatus();
  if (!EndSegment()) {
    return Lose(kLost);
  }
  TRY(ReadAnswers());
  return statement_error_.ok() ? std::move(answer_error_) : std::move(statement_error_);
}

Status Pipeline::ReadAnswers() {
  while (!expected_.empty()) {
    // Answers may fill the server's way out before it has read all of ours: send and receive by
    // turns.
    const int unsent = PQflush(connection_.get());
    if (unsent < 0) {
      return Lose(kLost);
    }
    if (PQisBusy(connection_.get()) != 0) {
      TRY(Wait(unsent > 0 ? POLLIN | POLLOUT : POLLIN));
      continue;
    }
    PgResult result(PQgetResult(connection_.get()));
    if (result == nullptr) {
      // The end of one statement's answers; a sync's has none.
      if (PQstatus(connection_.get()) != CONNECTION_OK || expected_.front().kind == Kind::kSync) {
        return Lose(kLost);
      }
      expected_.pop_front();
      continue;
    }
    TRY(TakeAnswer(std::move(result)));
  }
  return OkStatus();
}

Status Pipeline::TakeAnswer(PgResult result) {
  Expected& expected = expected_.front();
  switch (PQresultStatus(result.get())) {
    case PGRES_PIPELINE_SYNC:
      CHECK(expected.kind == Kind::kSync);
      expected_.pop_front();
      return OkStatus();
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: {
      Status handled = HandleAnswer(result.get());
      if (answer_error_.ok()) {
        answer_error_ = std::move(handled);
      }
      return OkStatus();
    }
    case PGRES_PIPELINE_ABORTED:
      if (expected.prepared != nullptr) {
        expected.prepared->known_to_server = false;
      }
      return OkStatus();
    default:
      break;
  }
  if (expected.prepared != nullptr) {
    expected.prepared->known_to_server = false;
  }
  if (EndsConnection(StateOf(result.get())) || PQstatus(connection_.get()) != CONNECTION_OK) {
    return Lose(kLost);
  }
  if (statement_error_.ok() && !expected.forgotten) {
    statement_error_ = ErrorOf(result.get());
  }
  return OkStatus();
}

Status Pipeline::HandleAnswer(const PGresult* result) {
  Expected& expected = expected_.front();
  if (expected.kind != Kind::kStatement || expected.forgotten) {
    return OkStatus();
  }
  TRY(CheckColumns(result));
  if (expected.answer) {
    return expected.answer(result);
  }
  return PQntuples(result) == 0
             ? OkStatus()
             : Status(Code::kInternal, "a statement that should yield no rows yielded one");
}

Status Pipeline::Wait(short events) {
  if (!PollOnce(PQsocket(connection_.get()), events, deadline_)) {
    lost_ = true;  // not PQcancel: it would wait without a limit for a server that hangs
    return Err(Code::kDeadlineExceeded, "the query ran until its deadline");
  }
  if (PQconsumeInput(connection_.get()) == 0) {
    return Lose(kLost);
  }
  return OkStatus();
}

}  // namespace stetig::store::postgres
