// Everything that the command line says has a German text.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "api/v1/problem.h"
#include "api/v1/table.h"
#include "commands.h"
#include "help.h"

namespace stetig::app {
namespace {

using client::Language;

/// A text for each place of the tree of commands: "task list --filter".
using Places = std::map<std::string, std::string>;

void Collect(const CLI::App& command, const std::string& path, Places& places) {
  places[path] = command.get_description();
  const std::string footer = command.get_footer();
  // Examples are commands: the same in every language.
  places[path + " (end)"] = footer.substr(0, footer.find("\n  "));
  for (const CLI::Option* option : command.get_options()) {
    places[path + " " + option->get_name()] = option->get_description();
  }
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    Collect(*below, path + " " + below->get_name(), places);
  }
}

Places PlacesIn(Language language) {
  client::SetLanguage(language);
  CLI::App app("", "stetig");
  app.set_help_flag("-h,--help", Say("Print this help message and exit"));
  Invocation invocation;
  AddCommands(app, invocation);
  Places places;
  Collect(app, "", places);
  client::SetLanguage(Language::kEnglish);
  return places;
}

/// Without what the description has only to name values.
bool IsMerelyNames(const std::string& text) {
  return text.empty() || !text.contains(' ') || text.starts_with("Condition: ");
}

TEST(Texts, EveryHelpExistsInGerman) {
  const Places english = PlacesIn(Language::kEnglish);
  const Places german = PlacesIn(Language::kGerman);
  ASSERT_GT(english.size(), 500U);
  ASSERT_EQ(english.size(), german.size());
  for (const auto& [place, text] : english) {
    if (IsMerelyNames(text)) continue;
    EXPECT_NE(text, german.at(place))
        << "stetig" << place << ": no German for this text in src/client/texts_de/*.inc";
  }
}

TEST(Texts, EverySentenceOfTheTableExistsInGerman) {
  for (const api::v1::Operation& operation : api::v1::Operations()) {
    EXPECT_TRUE(client::HasGerman(operation.summary))
        << operation.Id() << ": " << operation.summary;
    for (const auto* properties : {&operation.query, &operation.body}) {
      for (const api::v1::Property& property : *properties) {
        EXPECT_TRUE(client::HasGerman(property.doc))
            << operation.Id() << " " << property.name << ": " << property.doc;
      }
    }
    for (const std::string& column : operation.shown) {
      EXPECT_TRUE(client::HasGermanHeading(column))
          << operation.Id() << ": texts_de/columns.inc lacks '" << column << "'";
    }
  }
}

TEST(Texts, EveryProblemExistsInGerman) {
  ASSERT_GT(api::v1::KnownProblems().size(), 30U);
  for (const std::string_view code : api::v1::KnownProblems()) {
    EXPECT_FALSE(client::GermanProblem(code).empty())
        << "texts_de/problems.inc lacks '" << code << "'";
  }
}

TEST(Texts, TheFlagForTheLanguageIsNoFieldOfTheTable) {
  for (const api::v1::Operation& operation : api::v1::Operations()) {
    for (const auto* properties : {&operation.query, &operation.body}) {
      EXPECT_EQ(std::ranges::find(*properties, "lang", &api::v1::Property::name), properties->end())
          << operation.Id();
    }
  }
}

TEST(Texts, SayFillsPlaceholdersInBothLanguages) {
  EXPECT_EQ(Say("there is no command '{}' (did you mean '{}'?)", "usr", "user"),
            "there is no command 'usr' (did you mean 'user'?)");
  client::SetLanguage(Language::kGerman);
  EXPECT_EQ(Say("there is no command '{}' (did you mean '{}'?)", "usr", "user"),
            "den Befehl 'usr' gibt es nicht (meinten Sie 'user'?)");
  client::SetLanguage(Language::kEnglish);
}

}  // namespace
}  // namespace stetig::app
