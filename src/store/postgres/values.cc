#include "store/postgres/values.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace stetig::store::postgres {
namespace {

// From the server's pg_type.dat; libpq has no header for them.
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kName = 19;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kUnknown = 705;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;
constexpr Oid kVarchar = 1043;
constexpr Oid kNumeric = 1700;
constexpr Oid kVoid = 2278;

constexpr int kBinary = 1;

template <class T>
T FromBigEndian(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return std::byteswap(value);
}

// A numeric, as sum() of integers yields: groups of four decimal digits, the first worth
// 10000^weight.
double NumericOf(const char* bytes) {
  const int groups = FromBigEndian<int16_t>(bytes);
  const int weight = FromBigEndian<int16_t>(bytes + 2);
  const auto sign = FromBigEndian<uint16_t>(bytes + 4);
  if (sign == 0xC000) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (sign == 0xD000 || sign == 0xF000) {
    return sign == 0xD000 ? std::numeric_limits<double>::infinity()
                          : -std::numeric_limits<double>::infinity();
  }
  double value = 0;
  for (int i = 0; i < groups; ++i) {
    value += FromBigEndian<int16_t>(bytes + 8 + 2 * i) * std::pow(10'000.0, weight - i);
  }
  return sign == 0x4000 ? -value : value;
}

// The whole part; exact as long as it fits.
int64_t WholeOf(const char* bytes) {
  const int groups = FromBigEndian<int16_t>(bytes);
  const int weight = FromBigEndian<int16_t>(bytes + 2);
  const auto sign = FromBigEndian<uint16_t>(bytes + 4);
  uint64_t value = 0;
  for (int i = 0; i <= weight; ++i) {
    value = value * 10'000 +
            static_cast<uint64_t>(i < groups ? FromBigEndian<int16_t>(bytes + 8 + 2 * i) : 0);
  }
  return static_cast<int64_t>(sign == 0x4000 ? 0 - value : value);
}

}  // namespace

Oid TypeOf(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return 0;
    case Value::Kind::kInt:
      return kInt8;
    case Value::Kind::kReal:
      return kFloat8;
    case Value::Kind::kText:
      return kText;
    case Value::Kind::kBytes:
      return kBytea;
  }
  return 0;
}

void WireParams::Set(Params params) {
  values_.assign(params.size(), nullptr);
  lengths_.assign(params.size(), 0);
  formats_.assign(params.size(), kBinary);
  numbers_.resize(params.size());
  for (size_t i = 0; i < params.size(); ++i) {
    const Value& value = params[i];
    const bool number = value.kind() == Value::Kind::kInt || value.kind() == Value::Kind::kReal;
    if (value.kind() == Value::Kind::kNull ||
        (value.kind() == Value::Kind::kReal && std::isnan(value.AsReal()))) {
      continue;
    }
    if (number) {
      const uint64_t bits = value.kind() == Value::Kind::kInt
                                ? static_cast<uint64_t>(value.AsInt())
                                : std::bit_cast<uint64_t>(value.AsReal());
      numbers_[i] = std::byteswap(bits);
      values_[i] = reinterpret_cast<const char*>(&numbers_[i]);
      lengths_[i] = sizeof(uint64_t);
    } else {
      const std::string_view text = value.AsText();
      values_[i] = text.data() == nullptr ? "" : text.data();
      lengths_[i] = static_cast<int>(text.size());
    }
  }
}

Status CheckColumns(const PGresult* result) {
  for (int i = 0; i < PQnfields(result); ++i) {
    switch (PQftype(result, i)) {
      case kBool:
      case kBytea:
      case kName:
      case kInt8:
      case kInt2:
      case kInt4:
      case kText:
      case kUnknown:
      case kFloat4:
      case kFloat8:
      case kVarchar:
      case kNumeric:
      case kVoid:
        continue;
      default:
        return Err(Code::kInternal, fmt::format("column {} has type {}, which a row cannot show", i,
                                                PQftype(result, i)));
    }
  }
  return OkStatus();
}

void PgRow::Check(int column) const { CHECK(column >= 0 && column < PQnfields(result_)); }

bool PgRow::IsNull(int column) const {
  Check(column);
  return PQgetisnull(result_, row_, column) != 0;
}

int64_t PgRow::Int(int column) const {
  if (IsNull(column)) {
    return 0;
  }
  const char* bytes = PQgetvalue(result_, row_, column);
  switch (PQftype(result_, column)) {
    case kInt8:
      return FromBigEndian<int64_t>(bytes);
    case kInt4:
      return FromBigEndian<int32_t>(bytes);
    case kInt2:
      return FromBigEndian<int16_t>(bytes);
    case kBool:
      return *bytes != 0 ? 1 : 0;
    case kNumeric:
      return WholeOf(bytes);
    case kFloat8:
    case kFloat4:
      return static_cast<int64_t>(Real(column));
    default: {
      const bool is_number = false;
      CHECK(is_number);
      return 0;
    }
  }
}

double PgRow::Real(int column) const {
  if (IsNull(column)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const char* bytes = PQgetvalue(result_, row_, column);
  switch (PQftype(result_, column)) {
    case kFloat8:
      return std::bit_cast<double>(FromBigEndian<uint64_t>(bytes));
    case kFloat4:
      return std::bit_cast<float>(FromBigEndian<uint32_t>(bytes));
    case kNumeric:
      return NumericOf(bytes);
    default:
      return static_cast<double>(Int(column));
  }
}

std::string_view PgRow::Text(int column) const {
  Check(column);
  return {PQgetvalue(result_, row_, column),
          static_cast<size_t>(PQgetlength(result_, row_, column))};
}

std::span<const std::byte> PgRow::Bytes(int column) const {
  Check(column);
  return {reinterpret_cast<const std::byte*>(PQgetvalue(result_, row_, column)),
          static_cast<size_t>(PQgetlength(result_, row_, column))};
}

}  // namespace stetig::store::postgres
