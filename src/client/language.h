// The language that the command line speaks to people, and its texts. English is the source: a text
// stands in the code in English, and texts_de/*.inc has the German for it.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace stetig::client {

enum class Language : unsigned char { kEnglish, kGerman };

/// "de", "de_AT.UTF-8", "en", "C". Nothing: neither German nor English.
std::optional<Language> ParseLanguage(std::string_view name);

/// By the first that names one: `flag`, STETIG_LANG, `kept` (of the contexts), LC_ALL, LC_MESSAGES,
/// LANG; else English.
Language ChooseLanguage(std::string_view flag, std::string_view kept);

/// Of this process. Set before the first text is made; not thread-safe with it.
void SetLanguage(Language language);
Language CurrentLanguage();

struct Text {
  std::string_view english;  ///< or a problem's code
  std::string_view german;
};

inline constexpr Text kTexts[] = {
#include "client/texts_de/access.inc"
#include "client/texts_de/api.inc"
#include "client/texts_de/commands.inc"
#include "client/texts_de/connect.inc"
#include "client/texts_de/doctor.inc"
#include "client/texts_de/errors.inc"
#include "client/texts_de/planning.inc"
#include "client/texts_de/settings.inc"
};

namespace internal {

constexpr const Text* Find(std::string_view english) {
  for (const Text& text : kTexts) {
    if (text.english.size() == english.size() && text.english == english) return &text;
  }
  return nullptr;
}

/// Not constexpr: whoever calls it at compile time gets an error with this name in it.
void NoGermanTextInTextsDe();

template <class... Args>
struct Message {
  // NOLINTNEXTLINE(google-explicit-constructor): made of literals.
  consteval Message(const char* text) : english(text), checked(text) {
    if (Find(text) == nullptr) NoGermanTextInTextsDe();
  }

  std::string_view english;
  fmt::format_string<Args...> checked;
};

}  // namespace internal

/// A text that is known only when the program runs (from API v1's table) in the language of this
/// process; without a German one the English. Without placeholders.
std::string Translated(std::string_view english);
/// Whether there is a German text for it.
bool HasGerman(std::string_view english);
/// The head of a table's column: "UPDATED AT" of updated_at.
std::string Heading(std::string_view column);
/// Whether texts_de/columns.inc has it.
bool HasGermanHeading(std::string_view column);
/// What a problem's code means, in German; empty: not in texts_de/problems.inc.
std::string_view GermanProblem(std::string_view code);

/// A literal in the language of this process, with its placeholders filled. Does not compile while
/// texts_de has no German for it.
template <class... Args>
std::string Say(std::type_identity_t<internal::Message<Args...>> message, Args&&... args) {
  return fmt::vformat(CurrentLanguage() == Language::kGerman
                          ? internal::Find(message.english)->german
                          : message.english,
                      fmt::make_format_args(args...));
}

}  // namespace stetig::client
