#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

#include "http/internal/body.h"
#include "http/internal/connection.h"
#include "http/internal/encode.h"

namespace stetig::http::internal {
namespace {

// Bodies up to this size are copied behind their head and leave in one send; larger ones are
// gathered from where they are.
constexpr size_t kCopied = 32 * 1024;
// Answers of pipelined requests gather up to this size.
constexpr size_t kGathered = 128 * 1024;
// Room before the data of a chunk for its size line, and behind it for the line end.
constexpr size_t kChunkHead = 16;
constexpr size_t kChunkTail = 2;

using Framing = HeadFacts::Framing;

// A stream buffer of the shard for the time of one answer.
class StreamBuffer {
 public:
  explicit StreamBuffer(Shard& shard) : shard_(shard), bytes_(shard.TakeStreamBuffer()) {}
  StreamBuffer(const StreamBuffer&) = delete;
  StreamBuffer& operator=(const StreamBuffer&) = delete;
  ~StreamBuffer() { shard_.GiveBack(std::move(bytes_)); }
  char* get() { return bytes_.get(); }

 private:
  Shard& shard_;
  std::unique_ptr<char[]> bytes_;
};

class Counted {
 public:
  explicit Counted(std::atomic<uint64_t>& count) : count_(count), before_(count.fetch_add(1)) {}
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { count_.fetch_sub(1); }
  uint64_t before() const { return before_; }

 private:
  std::atomic<uint64_t>& count_;
  uint64_t before_;
};

std::span<std::byte> AsBytes(char* data, size_t size) {
  return {reinterpret_cast<std::byte*>(data), size};
}

// Frames `size` bytes at buffer + kChunkHead as a chunk; the view covers size line, data and line
// end.
std::string_view FrameChunk(char* buffer, size_t size) {
  std::string line;
  AppendChunkSize(line, size);
  char* begin = buffer + kChunkHead - line.size();
  std::memcpy(begin, line.data(), line.size());
  std::memcpy(buffer + kChunkHead + size, "\r\n", kChunkTail);
  return {begin, line.size() + size + kChunkTail};
}

Problem NoMemory() {
  return {503, "the server holds as many answers as it may for peers that are slow"};
}

}  // namespace

void Connection::AppendHeadFor(Serving& serving, const Response& response, Framing framing,
                               uint64_t length) {
  serving.status = response.status;
  if (!response.failure.empty()) {
    serving.failure = response.failure;
  }
  serving.close =
      serving.close || response.close || framing == Framing::kUntilClose || MustCloseAfter(serving);
  HeadFacts facts{.framing = framing,
                  .length = length,
                  .http10 = serving.http10,
                  .close = serving.close,
                  .request_id = serving.request->request_id,
                  .date = shard_->Date()};
  const size_t before = work_->out.size();
  AppendHead(work_->out, response, facts);
  serving.bytes_out += work_->out.size() - before;
}

io::Awaitable<bool> Connection::Send(Serving& serving, Response response) {
  if (auto* stream = std::get_if<std::unique_ptr<ByteStream>>(&response.body)) {
    co_return co_await SendStream(serving, response, **stream);
  }
  if (auto* source = std::get_if<std::unique_ptr<EventSource>>(&response.body)) {
    co_return co_await SendEvents(serving, response, **source);
  }
  if (StatusForbidsBody(response.status)) {
    AppendHeadFor(serving, response, Framing::kNone, 0);
    co_return true;
  }
  Compress(serving, response);
  Held held(*server_);
  if (const auto& large = std::get<std::string>(response.body);
      large.size() > kCopied && !serving.head_only) {
    if (held.Add(large.size())) {
      AppendHeadFor(serving, response, Framing::kLength, large.size());
      serving.bytes_out += large.size();
      co_return co_await Flush(large);
    }
    response = Refuse(NoMemory(), *serving.request);
  }
  const std::string& text = std::get<std::string>(response.body);
  AppendHeadFor(serving, response, Framing::kLength, text.size());
  if (!serving.head_only) {
    work_->out.append(text);
    serving.bytes_out += text.size();
  }
  if (work_->out.size() > kGathered) {
    co_return co_await Flush({});
  }
  co_return true;
}

void Connection::Compress(const Serving& serving, Response& response) const {
  const Compression& rules = server_->options.compression;
  const std::string& text = std::get<std::string>(response.body);
  if (!rules.enabled || text.size() < rules.threshold || text.size() > rules.largest ||
      (peer_.loopback && !rules.loopback) || response.headers.Get("Content-Encoding")) {
    return;
  }
  if (!IsCompressible(response.headers.Get("Content-Type").value_or(""))) {
    return;
  }
  response.headers.Add("Vary", "Accept-Encoding");
  const Coding coding = ChooseCoding(serving.request->headers.Get("Accept-Encoding").value_or(""));
  if (coding == Coding::kIdentity) {
    return;
  }
  if (auto encoded = EncodeBody(coding, text); encoded && encoded->size() < text.size()) {
    response.headers.Set("Content-Encoding", CodingName(coding));
    response.body = *std::move(encoded);
  }
}

io::Awaitable<bool> Connection::SendStream(Serving& serving, Response& response,
                                           ByteStream& stream) {
  const std::optional<uint64_t> length = stream.length();
  Framing framing = Framing::kLength;
  if (!length) {
    framing = serving.http10 ? Framing::kUntilClose : Framing::kChunked;
  }
  if (serving.head_only || StatusForbidsBody(response.status)) {
    AppendHeadFor(serving, response, StatusForbidsBody(response.status) ? Framing::kNone : framing,
                  length.value_or(0));
    co_return true;
  }
  Held held(*server_);
  if (!held.Add(Shard::kStreamBuffer)) {
    response = Refuse(NoMemory(), *serving.request);
    co_return co_await Send(serving, std::move(response));
  }
  StreamBuffer buffer(*shard_);
  // The first piece before the head: while nothing has been said, an error can still be answered as
  // one.
  const size_t room = std::min<uint64_t>(Shard::kStreamBuffer - kChunkHead - kChunkTail,
                                         length.value_or(UINT64_MAX));
  size_t first = 0;
  if (room > 0) {
    const std::span<std::byte> into = AsBytes(buffer.get() + kChunkHead, room);
    Result<size_t> got = co_await stream.Read(into);
    if (!got) {
      Response refusal = Fail(got.error(), *serving.request);
      AppendHeadFor(serving, refusal, Framing::kLength, std::get<std::string>(refusal.body).size());
      work_->out.append(std::get<std::string>(refusal.body));
      co_return true;
    }
    first = *got;
  }
  AppendHeadFor(serving, response, framing, length.value_or(0));
  co_return co_await SendPieces(serving, stream, buffer.get(), first, framing == Framing::kChunked);
}

// `first` bytes are in the buffer; the rest is read and sent piece by piece. An error on the way
// cuts the connection, which is the only way left to tell the peer.
io::Awaitable<bool> Connection::SendPieces(Serving& serving, ByteStream& stream, char* buffer,
                                           size_t first, bool chunked) {
  const std::optional<uint64_t> length = stream.length();
  uint64_t sent = 0;
  size_t size = first;
  while (size > 0) {
    const std::string_view piece =
        chunked ? FrameChunk(buffer, size) : std::string_view(buffer + kChunkHead, size);
    sent += size;
    serving.bytes_out += piece.size();
    if (!co_await Flush(piece)) {
      co_return false;
    }
    const size_t room = std::min<uint64_t>(Shard::kStreamBuffer - kChunkHead - kChunkTail,
                                           length.value_or(UINT64_MAX) - sent);
    if (room == 0) {
      break;
    }
    const std::span<std::byte> into = AsBytes(buffer + kChunkHead, room);
    Result<size_t> got = co_await stream.Read(into);
    if (!got) {
      co_return false;
    }
    size = *got;
  }
  if (chunked) {
    work_->out.append("0\r\n\r\n");
    serving.bytes_out += 5;
  }
  co_return !length || sent == *length;
}

io::Awaitable<bool> Connection::SendEvents(Serving& serving, Response& response,
                                           EventSource& source) {
  const Limits& limits = server_->options.limits;
  Counted counted(server_->event_streams);
  if (counted.before() >= limits.event_streams) {
    server_->refused.fetch_add(1);
    Problem problem{503, "the server has as many event streams as it may have"};
    response = Refuse(problem, *serving.request);
    co_return co_await Send(serving, std::move(response));
  }
  response.headers.Set("Content-Type", "text/event-stream");
  response.headers.Set("Cache-Control", "no-cache");
  serving.close = true;
  AppendHeadFor(serving, response, serving.http10 ? Framing::kUntilClose : Framing::kChunked, 0);
  if (serving.head_only) {
    co_return true;
  }
  std::string events = ": stream\n\n";
  Deadline heartbeat = Clock::now() + limits.event_heartbeat;
  for (;;) {
    if (!events.empty()) {
      std::string framed;
      if (!serving.http10) {
        AppendChunkSize(framed, events.size());
      }
      framed.append(events).append(serving.http10 ? "" : "\r\n");
      serving.bytes_out += framed.size();
      events.clear();
      if (!co_await Flush(framed)) {
        co_return false;
      }
      heartbeat = Clock::now() + limits.event_heartbeat;
    }
    if (server_->draining.load() || !open_) {
      break;
    }
    // Waits in steps, so that a stopping server and a peer that went away are noticed in between.
    const Deadline step = std::min<Deadline>(heartbeat, Clock::now() + std::chrono::seconds(1));
    Result<std::optional<EventSource::Item>> next = co_await source.Next(step);
    if (!next) {
      break;
    }
    if (*next) {
      AppendEvent(events, **next);
    } else if (transport_->PeerGone()) {
      co_return true;  // that is how a reader ends its stream
    } else if (Clock::now() >= heartbeat) {
      events = ": heartbeat\n\n";
    }
  }
  if (!serving.http10) {
    work_->out.append("0\r\n\r\n");
  }
  co_return true;
}

// True when nothing is left to send.
bool Connection::TryFlush() {
  std::string& out = work_->out;
  if (sent_ < out.size()) {
    io::Transport::Pieces pieces = {asio::buffer(out.data() + sent_, out.size() - sent_),
                                    asio::const_buffer()};
    sent_ += transport_->TryWrite(pieces);
  }
  if (sent_ < out.size()) {
    return false;
  }
  out.clear();
  sent_ = 0;
  return true;
}

// Sends `out` and then `after`, which must live until this returns.
io::Awaitable<bool> Connection::Flush(std::string_view after) {
  std::string& out = work_->out;
  const size_t total = out.size() + after.size();
  const Limits& limits = server_->options.limits;
  const Deadline begun = Clock::now();
  size_t unhurried = sent_;  // what needed no waiting earns no time
  bool first = true;
  writing_ = true;
  while (sent_ < total) {
    const size_t after_sent = sent_ > out.size() ? sent_ - out.size() : 0;
    const size_t out_sent = sent_ - after_sent;
    io::Transport::Pieces pieces = {
        asio::buffer(out.data() + out_sent, out.size() - out_sent),
        asio::buffer(after.data() + after_sent, after.size() - after_sent)};
    if (std::exchange(first, false)) {
      const size_t taken = transport_->TryWrite(pieces);
      sent_ += taken;
      unhurried = sent_;
      if (taken > 0) {
        continue;
      }
    }
    // A peer that takes a little now and then must not hold an answer for ever either.
    const auto patience =
        Patience(limits.write_grace, limits.write_rate, sent_ - unhurried, after.size() > kCopied);
    shard_->wheel.Set(*this,
                      std::min<Deadline>(Clock::now() + limits.write_stall, begun + patience));
    auto written = co_await transport_->WriteSome(pieces);
    auto [error, size] = written;
    if (error) {
      writing_ = false;
      open_ = false;
      co_return false;
    }
    sent_ += size;
  }
  shard_->wheel.Set(*this, Deadline::max());
  writing_ = false;
  out.clear();
  sent_ = 0;
  if (out.capacity() > 2 * kGathered) {
    out.shrink_to_fit();
  }
  co_return true;
}

// What waits in `out` leaves in the loop's next turn at the latest, while the next handler may
// still be running.
void Connection::FlushSoon() {
  asio::post(shard_->loop.executor(), [self = shared_from_this()] {
    if (self->work_ && !self->writing_) {
      self->TryFlush();
    }
  });
}

}  // namespace stetig::http::internal
