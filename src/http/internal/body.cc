#include "http/internal/body.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace stetig::http::internal {
namespace {

// From this size on a reader's own memory takes the bytes from the socket; smaller reads go through
// the connection's buffer.
constexpr size_t kDirect = 16 * 1024;
constexpr size_t kReadAhead = 256 * 1024;

class EmptyBody final : public ByteStream {
 public:
  Task<size_t> Read(std::span<std::byte> /*into*/) override { co_return size_t{0}; }
  std::optional<uint64_t> length() const override { return 0; }
};

std::span<char> AsChars(std::span<std::byte> bytes) {
  return {reinterpret_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace

ByteStream& NoBody() {
  static EmptyBody body;
  return body;
}

io::Awaitable<Result<size_t>> Connection::ReadBody(std::span<std::byte> into) {
  Parser& parser = work_->parser;
  ReadBuffer& in = work_->in;
  Body& body = *body_;
  const std::span<char> out = AsChars(into);
  while (body.failed.ok() && !parser.body_done() && !out.empty()) {
    Parser::BodyStep step;
    if (!in.empty()) {
      step = parser.FeedBody(in.span().first(std::min(in.size(), out.size())), out.data());
      in.Consume(step.consumed);
    } else {
      size_t got = 0;
      const bool direct = out.size() >= kDirect;
      const std::span<char> target = direct ? out : std::span<char>();
      Status fetched = co_await FetchBody(target, &got);
      if (!fetched.ok()) {
        body.failed = std::move(fetched);
        break;
      }
      if (!direct) {
        continue;
      }
      step = parser.FeedBody(out.first(got), out.data());
      // Bytes of the next request, read along with the end of a chunked body.
      in.Append(std::string_view(out.data(), got).substr(step.consumed));
    }
    body.received += step.produced;
    if (step.failed) {
      body.failed = Err(Code::kInvalidArgument, parser.error().message);
    } else if (body.received > body.limit) {
      body.failed = Err(Code::kResourceExhausted,
                        fmt::format("the body has more than {} bytes, its limit", body.limit),
                        std::string(kBodyTooLarge));
    } else if (step.produced > 0) {
      co_return step.produced;
    }
  }
  if (!body.failed.ok()) {
    co_return Err(Status(body.failed));
  }
  co_return size_t{0};
}

// Waits for bytes of the body, into `direct` or, when that is empty, into the connection's buffer.
io::Awaitable<Status> Connection::FetchBody(std::span<char> direct, size_t* got) {
  const Limits& limits = server_->options.limits;
  Body& body = *body_;
  if (std::exchange(body.wants_continue, false)) {
    work_->out.append("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (!TryFlush() && !co_await Flush({})) {
    co_return Err(Code::kCancelled, "the peer is gone");
  }
  const auto patience =
      Patience(limits.body_grace, limits.body_rate, body.received, body.held.bytes() > 0);
  const auto begun = Clock::now();
  shard_->wheel.Set(*this,
                    std::min<Deadline>(begun + limits.body_idle, begun + patience - body.waited));
  timed_out_ = false;
  std::span<char> room = direct.empty() ? work_->in.Prepare(ReadBuffer::kUsual / 2) : direct;
  if (!direct.empty() && body.length()) {
    // A known length never reads into the next request.
    room = room.first(std::min<uint64_t>(room.size(), *body.length() - body.received));
  } else if (!direct.empty()) {
    // What comes behind the end of a chunked body is kept for the next request.
    room = room.first(std::min(room.size(), kReadAhead));
  }
  auto read = co_await transport_->ReadSome(asio::buffer(room.data(), room.size()));
  body.waited += Clock::now() - begun;
  auto [error, size] = read;
  shard_->wheel.Set(*this, Deadline::max());
  if (error) {
    if (timed_out_) {
      co_return Err(Code::kDeadlineExceeded, "the body came too slowly");
    }
    co_return Err(Code::kCancelled, "the peer closed the connection before the body's end");
  }
  if (direct.empty()) {
    work_->in.Commit(size);
  }
  *got = size;
  co_return OkStatus();
}

// Reads what the handler left, so that the connection can be used again. False: too much, or
// broken.
io::Awaitable<bool> Connection::SkipBody() {
  static constexpr size_t kPiece = 16 * 1024;
  std::array<std::byte, 64> small{};
  std::unique_ptr<std::byte[]> piece;
  uint64_t skipped = 0;
  body_->limit = UINT64_MAX;  // its own limit is counted here
  while (!work_->parser.body_done()) {
    std::span<std::byte> into = small;
    if (work_->in.empty() && !piece) {
      piece = std::make_unique_for_overwrite<std::byte[]>(kPiece);
    }
    if (piece) {
      into = {piece.get(), kPiece};
    }
    Result<size_t> got = co_await ReadBody(into);
    if (!got) {
      co_return false;
    }
    skipped += *got;
    if (skipped > server_->options.limits.drain_bytes) {
      co_return false;
    }
  }
  co_return true;
}

}  // namespace stetig::http::internal
