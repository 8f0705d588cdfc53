// Takes members of a JSON tree by name, with errors that say where: for payload.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json_value.h"
#include "base/status.h"

namespace stetig::connect::forge {

/// The first bytes of `text`, at most `bytes`, not cut within a code point, and without NUL (no
/// store takes it).
std::string FirstBytes(std::string_view text, size_t bytes);

/// A place in a tree; missing and null are the same. Borrows the tree. Every error is
/// kInvalidArgument: "PATH FOUND, expected WHAT".
class Reader {
 public:
  Reader(const json::Value* value, std::string path) : value_(value), path_(std::move(path)) {}

  bool missing() const { return value_ == nullptr || value_->IsNull(); }
  Reader At(std::string_view name) const;
  Reader At(size_t index) const;
  /// Elements of an array; 0 when missing.
  Result<size_t> Count() const;

  /// Empty when missing; at most `bytes` of it.
  Result<std::string> Text(std::string_view name, size_t bytes) const;
  Result<std::string> NeedText(std::string_view name) const;
  Result<int64_t> Int(std::string_view name, int64_t otherwise) const;
  Result<int64_t> NeedInt(std::string_view name) const;
  /// False when missing.
  Result<bool> Bool(std::string_view name) const;
  /// 0 ms when missing, and for the year 1 by which Go says "never".
  Result<WallTime> Time(std::string_view name) const;
  Result<WallTime> NeedTime(std::string_view name) const;
  /// A commit's hash in lower case.
  Result<std::string> Sha(std::string_view name) const;
  /// Empty when missing or empty.
  Result<std::string> MaybeSha(std::string_view name) const;
  /// Empty for the hash of zeros, which says "none".
  Result<std::string> ShaOrZero(std::string_view name) const;

  Failure Wrong(std::string_view name, std::string_view found, std::string_view expected) const;

 private:
  std::string PathOf(std::string_view name) const;

  const json::Value* value_;
  std::string path_;
};

}  // namespace stetig::connect::forge
