// What each subject of a search allows, and MLflow's words for what it does not.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "query/filter.h"
#include "query/internal/lexer.h"

namespace stetig::query::internal {

/// Use of a field: the legal attributes differ.
enum class Use : unsigned char { kFilter, kOrder };

/// Field of a token's text: entity, quotes and aliases resolved.
Result<Field> ParseField(std::string_view text, Subject subject, Use use);

/// The field of an `order_by`; `one_word` when no direction follows.
Result<Field> ParseOrderKey(std::string_view text, bool one_word, Subject subject);

/// An attribute in the order of logged models.
Result<Field> ParseOrderAttribute(std::string_view name);

/// What stands right of an operator: one token, or the texts of a list (`text` as written, for
/// messages).
struct RightSide {
  Token token;
  bool is_list = false;
  bool list_is_texts = true;  ///< every value of the list is quoted
  std::vector<std::string> list;
  std::string list_text;
};

/// The operand for a field, or MLflow's complaint about its type.
Result<Operand> CheckOperand(const Field& field, const RightSide& right, Subject subject);

/// The operator of its text, or MLflow's complaint that the field does not have it. `text` in upper
/// case.
Result<Operator> CheckOperator(const Field& field, std::string_view text, Subject subject);

}  // namespace stetig::query::internal
