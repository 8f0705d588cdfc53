// Request bodies with a content coding, decoded while they stream: memory is one window and one
// piece, whatever the body unpacks to.
#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "http/internal/encode.h"

namespace stetig::http::internal {
namespace {

/// What a decoder made of its input.
struct Step {
  size_t consumed = 0;
  size_t produced = 0;
  bool malformed = false;
};

/// One coded stream; several may follow one another, as both formats allow.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual Step Decode(std::span<const std::byte> in, std::span<std::byte> out) = 0;
  /// Between two streams, or after the last.
  virtual bool AtEnd() const = 0;
  /// Bytes it has allocated; the peer's stream says how large a window it needs.
  virtual uint64_t memory() const = 0;
};

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder() { ready_ = inflateInit2(&stream_, kGzipOnly) == Z_OK; }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder() override { inflateEnd(&stream_); }

  Step Decode(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (at_end_ && !in.empty()) {
      at_end_ = false;
      ready_ = ready_ && inflateReset(&stream_) == Z_OK;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(std::min<size_t>(out.size(), UINT32_MAX));
    const uInt room = stream_.avail_out;
    const int code = ready_ ? inflate(&stream_, Z_NO_FLUSH) : Z_MEM_ERROR;
    at_end_ = code == Z_STREAM_END;
    return {.consumed = in.size() - stream_.avail_in,
            .produced = room - stream_.avail_out,
            .malformed = code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR};
  }
  bool AtEnd() const override { return at_end_; }
  uint64_t memory() const override { return uint64_t{44} << 10; }  // zlib's inflate, at most

 private:
  static constexpr int kGzipOnly = 16 + MAX_WBITS;
  z_stream stream_ = {};
  bool ready_ = false;
  bool at_end_ = false;
};

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() {
    // RFC 9659: no window above 8 MiB in HTTP.
    ready_ = stream_ != nullptr &&
             ZSTD_isError(ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, 23)) == 0;
  }

  Step Decode(std::span<const std::byte> in, std::span<std::byte> out) override {
    ZSTD_inBuffer from = {in.data(), in.size(), 0};
    ZSTD_outBuffer to = {out.data(), out.size(), 0};
    const size_t hint = ready_ ? ZSTD_decompressStream(stream_.get(), &to, &from) : 0;
    at_end_ = hint == 0;
    return {
        .consumed = from.pos, .produced = to.pos, .malformed = !ready_ || ZSTD_isError(hint) != 0};
  }
  bool AtEnd() const override { return at_end_; }
  uint64_t memory() const override { return ZSTD_sizeof_DCtx(stream_.get()); }

 private:
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> stream_{ZSTD_createDCtx(), ZSTD_freeDCtx};
  bool ready_ = false;
  bool at_end_ = false;
};

class DecodedBody final : public ByteStream {
 public:
  DecodedBody(ByteStream& raw, std::unique_ptr<Decoder> decoder, uint64_t limit)
      : raw_(raw),
        decoder_(std::move(decoder)),
        limit_(limit),
        in_(std::make_unique_for_overwrite<std::byte[]>(kPiece)) {}

  bool Hold(uint64_t more) override { return raw_.Hold(more); }

  Task<size_t> Read(std::span<std::byte> into) override {
    while (failed_.ok() && !done_ && !into.empty()) {
      // A full output may have left more inside the decoder: it is asked again before more input is
      // read.
      if (begin_ == end_ && !more_inside_) {
        const std::span<std::byte> room(in_.get(), kPiece);
        Result<size_t> got = co_await raw_.Read(room);
        if (!got) {
          failed_ = std::move(got).error();
          break;
        }
        begin_ = 0;
        end_ = *got;
        if (end_ == 0) {
          done_ = true;
          if (!decoder_->AtEnd()) {
            failed_ = Err(Code::kInvalidArgument, "the compressed body ends too early");
          }
          break;
        }
      }
      const Step step = decoder_->Decode({in_.get() + begin_, end_ - begin_}, into);
      begin_ += step.consumed;
      more_inside_ = step.produced == into.size() && !decoder_->AtEnd();
      produced_ += step.produced;
      const uint64_t memory = decoder_->memory();
      if (memory > held_) {
        if (!raw_.Hold(memory - held_)) {
          failed_ = Err(Code::kUnavailable, "the server holds as many bytes of requests as it may");
          break;
        }
        held_ = memory;
      }
      if (step.malformed || (step.consumed == 0 && step.produced == 0 && begin_ != end_)) {
        failed_ = Err(Code::kInvalidArgument, "the body is not what its Content-Encoding says");
      } else if (produced_ > limit_) {
        failed_ =
            Err(Code::kResourceExhausted,
                fmt::format("the body has more than {} bytes after decoding, its limit", limit_),
                std::string(kBodyTooLarge));
      } else if (step.produced > 0) {
        co_return step.produced;
      }
    }
    if (!failed_.ok()) {
      co_return Err(Status(failed_));
    }
    co_return size_t{0};
  }

 private:
  static constexpr size_t kPiece = 32 * 1024;
  ByteStream& raw_;
  std::unique_ptr<Decoder> decoder_;
  const uint64_t limit_;
  std::unique_ptr<std::byte[]> in_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t produced_ = 0;
  uint64_t held_ = uint64_t{256} << 10;  // what every decoder may take unasked
  bool more_inside_ = false;
  bool done_ = false;
  Status failed_;
};

}  // namespace

std::unique_ptr<ByteStream> DecodeBody(ByteStream& raw, std::string_view coding, uint64_t limit) {
  std::unique_ptr<Decoder> decoder;
  if (EqualsIgnoreCase(coding, "gzip") || EqualsIgnoreCase(coding, "x-gzip")) {
    decoder = std::make_unique<GzipDecoder>();
  } else if (EqualsIgnoreCase(coding, "zstd")) {
    decoder = std::make_unique<ZstdDecoder>();
  } else {
    return nullptr;
  }
  return std::make_unique<DecodedBody>(raw, std::move(decoder), limit);
}

}  // namespace stetig::http::internal
