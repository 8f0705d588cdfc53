#include "http/url.h"

#include "base/text.h"

namespace stetig::http {

std::string FormDecode(std::string_view text) {
  return PercentDecodeLenient(text, /*plus_is_blank=*/true);
}

std::string_view TrimOws(std::string_view text) {
  constexpr std::string_view kOws = " \t";
  const size_t begin = text.find_first_not_of(kOws);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kOws) + 1 - begin);
}

bool NextListElement(std::string_view* list, std::string_view* element) {
  while (!list->empty()) {
    const size_t comma = list->find(',');
    *element = TrimOws(list->substr(0, comma));
    list->remove_prefix(comma == std::string_view::npos ? list->size() : comma + 1);
    if (!element->empty()) {
      return true;
    }
  }
  return false;
}

}  // namespace stetig::http
