// Filters and orders: any text gives a tree or an error; what can be printed again parses to the
// same tree.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "query/filter.h"
#include "query/order_by.h"

namespace stetig::query {
namespace {

// Print CHECKs that a text does not hold both kinds of quotes, and that a key holds no backtick.
bool Printable(const Node& node) {
  for (const Node& child : node.children) {
    if (!Printable(child)) return false;
  }
  if (node.kind != Node::Kind::kClause) return true;
  if (node.clause.field.key.find_first_of("`\"'") != std::string::npos) return false;
  const auto printable = [](const std::string& text) {
    return text.find_first_of("'\"\\") == std::string::npos;
  };
  if (const auto* text = std::get_if<std::string>(&node.clause.value)) return printable(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&node.clause.value)) {
    for (const std::string& text : *list) {
      if (!printable(text)) return false;
    }
  }
  if (const auto* real = std::get_if<double>(&node.clause.value))
    return *real - *real == 0;  // infinite: too large to be written
  return true;
}

void Run(std::string_view text) {
  for (const Subject subject : {Subject::kRuns, Subject::kExperiments, Subject::kRegisteredModels,
                                Subject::kModelVersions, Subject::kLoggedModels}) {
    const Result<Filter> filter = ParseFilter(text, subject);
    if (!filter) {
      CHECK(filter.error().code() == Code::kInvalidArgument && !filter.error().message().empty());
    } else if (*filter && subject != Subject::kLoggedModels && Printable(**filter)) {
      const Result<Filter> again = ParseFilter(Print(**filter), subject);
      CHECK(again.has_value() && *again == *filter);
    }
    const std::string order(text);
    const auto orders = ParseOrderBy(std::span(&order, 1), subject);
    CHECK(orders.has_value() || orders.error().code() == Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace stetig::query

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  stetig::query::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
