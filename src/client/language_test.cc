// Which language is spoken, and what both say.
#include "client/language.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <utility>
#include <vector>

#include "client/progress.h"

namespace stetig::client {
namespace {

/// Sets variables for one test, all others of the language being absent.
class Environment {
 public:
  explicit Environment(const std::vector<std::pair<const char*, const char*>>& given) {
    for (const char* name : kNames) unsetenv(name);
    for (const auto& [name, value] : given) setenv(name, value, 1);
  }
  ~Environment() {
    for (const char* name : kNames) unsetenv(name);
  }

 private:
  static constexpr const char* kNames[] = {"STETIG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};
};

TEST(Language, WordsOfLocales) {
  for (const std::string_view word : {"de", "de_DE.UTF-8", "de_AT", "de-CH", "DE", "de@euro"}) {
    EXPECT_EQ(ParseLanguage(word), Language::kGerman) << word;
  }
  for (const std::string_view word : {"en", "en_GB.UTF-8", "C", "C.UTF-8", "POSIX"}) {
    EXPECT_EQ(ParseLanguage(word), Language::kEnglish) << word;
  }
  for (const std::string_view word : {"", "fr_FR", "deutsch?", "den"}) {
    EXPECT_EQ(ParseLanguage(word), std::nullopt) << word;
  }
}

TEST(Language, TheFirstThatNamesOneDecides) {
  const Environment all({{"STETIG_LANG", "en"}, {"LC_ALL", "de_DE"}, {"LANG", "de_DE"}});
  EXPECT_EQ(ChooseLanguage("de", "en"), Language::kGerman);
  EXPECT_EQ(ChooseLanguage("", "de"), Language::kEnglish);
  const Environment locale({{"LC_MESSAGES", "de_DE.UTF-8"}, {"LANG", "en_US.UTF-8"}});
  EXPECT_EQ(ChooseLanguage("", ""), Language::kGerman);
  EXPECT_EQ(ChooseLanguage("", "en"), Language::kEnglish);
  const Environment third({{"LC_ALL", "fr_FR.UTF-8"}, {"LANG", "de_DE.UTF-8"}});
  EXPECT_EQ(ChooseLanguage("", ""), Language::kEnglish);
  const Environment none({});
  EXPECT_EQ(ChooseLanguage("", ""), Language::kEnglish);
}

TEST(Language, NoTextStandsTwice) {
  std::set<std::string_view> seen;
  for (const Text& text : kTexts) EXPECT_TRUE(seen.insert(text.english).second) << text.english;
}

TEST(Language, HeadsOfColumns) {
  EXPECT_EQ(Heading("updated_at"), "UPDATED AT");
  SetLanguage(Language::kGerman);
  EXPECT_EQ(Heading("updated_at"), "GEÄNDERT");
  EXPECT_EQ(Heading("metrics_of_mine"), "METRICS OF MINE");
  SetLanguage(Language::kEnglish);
}

TEST(Progress, NamesRateAndTimeLeft) {
  using std::chrono::milliseconds;
  EXPECT_EQ(ProgressLine("import", 0, 10, milliseconds(500)), "");
  EXPECT_EQ(ProgressLine("import", 120, 3000, milliseconds(2000)),
            "import: 120 of 3000, 60/s, 48 s left");
  EXPECT_EQ(ProgressLine("import", 10, 10, milliseconds(0)), "import: 10 of 10, 10000/s, 0 s left");
}

}  // namespace
}  // namespace stetig::client
