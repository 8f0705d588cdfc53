#include "load/answer_reader.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bench {
namespace {

constexpr size_t kRoom = size_t{64} * 1024;
constexpr size_t kMostRoom = size_t{4} * 1024 * 1024;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The value of a header field (its name in lower case), without leading blanks.
std::optional<std::string_view> Field(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        std::ranges::equal(line.substr(0, name.size()), name, {}, Lower)) {
      line.remove_prefix(name.size() + 1);
      line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
      return line;
    }
  }
  return std::nullopt;
}

}  // namespace

std::span<char> AnswerReader::Room() {
  size_t missing = head_ != 0 && !chunked_ && head_ + length_ > held_ ? head_ + length_ - held_ : 0;
  size_t room = std::clamp(missing, kRoom, kMostRoom);
  if (buffer_.size() < held_ + room) {
    buffer_.resize(std::max(held_ + room, buffer_.size() * 2));
  }
  return std::span(buffer_).subspan(held_, room);
}

bool AnswerReader::HasHead() {
  if (head_ != 0) {
    return true;
  }
  std::string_view text(buffer_.data(), held_);
  size_t end = text.find("\r\n\r\n", scanned_);
  if (end == std::string_view::npos) {
    scanned_ = held_ < 3 ? 0 : held_ - 3;
    return false;
  }
  head_ = end + 4;
  constexpr size_t kStatusAt = std::string_view("HTTP/1.1 ").size();
  status_ = 0;
  if (head_ > kStatusAt)
    std::from_chars(buffer_.data() + kStatusAt, buffer_.data() + head_, status_);
  auto length = Field(Head(), "content-length");
  chunked_ = !length && Field(Head(), "transfer-encoding").has_value();
  length_ = length ? std::strtoull(std::string(length->substr(0, 20)).c_str(), nullptr, 10) : 0;
  closes_ = Field(Head(), "connection").value_or("").substr(0, 5) == "close";
  chunk_at_ = head_;
  return true;
}

bool AnswerReader::Whole() {
  if (!HasHead()) {
    return false;
  }
  if (chunked_) {
    return DecodeChunks();
  }
  end_ = head_ + length_;
  return held_ >= end_;
}

bool AnswerReader::DecodeChunks() {
  for (;;) {
    std::string_view text(buffer_.data(), held_);
    size_t line = text.find("\r\n", chunk_at_);
    if (line == std::string_view::npos) {
      return false;
    }
    size_t size = std::strtoull(buffer_.data() + chunk_at_, nullptr, 16);
    if (held_ < line + 2 + size + 2) {
      return false;
    }
    decoded_.append(text.substr(line + 2, size));
    chunk_at_ = line + 2 + size + 2;
    if (size == 0) {
      end_ = chunk_at_;
      return true;
    }
  }
}

std::string_view AnswerReader::Body() const {
  return chunked_ ? std::string_view(decoded_) : std::string_view(buffer_.data() + head_, length_);
}

void AnswerReader::Next() {
  std::copy(buffer_.begin() + static_cast<ptrdiff_t>(end_),
            buffer_.begin() + static_cast<ptrdiff_t>(held_), buffer_.begin());
  size_t rest = held_ - end_;
  Clear();
  held_ = rest;
}

void AnswerReader::Clear() {
  held_ = scanned_ = head_ = length_ = chunk_at_ = end_ = 0;
  status_ = 0;
  chunked_ = closes_ = false;
  decoded_.clear();
}

}  // namespace bench
