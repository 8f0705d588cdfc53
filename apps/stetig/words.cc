#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "client/contexts.h"

namespace stetig::app {
namespace {

/// A message of CLI11: what it begins and ends with, and the same in German.
struct Shape {
  std::string_view begin;
  std::string_view end;
  std::string_view german_begin;
  std::string_view german_end;
};

constexpr std::array kShapes = {
    Shape{"The following argument was not expected: ", "",
          "Dieses Argument wird nicht erwartet: ", ""},
    Shape{"The following arguments were not expected: ", "",
          "Diese Argumente werden nicht erwartet: ", ""},
    Shape{"A subcommand is required", "", "Ein Unterbefehl fehlt", ""},
    Shape{"", " is required", "", " fehlt"},
};

}  // namespace

std::string Examples(const std::vector<std::string>& lines) {
  std::string out = Say("Examples:");
  for (const std::string& line : lines) {
    out += line.starts_with('$') ? "\n  " + line.substr(1) : "\n  stetig " + line;
  }
  return out;
}

std::string RequiredGroup() { return Say("Required"); }

std::string InWords(const Status& status) {
  const std::string message(status.message());
  if (client::CurrentLanguage() == client::Language::kEnglish) return message;
  const std::string_view code = status.detail().empty() ? CodeName(status.code()) : status.detail();
  const std::string_view german = client::GermanProblem(code);
  return german.empty() ? message : fmt::format("{}: {}", german, message);
}

std::string InWords(const CLI::ParseError& error) {
  const std::string text = error.what();
  if (client::CurrentLanguage() == client::Language::kEnglish) return text;
  for (const Shape& shape : kShapes) {
    if (!text.starts_with(shape.begin) || !text.ends_with(shape.end)) continue;
    const size_t inner = text.size() - shape.begin.size() - shape.end.size();
    return fmt::format("{}{}{}", shape.german_begin, text.substr(shape.begin.size(), inner),
                       shape.german_end);
  }
  return Say("the command line is not right: {}", text);
}

Status TakeLanguage(std::vector<std::string>& arguments) {
  std::string flag;
  for (auto at = arguments.begin(); at != arguments.end() && *at != "--";) {
    if (at->starts_with("--lang=")) {
      flag = at->substr(7);
      at = arguments.erase(at);
    } else if (*at == "--lang" && at + 1 != arguments.end()) {
      flag = *(at + 1);
      at = arguments.erase(at, at + 2);
    } else {
      ++at;
    }
  }
  const auto contexts = client::LoadContexts();  // damaged ones are for who needs a server to name
  client::SetLanguage(client::ChooseLanguage(flag, contexts ? contexts->language : std::string()));
  if (!flag.empty() && !client::ParseLanguage(flag)) {
    return Err(Code::kInvalidArgument, Say("--lang is '{}', expected de or en", flag));
  }
  return OkStatus();
}

}  // namespace stetig::app
