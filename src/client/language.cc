#include "client/language.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace stetig::client {
namespace {

constexpr Text kProblems[] = {
#include "client/texts_de/problems.inc"
};

constexpr Text kColumns[] = {
#include "client/texts_de/columns.inc"
};

template <size_t kSize>
std::string_view GermanIn(const Text (&texts)[kSize], std::string_view key) {
  const auto* found = std::ranges::find(texts, key, &Text::english);
  return found == std::end(texts) ? std::string_view() : found->german;
}

Language current = Language::kEnglish;

/// The arguments that a format uses, as bits; -1: an opening brace that is no placeholder's.
constexpr int ArgumentsOf(std::string_view format) {
  int used = 0;
  int next = 0;
  for (size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '{') continue;
    if (at + 1 < format.size() && format[at + 1] == '{') {
      ++at;
      continue;
    }
    if (at + 1 >= format.size()) return -1;
    const char first = format[at + 1];
    if (first >= '0' && first <= '9') {
      used |= 1 << (first - '0');
    } else if (first == '}' || first == ':') {
      used |= 1 << next++;
    } else {
      return -1;
    }
  }
  return used;
}

constexpr bool SamePlaceholders() {
  return std::ranges::all_of(kTexts, [](const Text& text) {
    return ArgumentsOf(text.english) == ArgumentsOf(text.german);
  });
}
static_assert(SamePlaceholders(), "a German text has other placeholders than the English one");

constexpr bool NoneIsEmpty() {
  return std::ranges::none_of(kTexts, [](const Text& text) { return text.german.empty(); });
}
static_assert(NoneIsEmpty());

}  // namespace

std::optional<Language> ParseLanguage(std::string_view name) {
  const std::string_view word = name.substr(0, name.find_first_of("_.@-"));
  if (word == "de" || word == "DE" || word == "German" || word == "german") {
    return Language::kGerman;
  }
  if (word == "en" || word == "EN" || word == "C" || word == "POSIX") return Language::kEnglish;
  return std::nullopt;
}

Language ChooseLanguage(std::string_view flag, std::string_view kept) {
  const auto variable = [](const char* name) -> std::string_view {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
  };
  for (const std::string_view name : {flag, variable("STETIG_LANG"), kept}) {
    if (const auto language = ParseLanguage(name)) return *language;
  }
  // As gettext does it: the first that is set decides, also when it names a third language.
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const std::string_view value = variable(name);
    if (!value.empty()) return ParseLanguage(value).value_or(Language::kEnglish);
  }
  return Language::kEnglish;
}

void SetLanguage(Language language) { current = language; }
Language CurrentLanguage() { return current; }

std::string Translated(std::string_view english) {
  if (current == Language::kEnglish) return std::string(english);
  const Text* text = internal::Find(english);
  return std::string(text == nullptr ? english : text->german);
}

bool HasGerman(std::string_view english) { return internal::Find(english) != nullptr; }

std::string_view GermanProblem(std::string_view code) { return GermanIn(kProblems, code); }

bool HasGermanHeading(std::string_view column) { return !GermanIn(kColumns, column).empty(); }

std::string Heading(std::string_view column) {
  if (current == Language::kGerman && HasGermanHeading(column)) {
    return std::string(GermanIn(kColumns, column));
  }
  std::string name(column);
  std::ranges::replace(name, '_', ' ');
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

}  // namespace stetig::client
