#include "resources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>

#include "api/v1/table.h"
#include "base/text.h"
#include "client/connection.h"
#include "client/output.h"
#include "client/width.h"
#include "help.h"
#include "io/file.h"
#include "io/host.h"

namespace stetig::app {
namespace {

using api::v1::Operation;
using api::v1::Property;
using api::v1::Type;

constexpr size_t kMaxFile = size_t{16} << 20;

/// What the command line gave for one operation.
struct Asked {
  std::string server;
  std::string output = "auto";
  std::string pick;
  bool all = false;
  bool quiet = false;
  std::string data;  ///< the body as JSON, or @FILE
  std::string if_match;
  std::string idempotency_key;
  std::vector<std::string> unset;
  std::vector<std::string> path;                           ///< in order of the path's names
  std::vector<std::pair<std::string, std::string>> query;  ///< by property
  std::vector<std::pair<const Property*, std::string>> body;
};

/// `@FILE` is the file's text, `@-` standard input's; "@@x" is "@x".
Result<std::string> TextOf(const std::string& value) {
  if (!value.starts_with('@')) return value;
  if (value.starts_with("@@")) return value.substr(1);
  const std::string path = value.substr(1);
  if (path == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  auto text = io::ReadFile(io::Env::System(), path, kMaxFile);
  if (!text) {
    return Err(Code::kInvalidArgument, fmt::format("{}: {}", path, text.error().message()));
  }
  return std::move(*text);
}

Result<json::Value> ValueOf(const Property& property, const std::string& given) {
  ASSIGN_OR_RETURN(std::string text, TextOf(given));
  const auto refuse = [&](std::string_view expected) {
    std::string flag = property.name;
    std::ranges::replace(flag, '_', '-');
    return Err(Code::kInvalidArgument,
               fmt::format("--{} is '{}', expected {}", flag, FirstCodePoints(text, 80), expected));
  };
  switch (property.type) {
    case Type::kInteger:
      if (const auto number = ParseInt64(text)) return json::Value(*number);
      return refuse("an integer");
    case Type::kNumber:
      if (const auto number = ParseDouble(text)) return json::Value(*number);
      return refuse("a number");
    case Type::kBoolean:
      if (text == "true" || text == "false") return json::Value(text == "true");
      return refuse("true or false");
    case Type::kObject:
    case Type::kAny: {
      auto value = json::Parse(text);
      if (value) return std::move(*value);
      return refuse("JSON");
    }
    default:
      return json::Value(std::move(text));
  }
}

Result<std::string> BodyOf(const Operation& operation, const Asked& asked) {
  if (operation.body_schema.empty()) return std::string();
  json::Value body{json::Object()};
  if (!asked.data.empty()) {
    ASSIGN_OR_RETURN(const std::string text, TextOf(asked.data));
    auto parsed = json::Parse(text);
    if (!parsed || parsed->AsObject() == nullptr) {
      return Err(Code::kInvalidArgument,
                 fmt::format("--data is no JSON object{}{}", parsed ? "" : ": ",
                             parsed ? "" : parsed.error().message()));
    }
    body = std::move(*parsed);
  }
  for (const auto& [property, given] : asked.body) {
    ASSIGN_OR_RETURN(json::Value value, ValueOf(*property, given));
    if (property->type != Type::kStrings) {
      body.Set(property->name, std::move(value));
      continue;
    }
    const json::Value* before = body.Find(property->name);
    json::Array list =
        before == nullptr || before->AsArray() == nullptr ? json::Array() : *before->AsArray();
    list.push_back(std::move(value));
    body.Set(property->name, std::move(list));
  }
  for (const std::string& name : asked.unset) {
    std::string field = name;
    std::ranges::replace(field, '-', '_');
    body.Set(field, nullptr);
  }
  return json::Dump(body);
}

std::string TargetOf(const Operation& operation, const Asked& asked) {
  std::string target(api::v1::kBase);
  size_t next = 0;
  for (size_t at = 0; at < operation.path.size();) {
    if (operation.path[at] != '{') {
      target += operation.path[at++];
      continue;
    }
    const size_t end = operation.path.find('}', at);
    const std::string name = operation.path.substr(at + 1, end - at - 1);
    const auto fixed =
        std::ranges::find(operation.fixed, name, &std::pair<std::string, std::string>::first);
    if (fixed != operation.fixed.end()) {
      target += fixed->second;
    } else {
      target += PercentEncode(next < asked.path.size() ? asked.path[next++] : "");
    }
    at = end + 1;
  }
  char separator = '?';
  for (const auto& [name, value] : asked.query) {
    target += fmt::format("{}{}={}", separator, name, PercentEncode(value));
    separator = '&';
  }
  return target;
}

Result<client::Exchange> Ask(const client::Server& server, const Operation& operation,
                             const Asked& asked) {
  ASSIGN_OR_RETURN(std::string body, BodyOf(operation, asked));
  http::Headers headers;
  if (!operation.body_schema.empty()) headers.Add("Content-Type", "application/json");
  if (!asked.if_match.empty()) headers.Add("If-Match", "\"" + asked.if_match + "\"");
  if (!asked.idempotency_key.empty()) headers.Add("Idempotency-Key", asked.idempotency_key);
  ASSIGN_OR_RETURN(client::Exchange exchange,
                   client::Send(server, operation.method, TargetOf(operation, asked),
                                std::move(body), std::move(headers)));
  if (exchange.status / 100 != 2) return Err(ProblemOf(exchange));
  return exchange;
}

/// Fetches page after page while --all asks for it.
Result<json::Value> AskForAll(const client::Server& server, const Operation& operation,
                              Asked asked) {
  json::Value whole;
  for (;;) {
    ASSIGN_OR_RETURN(const client::Exchange exchange, Ask(server, operation, asked));
    if (exchange.body.empty()) return json::Value();
    ASSIGN_OR_RETURN(json::Value page, json::Parse(exchange.body, {.bytes = size_t{256} << 20}));
    if (!operation.list) return page;
    const json::Value* items = page.Find("items");
    if (items == nullptr || items->AsArray() == nullptr) {
      return Err(Code::kInternal, "the server's answer is no list: is it a stetig server?");
    }
    const json::Value* token = page.Find("next_page_token");
    const bool more = token != nullptr && token->AsString() != nullptr && asked.all;
    if (more) {
      std::erase_if(asked.query, [](const auto& pair) { return pair.first == "page_token"; });
      asked.query.emplace_back("page_token", *token->AsString());
    }
    if (whole.IsNull()) {
      whole = std::move(page);
    } else {
      json::Object& object = *whole.AsObject();
      const auto kept = std::ranges::find(object, "items", &json::Member::first);
      std::ranges::copy(*items->AsArray(), std::back_inserter(*kept->second.AsArray()));
      if (!more)
        std::erase_if(object, [](const json::Member& m) { return m.first == "next_page_token"; });
    }
    if (!more) return whole;
  }
}

Result<std::string> Show(const Operation& operation, const Asked& asked,
                         const json::Value& answer) {
  if (!asked.pick.empty()) {
    ASSIGN_OR_RETURN(std::string picked, client::Pick(answer, asked.pick));
    return io::OutputIsTerminal() ? client::WithoutOrders(picked) : std::move(picked);
  }
  const client::OutputForm form = client::ParseOutputForm(asked.output);
  const bool fields =
      std::ranges::any_of(asked.query, [](const auto& pair) { return pair.first == "fields"; });
  const client::Shown shown =
      client::ShownOnOutput(form, fields ? std::vector<std::string>() : operation.shown);
  if (!operation.list) return client::ShowObject(answer, shown);
  if (form == client::OutputForm::kJson) return json::Dump(answer) + "\n";
  return client::ShowList(*answer.Find("items")->AsArray(), shown);
}

int RunWatch(const client::Server& server, const Operation& operation, const Asked& asked) {
  std::string pending;
  auto streamed = client::Stream(server, TargetOf(operation, asked), [&](std::string_view bytes) {
    pending += bytes;
    for (size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
      const std::string line = pending.substr(0, end);
      pending.erase(0, end + 1);
      if (!line.starts_with("data: ")) continue;
      fmt::print("{}\n", line.substr(6));
      std::fflush(stdout);
    }
    return true;
  });
  if (!streamed) return FailRequest(streamed.error(), asked.output == "json", operation.noun);
  if (streamed->status / 100 != 2) {
    return FailRequest(ProblemOf(*streamed), asked.output == "json", operation.noun);
  }
  return kDone;
}

int RunOperation(const Operation& operation, const Asked& asked) {
  const bool as_json = asked.output == "json";
  auto server = client::ChooseServer(asked.server);
  if (!server) return FailRequest(server.error(), as_json, operation.noun);
  if (operation.verb == "watch") return RunWatch(*server, operation, asked);
  auto answer = AskForAll(*server, operation, asked);
  if (!answer) return FailRequest(answer.error(), as_json, operation.noun);
  if (answer->IsNull()) {
    if (!asked.quiet && !as_json) fmt::print(stderr, "done\n");
    return kDone;
  }
  if (operation.act_raw != nullptr) {
    fmt::print("{}\n", json::Dump(*answer));
    return kDone;
  }
  auto text = Show(operation, asked, *answer);
  if (!text) return FailRequest(text.error(), as_json, operation.noun);
  fmt::print("{}", *text);
  const bool more = operation.list && answer->Find("next_page_token") != nullptr;
  if (more && !asked.quiet && !as_json) {
    fmt::print(stderr, "(there are more: --all, or --limit up to 1000)\n");
  }
  return kDone;
}

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
  if (property.values.empty()) return property.doc;
  return fmt::format("{} One of {}.", property.doc, fmt::join(property.values, ", "));
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
  if (property.required) option->required()->group(kRequired);
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
  if (property.required) option->group(kRequired);
}

void AddCommonFlags(CLI::App& command, const Operation& operation, Asked& asked) {
  command.add_option("--server", asked.server, "URL or context of the server [STETIG_SERVER]")
      ->type_name("URL");
  command
      .add_option("-o,--output", asked.output,
                  fmt::format("One of {}; auto: a table on a terminal, else tab-separated",
                              fmt::join(client::OutputForms(), ", ")))
      ->check(CLI::IsMember(client::OutputForms()))
      ->type_name("FORM");
  command.add_option("--pick", asked.pick, "Prints only what a path finds: .title, .items[].key")
      ->type_name("PATH");
  command.add_flag("-q,--quiet", asked.quiet, "Only the answer, no remarks");
  if (operation.list) command.add_flag("--all", asked.all, "Every page, not only the first");
  if (!operation.body_schema.empty()) {
    command
        .add_option("-d,--data", asked.data,
                    "The whole body as JSON; flags come on top; @FILE, @- for standard input")
        ->type_name("JSON");
  }
  const bool changes =
      operation.method == http::Method::kPatch || operation.method == http::Method::kDelete;
  if (changes && !operation.kind.empty()) {
    command.add_option("--if-match", asked.if_match, "Only if it still has this revision")
        ->type_name("N");
  }
  if (operation.method == http::Method::kPatch) {
    command.add_option("--unset", asked.unset, "Takes a field away")
        ->type_name("FIELD")
        ->allow_extra_args(false);
  }
  if (operation.method == http::Method::kPost && !operation.kind.empty()) {
    command
        .add_option("--idempotency-key", asked.idempotency_key,
                    "A repetition with the same key makes nothing new")
        ->type_name("TEXT");
  }
}

std::string HelpOf(const std::string& path_name) {
  if (path_name == "name") return "Its name";
  if (path_name == "phase") return "Its name: modeling";
  return "Id, key, or the begin of an id";
}

void AddOperation(CLI::App& parent, const Operation& operation, Invocation& in) {
  auto asked = std::make_shared<Asked>();
  CLI::App* command =
      parent.add_subcommand(operation.alone ? operation.noun : operation.verb, operation.summary);
  std::vector<std::string> lines;
  for (const std::string& example : operation.examples) lines.push_back("  stetig " + example);
  command->footer(fmt::format("Examples:\n{}", fmt::join(lines, "\n")));
  std::vector<std::string> names = operation.PathNames();
  std::erase_if(names, [&operation](const std::string& name) {
    return std::ranges::find(operation.fixed, name, &std::pair<std::string, std::string>::first) !=
           operation.fixed.end();
  });
  asked->path.resize(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    std::string name = names[i];
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    });
    command->add_option(name, asked->path[i], HelpOf(names[i]))->required()->type_name("");
  }
  for (const Property& property : operation.query) AddQueryFlag(*command, property, *asked);
  for (const Property& property : operation.body) AddBodyFlag(*command, property, *asked);
  AddCommonFlags(*command, operation, *asked);
  command->callback([asked, &operation, &in] {
    in.action = [asked, &operation] { return RunOperation(operation, *asked); };
  });
}

/// What helps most after this failure.
std::string NextCommand(const Status& status, const std::string& noun) {
  switch (status.code()) {
    case Code::kUnavailable:
      return "Start one:  stetig up\nOr name another:  --server URL, or once and for all:  stetig "
             "login URL";
    case Code::kUnauthenticated:
      return "Log in:  stetig login URL";
    case Code::kPermissionDenied:
      return "See who you are:  stetig server info";
    case Code::kNotFound:
      return fmt::format("See:  stetig {} list", noun);
    case Code::kInvalidArgument:
      return fmt::format("See:  stetig help {}", noun);
    case Code::kFailedPrecondition:
      return status.detail() == "revision_mismatch"
                 ? fmt::format("Look at it again:  stetig {} get ID", noun)
                 : "";
    default:
      return "";
  }
}

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case Code::kInvalidArgument:
      return kWrongCommandLine;
    case Code::kNotFound:
      return kNotFound;
    case Code::kUnauthenticated:
    case Code::kPermissionDenied:
      return kNotAllowed;
    case Code::kFailedPrecondition:
      return kRefused;
    case Code::kUnavailable:
      return kNotReachable;
    default:
      return kFailed;
  }
}

}  // namespace

Status ProblemOf(const client::Exchange& exchange) {
  auto value = json::Parse(exchange.body);
  const auto text = [&](std::string_view name) {
    const json::Value* member = value ? value->Find(name) : nullptr;
    const std::string* found = member == nullptr ? nullptr : member->AsString();
    return found == nullptr ? std::string() : *found;
  };
  std::string detail = text("detail");
  if (detail.empty()) detail = fmt::format("the server answers {}", exchange.status);
  const Code code = exchange.status == 404   ? Code::kNotFound
                    : exchange.status == 401 ? Code::kUnauthenticated
                    : exchange.status == 403 ? Code::kPermissionDenied
                    : exchange.status == 409 || exchange.status == 412 || exchange.status == 422
                        ? Code::kFailedPrecondition
                    : exchange.status == 429     ? Code::kResourceExhausted
                    : exchange.status / 100 == 4 ? Code::kInvalidArgument
                                                 : Code::kInternal;
  return {code, std::move(detail), text("code")};
}

int FailRequest(const Status& status, bool json, const std::string& noun) {
  const std::string next = NextCommand(status, noun);
  if (json) {
    const std::string_view code =
        status.detail().empty() ? CodeName(status.code()) : status.detail();
    const json::Value error = json::Object{
        {"error", json::Object{{"code", code}, {"detail", status.message()}, {"next", next}}}};
    fmt::print(stderr, "{}\n", json::Dump(error));
  } else {
    fmt::print(stderr, "stetig: {}\n", status.message());
    if (!next.empty()) fmt::print(stderr, "{}\n", next);
  }
  return ExitCodeOf(status);
}

void AddResourceCommands(CLI::App& app, Invocation& in) {
  std::map<std::string, CLI::App*> nouns;
  for (const Operation& operation : api::v1::Operations()) {
    if (operation.alone) {
      AddOperation(app, operation, in);
      continue;
    }
    CLI::App*& noun = nouns[operation.noun];
    if (noun == nullptr) {
      std::string words = operation.noun;
      std::ranges::replace(words, '-', ' ');
      const bool plain = words == "feedback";
      noun = app.add_subcommand(operation.noun,
                                operation.noun == "server"
                                    ? std::string("Says which server answers, and to whom")
                                    : fmt::format("Works with {}{}", words, plain ? "" : "s"));
      noun->require_subcommand(1);
      noun->footer(fmt::format("Every verb: stetig help {} VERB", operation.noun));
    }
    if (!operation.MovesFile()) AddOperation(*noun, operation, in);
  }
}

}  // namespace stetig::app
