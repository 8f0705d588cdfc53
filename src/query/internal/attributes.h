// The attributes of each subject of a search: a table. Pure; thread-safe.
#pragma once

#include <span>
#include <string_view>

#include "query/filter.h"

namespace stetig::query::internal {

struct Attribute {
  std::string_view name;       ///< as a filter or an order may write it
  std::string_view canonical;  ///< as Field::key has it
  bool numeric = false;
  bool list = false;  ///< IN and NOT IN are legal
  bool filter = true;
  bool order = true;
};

/// Every way to write one, canonical names among them; none for records, which records.cc knows.
std::span<const Attribute> AttributesOf(Subject subject);
/// By a way to write it; null: there is none.
const Attribute* FindAttribute(Subject subject, std::string_view name);

}  // namespace stetig::query::internal
