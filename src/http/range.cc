#include "http/range.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "http/url.h"

namespace stetig::http {
namespace {

/// Bytes [begin, end) of a seekable body.
class Slice final : public ByteStream {
 public:
  Slice(std::unique_ptr<SeekableStream> body, uint64_t begin, uint64_t end)
      : body_(std::move(body)), length_(end - begin), at_(begin), end_(end) {}

  std::optional<uint64_t> length() const override { return length_; }

  Task<size_t> Read(std::span<std::byte> into) override {
    size_t wanted = static_cast<size_t>(std::min<uint64_t>(into.size(), end_ - at_));
    if (wanted == 0) {
      co_return 0;
    }
    auto read = co_await body_->ReadAt(at_, into.first(wanted));
    ASSIGN_OR_CO_RETURN(size_t got, std::move(read));
    at_ += got;
    co_return got;
  }

 private:
  std::unique_ptr<SeekableStream> body_;
  const uint64_t length_;
  uint64_t at_;
  const uint64_t end_;
};

struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
};

enum class Asked : unsigned char { kEverything, kPart, kOutside };

/// A number too large for int64 lies behind every end.
std::optional<uint64_t> Digits(std::string_view text) {
  bool digits =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(ParseInt64(text).value_or(std::numeric_limits<int64_t>::max() - 1));
}

/// "bytes=0-99", "bytes=100-", "bytes=-5". Anything else is ignored, as RFC 9110 has it.
Asked ParseRange(std::string_view header, uint64_t size, Range& range) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit) || header.contains(',')) {
    return Asked::kEverything;
  }
  std::string_view spec = TrimOws(header.substr(kUnit.size()));
  size_t dash = spec.find('-');
  if (dash == std::string_view::npos) {
    return Asked::kEverything;
  }
  auto first = Digits(spec.substr(0, dash));
  auto last = Digits(spec.substr(dash + 1));
  bool suffix = dash == 0;
  if ((suffix && !last) || (!suffix && !first) || (!suffix && dash + 1 < spec.size() && !last) ||
      (first && last && *last < *first)) {
    return Asked::kEverything;
  }
  if (suffix) {
    range = {size - std::min(*last, size), size};
    return *last == 0 || size == 0 ? Asked::kOutside : Asked::kPart;
  }
  range = {*first, last ? std::min(*last, size - std::min<uint64_t>(size, 1)) + 1 : size};
  return *first >= size ? Asked::kOutside : Asked::kPart;
}

bool ListsTag(std::string_view header, std::string_view etag) {
  for (std::string_view one : Split(header, ',')) {
    one = TrimOws(one);
    if (one == "*" || one == etag || (one.starts_with("W/") && one.substr(2) == etag)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Response RangedResponse(const Request& request, std::unique_ptr<SeekableStream> body,
                        std::string_view etag) {
  Response response;
  response.headers.Set("ETag", etag);
  response.headers.Set("Accept-Ranges", "bytes");
  if (auto tags = request.headers.Get("If-None-Match"); tags && ListsTag(*tags, etag)) {
    response.status = 304;
    return response;
  }
  uint64_t size = body->size();
  Range range{0, size};
  Asked asked = Asked::kEverything;
  auto header = request.headers.Get("Range");
  auto condition = request.headers.Get("If-Range");
  if (header && (!condition || *condition == etag)) {
    asked = ParseRange(*header, size, range);
  }
  if (asked == Asked::kOutside) {
    response.status = 416;
    response.headers.Set("Content-Range", fmt::format("bytes */{}", size));
    return response;
  }
  if (asked == Asked::kEverything) {
    range = {0, size};
  } else {
    response.status = 206;
    response.headers.Set("Content-Range",
                         fmt::format("bytes {}-{}/{}", range.begin, range.end - 1, size));
  }
  response.body = std::make_unique<Slice>(std::move(body), range.begin, range.end);
  return response;
}

}  // namespace stetig::http
