#include "resources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "api/v1/table.h"
#include "client/output.h"
#include "operation.h"

namespace stetig::app {
namespace {

using api::v1::Operation;
using api::v1::Property;
using api::v1::Type;

std::string FlagOf(const std::string& name) {
  std::string flag = name;
  std::ranges::replace(flag, '_', '-');
  return flag == name ? "--" + flag : fmt::format("--{},--{}", flag, name);
}

std::string PlaceholderOf(const Property& property) {
  if (!property.values.empty()) return "WORD";
  switch (property.type) {
    case Type::kInteger:
    case Type::kNumber:
      return "N";
    case Type::kBoolean:
      return "true|false";
    case Type::kObject:
    case Type::kAny:
      return "JSON";
    default:
      return property.format == "date" ? "DATE" : property.format == "date-time" ? "TIME" : "TEXT";
  }
}

std::string DocOf(const Property& property) {
  const std::string doc = Translated(property.doc);
  if (property.values.empty()) return doc;
  return Say("{} One of {}.", doc, fmt::format("{}", fmt::join(property.values, ", ")));
}

/// "change requests": what a noun's commands work with.
std::string ThingsOf(const std::string& noun) {
  std::string words = noun == "ci" ? "build" : noun;
  std::ranges::replace(words, '-', ' ');
  if (words == "feedback") return words;
  if (words.ends_with('y')) return words.substr(0, words.size() - 1) + "ies";
  return words + (words.ends_with("ch") ? "es" : "s");
}

void AddQueryFlag(CLI::App& command, const Property& property, Asked& asked) {
  auto* option = command.add_option_function<std::vector<std::string>>(
      FlagOf(property.name),
      [&asked, name = property.name](const std::vector<std::string>& values) {
        for (const std::string& value : values) asked.query.emplace_back(name, value);
      },
      DocOf(property));
  option->type_name(PlaceholderOf(property))->allow_extra_args(false);
  option->multi_option_policy(property.type == Type::kStrings ? CLI::MultiOptionPolicy::TakeAll
                                                              : CLI::MultiOptionPolicy::Throw);
  if (property.required) option->required()->group(RequiredGroup());
}

void AddBodyFlag(CLI::App& command, const Property& property, Asked& asked) {
  auto* option = command.add_option_function<std::vector<std::string>>(
      FlagOf(property.name),
      [&asked, &property](const std::vector<std::string>& values) {
        for (const std::string& value : values) asked.body.emplace_back(&property, value);
      },
      DocOf(property));
  option->type_name(PlaceholderOf(property))->allow_extra_args(false);
  option->multi_option_policy(property.type == Type::kStrings ? CLI::MultiOptionPolicy::TakeAll
                                                              : CLI::MultiOptionPolicy::Throw);
  // Not CLI11's own: --data may bring the field.
  if (property.required) option->group(RequiredGroup());
}

void AddCommonFlags(CLI::App& command, const Operation& operation, Asked& asked) {
  command.add_option("--server", asked.server, Say("URL or context of the server [STETIG_SERVER]"))
      ->type_name("URL");
  command
      .add_option("-o,--output", asked.output,
                  Say("One of {}; auto: a table on a terminal, else tab-separated",
                      fmt::format("{}", fmt::join(client::OutputForms(), ", "))))
      ->check(CLI::IsMember(client::OutputForms()))
      ->type_name("FORM");
  command
      .add_option("--pick", asked.pick, Say("Prints only what a path finds: .title, .items[].key"))
      ->type_name("PATH");
  command.add_flag("-q,--quiet", asked.quiet, Say("Only the answer, no remarks"));
  if (operation.list) command.add_flag("--all", asked.all, Say("Every page, not only the first"));
  if (!operation.body_schema.empty()) {
    command
        .add_option("-d,--data", asked.data,
                    Say("The whole body as JSON; flags come on top; @FILE, @- for standard input"))
        ->type_name("JSON");
  }
  const bool changes =
      operation.method == http::Method::kPatch || operation.method == http::Method::kDelete;
  if (changes && !operation.kind.empty()) {
    command.add_option("--if-match", asked.if_match, Say("Only if it still has this revision"))
        ->type_name("N");
  }
  if (operation.method == http::Method::kPatch) {
    command.add_option("--unset", asked.unset, Say("Takes a field away"))
        ->type_name("FIELD")
        ->allow_extra_args(false);
  }
  if (operation.method == http::Method::kPost && !operation.kind.empty()) {
    command
        .add_option("--idempotency-key", asked.idempotency_key,
                    Say("A repetition with the same key makes nothing new"))
        ->type_name("TEXT");
  }
}

void AddOperation(CLI::App& noun, const Operation& operation, Invocation& in) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command = noun.add_subcommand(operation.verb, Translated(operation.summary));
  command->footer(Examples(operation.examples));
  const std::vector<std::string> names = operation.PathNames();
  asked->path.resize(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    std::string name = names[i];
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    });
    command->add_option(name, asked->path[i], Say("Id, key, or the begin of an id"))
        ->required()
        ->type_name("");
  }
  for (const Property& property : operation.query) AddQueryFlag(*command, property, *asked);
  for (const Property& property : operation.body) AddBodyFlag(*command, property, *asked);
  AddCommonFlags(*command, operation, *asked);
  command->callback([asked, &operation, &in] {
    in.action = [asked, &operation] { return RunOperation(operation, *asked); };
  });
}

}  // namespace

void AddResourceCommands(CLI::App& app, Invocation& in) {
  std::map<std::string, CLI::App*> nouns;
  for (const Operation& operation : api::v1::Operations()) {
    CLI::App*& noun = nouns[operation.noun];
    if (noun == nullptr) {
      noun = app.add_subcommand(
          operation.noun, operation.noun == "server"
                              ? Say("Says which server answers, and to whom")
                              : Translated(fmt::format("Works with {}", ThingsOf(operation.noun))));
      noun->require_subcommand(1);
      noun->footer(Say("Every verb: stetig help {} VERB", operation.noun));
    }
    const bool own = operation.Id() == "ci.record";  // AddCiRecord
    if (in.Wants(operation.noun) && !own) AddOperation(*noun, operation, in);
  }
}

}  // namespace stetig::app
