// Bytes for decoders to meet their end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace stetig::tracking::testing {

/// A copy in memory of exactly its size, so that a sanitizer sees every step beyond its end.
class Exact {
 public:
  explicit Exact(std::string_view text)
      : size_(text.size()), bytes_(std::make_unique<std::byte[]>(size_)) {
    std::ranges::copy(std::as_bytes(std::span(text)), bytes_.get());
  }
  std::span<const std::byte> span() const { return {bytes_.get(), size_}; }

 private:
  size_t size_;
  std::unique_ptr<std::byte[]> bytes_;
};

}  // namespace stetig::tracking::testing
