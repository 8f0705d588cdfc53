// Filters and orders over the records of stetig's own API: the same language, with fields that the
// caller names.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "query/filter.h"
#include "query/order_by.h"

namespace stetig::query {

enum class RecordFieldKind : unsigned char { kText, kNumber, kTime };

struct RecordField {
  std::string_view name;
  RecordFieldKind kind = RecordFieldKind::kText;
  bool sortable = false;
};

/// Parses and checks: each field is one of `fields`; a text is compared with texts, by any operator
/// (< and > compare bytes); a number with numbers by = != < <= > >=; a time so too,
/// with milliseconds or a text like '2026-11-27' or '2026-11-27T08:00:00Z', which become
/// milliseconds; IS [NOT] NULL fits all. An empty text gives no filter. kInvalidArgument names what
/// was found and expected.
Result<Filter> ParseRecordFilter(std::string_view text, std::span<const RecordField> fields);

/// `field [ASC|DESC]` each, of the sortable ones, none twice. Errors as above.
Result<std::vector<Order>> ParseRecordOrder(std::span<const std::string> order_by,
                                            std::span<const RecordField> fields);

}  // namespace stetig::query
