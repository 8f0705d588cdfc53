// The bytes of a connection that have been read and not yet consumed, in one piece.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace stetig::http::internal {

class ReadBuffer {
 public:
  static constexpr size_t kUsual = 16 * 1024;

  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  std::span<char> span() { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  size_t size() const { return end_ - begin_; }
  size_t capacity() const { return capacity_; }

  void Consume(size_t n) {
    begin_ += n;
    if (begin_ == end_) {
      begin_ = end_ = 0;
    }
  }

  /// At least `room` writable bytes after the content, which may move.
  std::span<char> Prepare(size_t room) {
    if (capacity_ - end_ < room) {
      const size_t used = size();
      if (capacity_ >= used + room) {
        std::memmove(data_.get(), data_.get() + begin_, used);
      } else {
        const size_t grown = std::max({kUsual, capacity_ * 2, used + room});
        auto next = std::make_unique_for_overwrite<char[]>(grown);
        if (used > 0) {
          std::memcpy(next.get(), data_.get() + begin_, used);
        }
        data_ = std::move(next);
        capacity_ = grown;
      }
      begin_ = 0;
      end_ = used;
    }
    return {data_.get() + end_, capacity_ - end_};
  }
  void Commit(size_t n) { end_ += n; }

  void Append(std::string_view bytes) {
    if (!bytes.empty()) {
      std::memcpy(Prepare(bytes.size()).data(), bytes.data(), bytes.size());
      Commit(bytes.size());
    }
  }

  void Release() {
    data_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace stetig::http::internal
