// Rows of parameters for QueryMany and ExecuteMany.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "store/database.h"

namespace stetig::trace::internal {

/// Rows of N values; texts are borrowed and must outlive the call.
template <size_t N>
class ParamRows {
 public:
  explicit ParamRows(size_t count) { values_.reserve(count); }
  void Add(std::array<store::Value, N> row) { values_.push_back(row); }
  std::span<const store::Params> spans() {
    spans_.assign(values_.begin(), values_.end());
    return spans_;
  }
  bool empty() const { return values_.empty(); }

 private:
  std::vector<std::array<store::Value, N>> values_;
  std::vector<store::Params> spans_;
};

inline store::Value OrNull(std::optional<int64_t> value) {
  return value ? store::Value(*value) : store::Value(nullptr);
}
inline std::optional<int64_t> OptionalInt(const store::Row& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional(row.Int(column));
}

}  // namespace stetig::trace::internal
