#include "completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>

#include "api/v1/table.h"
#include "base/text.h"
#include "client/connection.h"
#include "client/contexts.h"
#include "client/output.h"

namespace stetig::app {
namespace {

using api::v1::Operation;
using api::v1::Property;
using api::v1::Type;

constexpr auto kPatience = std::chrono::milliseconds(200);  // with the server
constexpr auto kEnd = std::chrono::milliseconds(300);       // of everything
constexpr std::string_view kMostItems = "1000";
constexpr size_t kMostExperiments = 100;  // whose runs are offered: they have to fit into a URL

/// What is known of a command line whose last word is being written.
struct Place {
  const CLI::App* command = nullptr;
  std::vector<std::string> path;              ///< names of the commands
  std::vector<std::string> arguments;         ///< behind them
  std::map<std::string, std::string> values;  ///< of flags, by name with '_'
  const CLI::Option* open = nullptr;          ///< the flag whose value is being written
};

struct Offer {
  std::vector<std::string> words;
  bool files = false;
};

std::string FieldOf(const CLI::Option& option) {
  std::string name = option.get_lnames().empty() ? "" : option.get_lnames().front();
  std::ranges::replace(name, '-', '_');
  return name;
}

const CLI::Option* FindFlag(const CLI::App& command, const std::string& word) {
  const CLI::Option* option = command.get_option_no_throw(word);
  return option != nullptr && option->nonpositional() ? option : nullptr;
}

const CLI::App* FindBelow(const CLI::App& command, const std::string& word) {
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (below->get_name() == word) return below;
  }
  return nullptr;
}

Place Locate(const CLI::App& app, const std::vector<std::string>& words) {
  Place place{.command = &app, .path = {}, .arguments = {}, .values = {}};
  for (const std::string& word : words) {
    if (place.open != nullptr) {
      place.values[FieldOf(*place.open)] = word;
      place.open = nullptr;
    } else if (word.starts_with('-')) {
      const size_t equals = word.find('=');
      const CLI::Option* option = FindFlag(*place.command, word.substr(0, equals));
      if (option == nullptr || option->get_type_size() == 0) continue;
      if (equals == std::string::npos) {
        place.open = option;
      } else {
        place.values[FieldOf(*option)] = word.substr(equals + 1);
      }
    } else if (const CLI::App* below = FindBelow(*place.command, word)) {
      place.command = below;
      place.path.push_back(word);
    } else {
      place.arguments.push_back(word);
    }
  }
  return place;
}

const Operation* OperationOf(const std::string& noun, std::string_view verb) {
  for (const Operation& operation : api::v1::Operations()) {
    if (operation.noun == noun && operation.verb == verb) return &operation;
  }
  return nullptr;
}

const Operation* OperationAt(const Place& place) {
  return place.path.size() == 2 ? OperationOf(place.path[0], place.path[1]) : nullptr;
}

std::string TextOf(const json::Value& item, std::string_view name) {
  const json::Value* member = item.Find(name);
  if (member == nullptr) return {};
  if (const std::string* text = member->AsString()) return *text;
  return member->AsInt64() == nullptr ? std::string() : std::to_string(*member->AsInt64());
}

/// The items of a list, `query` on top of the limit. None: the server does not say.
json::Array ItemsOf(const Operation& list, const Place& place, const std::string& query) {
  const auto named = place.values.find("server");
  auto server = client::ChooseServer(named == place.values.end() ? "" : named->second);
  if (!server) return {};
  server->patience = kPatience;
  auto exchange = client::Send(
      *server, http::Method::kGet,
      fmt::format("{}{}?limit={}{}", api::v1::kBase, list.path, kMostItems, query), {}, {});
  if (!exchange || exchange->status != 200) return {};
  auto body = json::Parse(exchange->body);
  const json::Value* items = body ? body->Find("items") : nullptr;
  return items == nullptr || items->AsArray() == nullptr ? json::Array() : *items->AsArray();
}

/// Keys, names or ids of what there is of a noun; ids where only they begin so.
std::vector<std::string> Live(const std::string& noun, const Place& place,
                              const std::string& begin) {
  const Operation* list = OperationOf(noun, "list");
  if (list == nullptr || !list->list || list->path.contains('{')) return {};
  std::string query;
  const bool runs = noun == "run";
  if (const auto given = place.values.find("experiment"); runs && given != place.values.end()) {
    query = "&experiment=" + PercentEncode(given->second);
  } else if (runs) {
    const json::Array experiments = ItemsOf(*OperationOf("experiment", "list"), place, "");
    for (size_t i = 0; i < std::min(experiments.size(), kMostExperiments); ++i) {
      query += "&experiment=" + PercentEncode(TextOf(experiments[i], "id"));
    }
  }
  const bool by_name = noun == "model" || noun == "experiment";
  std::vector<std::string> words;
  for (const json::Value& item : ItemsOf(*list, place, query)) {
    const std::string id = TextOf(item, "id");
    std::string word = TextOf(item, "key");
    if (word.empty() && by_name) word = TextOf(item, "name");
    if (!MayBeOffered(word)) word = id;
    if (!begin.empty() && !word.starts_with(begin)) word = id;
    words.push_back(std::move(word));
  }
  return words;
}

/// "model_version" of a type is the noun "model-version".
std::string NounOf(std::string type) {
  std::ranges::replace(type, '_', '-');
  return type;
}

std::vector<std::string> NamesOfContexts() {
  std::vector<std::string> names;
  if (const auto contexts = client::LoadContexts()) {
    for (const client::ServerContext& one : contexts->all) names.push_back(one.name);
  }
  return names;
}

const Property* PropertyOf(const Operation& operation, std::string_view name) {
  for (const auto* properties : {&operation.query, &operation.body}) {
    const auto found = std::ranges::find(*properties, name, &Property::name);
    if (found != properties->end()) return &*found;
  }
  return nullptr;
}

/// Values of a flag of one of the table's operations.
std::vector<std::string> ValuesOf(const Operation& operation, const std::string& field,
                                  const Place& place, const std::string& begin) {
  const Property* property = PropertyOf(operation, field);
  if (property != nullptr && !property->values.empty()) return property->values;
  if (property != nullptr && property->type == Type::kBoolean) return {"true", "false"};
  if (field == "unset") {
    std::vector<std::string> names;
    for (const Property& one : operation.body) {
      if (one.nullable) names.push_back(one.name);
    }
    return names;
  }
  if (field.ends_with("_id")) {
    const auto type = place.values.find(field.substr(0, field.size() - 3) + "_type");
    if (type != place.values.end()) return Live(NounOf(type->second), place, begin);
  }
  return Live(NounOf(field), place, begin);
}

Offer OfFlag(const Place& place, const CLI::Option& option, const std::string& begin) {
  const std::string field = FieldOf(option);
  const std::string type = option.get_type_name().substr(0, option.get_type_name().find(':'));
  if (type == "FILE" || type == "DIR") return {.words = {}, .files = true};
  if (field == "server") return {.words = NamesOfContexts()};
  if (field == "role") return {.words = {"viewer", "editor", "admin"}};
  if (field == "output") {
    return {.words =
                type == "FORM" ? client::OutputForms() : std::vector<std::string>{"text", "json"}};
  }
  if (const Operation* operation = OperationAt(place)) {
    return {.words = ValuesOf(*operation, field, place, begin), .files = begin.starts_with('@')};
  }
  return {.words = field == "project" ? Live("project", place, begin) : std::vector<std::string>()};
}

Offer OfArgument(const Place& place, const std::string& begin) {
  const std::string path = fmt::format("{}", fmt::join(place.path, " "));
  if (path == "context use" || path == "context remove") return {.words = NamesOfContexts()};
  if (path == "context language") return {.words = {"de", "en", "auto"}};
  if (path == "completion") return {.words = {"bash", "zsh", "fish"}};
  if (path.ends_with(" import") || path == "verify" || path == "journal export") {
    return {.words = {}, .files = true};
  }
  const Operation* operation = OperationAt(place);
  if (operation == nullptr) return {};
  const std::vector<std::string> names = operation->PathNames();
  if (place.arguments.size() >= names.size()) return {};
  const std::string& name = names[place.arguments.size()];
  if (name == "model") return {.words = Live("model", place, begin)};
  const bool typed = names.front() == "type" && place.arguments.size() == 1;
  if (typed) return {.words = Live(NounOf(place.arguments.front()), place, begin)};
  return {.words = name == "id" ? Live(operation->noun, place, begin) : std::vector<std::string>()};
}

std::vector<std::string> FlagsOf(const CLI::App& command) {
  std::vector<std::string> flags = {"--lang"};
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_lnames().empty()) flags.push_back("--" + option->get_lnames().front());
  }
  return flags;
}

Offer What(const CLI::App& app, const std::vector<std::string>& words, const std::string& begin) {
  // `help task create` is completed as `task create`.
  const bool help = !words.empty() && words.front() == "help";
  Place place = Locate(app, help ? std::vector(words.begin() + 1, words.end()) : words);
  if (place.open != nullptr) return OfFlag(place, *place.open, begin);
  if (const size_t equals = begin.find('='); begin.starts_with("--") && equals != begin.npos) {
    const CLI::Option* option = FindFlag(*place.command, begin.substr(0, equals));
    if (option == nullptr) return {};
    Offer offer = OfFlag(place, *option, begin.substr(equals + 1));
    for (std::string& word : offer.words) word = begin.substr(0, equals + 1) + word;
    return offer;
  }
  if (begin.starts_with('-')) return {.words = FlagsOf(*place.command)};
  Offer offer;
  for (const CLI::App* below : place.command->get_subcommands([](const auto*) { return true; })) {
    offer.words.push_back(below->get_name());
  }
  if (help || !offer.words.empty()) return offer;
  offer = OfArgument(place, begin);
  const bool all_there = offer.words.empty() && !offer.files && begin.empty();
  return all_there ? Offer{.words = FlagsOf(*place.command)} : offer;
}

void Print(const Offer& offer, const ShellLine& line, bool quote) {
  std::vector<std::string> words = offer.words;
  std::erase_if(words, [&](const std::string& word) {
    return !word.starts_with(line.current) || !MayBeOffered(word);
  });
  std::ranges::sort(words);
  words.erase(std::ranges::unique(words).begin(), words.end());
  std::string out = offer.files ? "f\n" : "";
  for (const std::string& word : words) {
    out += fmt::format("w{}\n", quote ? QuotedForShell(word.substr(line.kept), line.quote) : word);
  }
  fmt::print("{}", out);
}

constexpr std::string_view kBash = R"(_stetig() {
  local program=${COMP_WORDS[0]/#\~\//$HOME/} line
  type -P -- "$program" > /dev/null || program=stetig
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
    f) compopt -o default 2> /dev/null ;;
    w*) COMPREPLY+=("${line#w}") ;;
    esac
  done < <("$program" complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2> /dev/null)
}
complete -F _stetig stetig
)";

constexpr std::string_view kZsh = R"(autoload -Uz compinit && compinit
_stetig() {
  local line
  local -a found
  while IFS= read -r line; do
    case $line in
    f) _files ;;
    w*) found+=("${line#w}") ;;
    esac
  done < <("${(Q)words[1]}" complete words -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2> /dev/null)
  compadd -a found
}
compdef _stetig stetig
)";

constexpr std::string_view kFish = R"(function __stetig_complete
  set -l words (commandline -opc)
  for line in (stetig complete words -- $words[2..] (commandline -ct) 2> /dev/null)
    switch $line
      case f
        __fish_complete_path (commandline -ct)
      case 'w*'
        string sub -s 2 -- $line
    end
  end
end
complete -c stetig -f -a '(__stetig_complete)'
)";

}  // namespace

std::string CompletionScript(const std::string& shell) {
  return std::string(shell == "fish" ? kFish : shell == "zsh" ? kZsh : kBash);
}

int Complete(const CLI::App& app, const std::vector<std::string>& arguments) {
  // Also where a name server is what keeps us waiting. Nothing is printed before all is known.
  std::thread([] {
    std::this_thread::sleep_for(kEnd);
    std::_Exit(0);
  }).detach();
  const bool bash = arguments.size() == 3 && arguments[0] == "bash";
  ShellLine line;
  if (bash) {
    line = SplitShellLine(arguments[1], arguments[2]);
  } else if (arguments.size() >= 3 && arguments[0] == "words" && arguments[1] == "--") {
    line.words.assign(arguments.begin() + 2, arguments.end() - 1);
    line.current = arguments.back();
  }
  const bool of_flag = line.words.size() > 0 && line.words.back() == "--lang";
  Print(of_flag ? Offer{.words = {"de", "en"}} : What(app, line.words, line.current), line, bash);
  return 0;
}

}  // namespace stetig::app
