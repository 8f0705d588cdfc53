#include "query/order_by.h"

#include <algorithm>

#include <fmt/format.h>

#include "query/internal/lexer.h"
#include "query/internal/rules.h"

namespace stetig::query {
namespace {

using internal::Token;

Failure Refuse(std::string message) { return Err(Code::kInvalidArgument, std::move(message)); }

Result<Order> ParseOne(std::string_view text, Subject subject) {
  const std::vector<Token> tokens = internal::Tokenize(text);
  const size_t words = tokens.size() - 1;
  if (words == 0 || words > 2 || tokens[0].kind != Token::Kind::kField) {
    return Refuse(fmt::format("Invalid order_by clause '{}'. Could not be parsed.", text));
  }
  Order order;
  if (words == 2) {
    if (IsWord(tokens[1], "DESC")) {
      order.ascending = false;
    } else if (!IsWord(tokens[1], "ASC")) {
      return tokens[1].kind == Token::Kind::kField
                 ? Refuse(fmt::format("Invalid ordering key in order_by clause '{}'.", text))
                 : Refuse(fmt::format("Invalid order_by clause '{}'. Could not be parsed.", text));
    }
  }
  ASSIGN_OR_RETURN(order.field, internal::ParseOrderKey(tokens[0].text, words == 1, subject));
  if (subject == Subject::kRuns) {
    if (order.field.entity == Entity::kDataset) return Refuse("Invalid identifier type 'dataset'");
  } else if (order.field.entity != Entity::kAttribute) {
    return Refuse("Invalid order_by entity: tag");
  }
  return order;
}

}  // namespace

Result<std::vector<Order>> ParseOrderBy(std::span<const std::string> order_by, Subject subject) {
  if (order_by.size() > kMaxOrders)
    return Refuse(
        fmt::format("order_by has {} fields, at most {} are allowed", order_by.size(), kMaxOrders));
  std::vector<Order> orders;
  for (const std::string& text : order_by) {
    ASSIGN_OR_RETURN(Order order, ParseOne(text, subject));
    if (std::ranges::any_of(orders,
                            [&](const Order& other) { return other.field == order.field; })) {
      if (subject == Subject::kExperiments) continue;  // MLflow lets the first one decide
      std::string list;
      for (const std::string& item : order_by) list += (list.empty() ? "'" : ", '") + item + "'";
      return Refuse(fmt::format("`order_by` contains duplicate fields: [{}]", list));
    }
    orders.push_back(std::move(order));
  }
  return orders;
}

Result<Field> ParseOrderField(std::string_view field_name) {
  const size_t dot = field_name.find('.');
  if (dot == std::string_view::npos) return internal::ParseOrderAttribute(field_name);
  if (field_name.substr(0, dot) != "metrics")
    return Refuse(
        fmt::format("Invalid order by field name: {}. Only metrics are supported.", field_name));
  return Field{.entity = Entity::kMetric, .key = std::string(field_name.substr(dot + 1))};
}

}  // namespace stetig::query
