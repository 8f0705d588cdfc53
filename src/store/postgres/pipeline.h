// One PostgreSQL connection in libpq's pipeline mode: statements are queued, sent together, and
// answered together.
//
// Queue() only appends to libpq's buffer. Flush() ends the pipeline's segment with a sync, sends it
// and reads every answer. The server stops a segment at the first error and passes over the rest of
// it; Flush() returns that error. Statements are prepared on first use, within the same segment, so
// this costs no round trip.
#pragma once

#include <libpq-fe.h>

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "store/database.h"
#include "store/postgres/values.h"

namespace stetig::store::postgres {

/// Used by one thread. After lost() it is of no more use.
class Pipeline {
 public:
  /// What to do with the answer of a statement; called in Flush(). Not called when the statement
  /// failed or was passed over.
  using Answer = std::move_only_function<Status(const PGresult*)>;

  /// kUnavailable: no server, or it refuses. kFailedPrecondition: a server that cannot be used
  /// (version, encoding). Gives up at `deadline`.
  static Result<std::unique_ptr<Pipeline>> Connect(const std::string& url, Deadline deadline);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  ~Pipeline();

  /// Answers that are not there at `deadline` end the connection: kDeadlineExceeded. The server
  /// notices within seconds.
  void SetDeadline(Deadline deadline) { deadline_ = deadline; }

  /// Borrowed values are copied. kInvalidArgument: a text that is no text. kUnavailable: lost.
  Status Queue(const Statement& statement, Params params, Answer answer = {});
  Status Queue(const SqlBuilder& sql, Params params, Answer answer);
  /// Without preparing it: DDL.
  Status QueueOnce(const std::string& sql);
  /// Sends what is queued and waits for all answers. The first error of a statement, else the first
  /// of an Answer.
  Status Flush();
  /// Sends what is queued; its answers are read, and its errors passed over, by the next Flush.
  void SendAndForget();

  /// False when the server has closed the connection meanwhile; costs one non-blocking read.
  bool CheckAlive();
  bool lost() const { return lost_; }
  /// Where the transaction stands, as known after the last Flush.
  PGTransactionStatusType transaction() const { return PQtransactionStatus(connection_.get()); }
  bool in_failed_transaction() const { return transaction() == PQTRANS_INERROR; }
  size_t queued() const { return expected_.size(); }
  /// The number under which all writers of this schema lock each other out.
  int64_t writer_lock() const { return writer_lock_; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  /// A text prepared for one choice of parameter types.
  struct Prepared {
    std::string name;
    std::vector<Oid> types;
    bool known_to_server = false;  ///< prepared, or a prepare is queued
  };
  struct CachedText {
    std::string text;
    std::vector<std::shared_ptr<Prepared>> variants;
  };
  enum class Kind : unsigned char { kPrepare, kStatement, kSync };
  struct Expected {
    Kind kind = Kind::kStatement;
    bool forgotten = false;
    std::shared_ptr<Prepared> prepared;
    Answer answer;
  };

  explicit Pipeline(PGconn* connection) : connection_(connection) {}
  static void OnNotice(void* self, const PGresult* notice);
  Status FinishConnecting();
  Status SetUp();
  Status QueuePrepared(std::vector<std::shared_ptr<Prepared>>& variants, std::string_view text,
                       Params params, Answer answer);
  Result<std::shared_ptr<Prepared>> VariantFor(std::vector<std::shared_ptr<Prepared>>& variants,
                                               std::string_view text, Params params);
  void Forget(const CachedText& text);
  bool EndSegment();
  Status ReadAnswers();
  Status TakeAnswer(PgResult result);
  Status HandleAnswer(const PGresult* result);
  Status Wait(short events);
  Status Lose(std::string_view why);

  static constexpr size_t kCachedTexts = 64;

  const std::unique_ptr<PGconn, Finish> connection_;
  Deadline deadline_ = Deadline::max();
  bool lost_ = false;
  int64_t writer_lock_ = 0;
  uint64_t next_name_ = 0;
  std::deque<Expected> expected_;
  Status statement_error_;
  Status answer_error_;
  WireParams wire_;
  std::unordered_map<const Statement*, std::vector<std::shared_ptr<Prepared>>> statements_;
  std::list<CachedText> texts_;  ///< most recently used first
  std::unordered_map<std::string_view, std::list<CachedText>::iterator> by_text_;
};

}  // namespace stetig::store::postgres
