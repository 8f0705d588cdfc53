// Values in PostgreSQL's binary formats: parameters out, columns in.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "store/database.h"

namespace stetig::store::postgres {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, ClearResult>;

/// The type that a value is sent as; 0 for NULL, which fits any.
Oid TypeOf(const Value& value);

/// Parameters as libpq takes them. Borrows texts and bytes; valid until the next Set.
class WireParams {
 public:
  void Set(Params params);
  int size() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<uint64_t> numbers_;
};

/// kInternal when a column has a type that no Row can show.
Status CheckColumns(const PGresult* result);

/// A row of a binary result that has passed CheckColumns.
class PgRow final : public Row {
 public:
  PgRow(const PGresult* result, int row) : result_(result), row_(row) {}
  bool IsNull(int column) const override;
  int64_t Int(int column) const override;
  double Real(int column) const override;
  std::string_view Text(int column) const override;
  std::span<const std::byte> Bytes(int column) const override;

 private:
  void Check(int column) const;
  const PGresult* result_;
  int row_;
};

}  // namespace stetig::store::postgres
