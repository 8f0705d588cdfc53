// Binary forms: little-endian scalars, LEB128 varints, zigzag, texts with a length. Reading checks
// every bound. Pure functions; all are thread-safe.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/check.h"

namespace stetig {

static_assert(std::endian::native == std::endian::little, "binary forms are stored little endian");

template <class T>
concept Scalar = std::integral<T> || std::floating_point<T>;

// --- fixed width

/// `at` must leave sizeof(T) bytes.
template <Scalar T>
T LoadLe(std::span<const std::byte> bytes, size_t at) {
  DCHECK(at + sizeof(T) <= bytes.size());
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}
/// The same where the caller has checked a whole column of values.
template <Scalar T>
T LoadLe(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}
/// `at` must leave sizeof(T) bytes.
template <Scalar T>
void StoreLe(std::span<std::byte> bytes, size_t at, T value) {
  DCHECK(at + sizeof(T) <= bytes.size());
  std::memcpy(bytes.data() + at, &value, sizeof(T));
}
template <Scalar T>
void AppendLe(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}
/// Takes one off the front; false, and nothing taken, when too little is left.
template <Scalar T>
bool TakeLe(std::span<const std::byte>& in, T& value) {
  if (in.size() < sizeof(T)) return false;
  value = LoadLe<T>(in.data());
  in = in.subspan(sizeof(T));
  return true;
}
template <Scalar T>
bool TakeLe(std::string_view& in, T& value) {
  if (in.size() < sizeof(T)) return false;
  std::memcpy(&value, in.data(), sizeof(T));
  in.remove_prefix(sizeof(T));
  return true;
}

// --- as short as the value

inline void PutVarint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

/// Small for numbers near zero on both sides.
inline uint64_t ZigZag(uint64_t number) { return (number << 1) ^ (0 - (number >> 63)); }
inline uint64_t UnZigZag(uint64_t coded) { return (coded >> 1) ^ (0 - (coded & 1)); }

inline void PutSigned(std::string& out, int64_t value) {
  PutVarint(out, ZigZag(static_cast<uint64_t>(value)));
}

inline void PutText(std::string& out, std::string_view text) {
  PutVarint(out, text.size());
  out += text;
}

/// Each method takes one item, or says false and leaves the rest undefined. Texts are borrowed from
/// the bytes.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes)
      : at_(reinterpret_cast<const char*>(bytes.data())), end_(at_ + bytes.size()) {}

  bool done() const { return at_ == end_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  bool Varint(uint64_t& value) {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) [[likely]] {
      value = static_cast<unsigned char>(*at_++);
      return true;
    }
    value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool Signed(int64_t& value) {
    uint64_t coded = 0;
    if (!Varint(coded)) return false;
    value = static_cast<int64_t>(UnZigZag(coded));
    return true;
  }
  /// A count of items that take at least one byte each.
  bool Count(uint64_t& count) { return Varint(count) && count <= left(); }
  bool Text(std::string_view& text) {
    uint64_t size = 0;
    if (!Count(size)) return false;
    text = {at_, size};
    at_ += size;
    return true;
  }
  bool Text(std::string& text) {
    std::string_view borrowed;
    if (!Text(borrowed)) return false;
    text = borrowed;
    return true;
  }
  bool Real(double& value) {
    if (left() < sizeof(value)) return false;
    std::memcpy(&value, at_, sizeof(value));
    at_ += sizeof(value);
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace stetig
