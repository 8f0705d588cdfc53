#include "operation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <iterator>

#include "base/text.h"
#include "client/connection.h"
#include "client/output.h"
#include "client/width.h"
#include "io/file.h"
#include "io/host.h"
#include "resources.h"

namespace stetig::app {
namespace {

using api::v1::Operation;
using api::v1::Property;
using api::v1::Type;

constexpr size_t kMaxFile = size_t{16} << 20;

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
               Say("--{} is '{}', expected {}", flag, FirstCodePoints(text, 80), expected));
  };
  switch (property.type) {
    case Type::kInteger:
      if (const auto number = ParseInt64(text)) return json::Value(*number);
      return refuse(Say("an integer"));
    case Type::kNumber:
      if (const auto number = ParseDouble(text)) return json::Value(*number);
      return refuse(Say("a number"));
    case Type::kBoolean:
      if (text == "true" || text == "false") return json::Value(text == "true");
      return refuse(Say("true or false"));
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
                 parsed ? Say("--data is no JSON object")
                        : Say("--data is no JSON object: {}", parsed.error().message()));
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
    target += PercentEncode(next < asked.path.size() ? asked.path[next++] : "");
    at = operation.path.find('}', at) + 1;
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
      return Err(Code::kInternal, Say("the server's answer is no list: is it a stetig server?"));
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

}  // namespace

int RunOperation(const Operation& operation, const Asked& asked) {
  const bool as_json = asked.output == "json";
  auto server = client::ChooseServer(asked.server);
  if (!server) return FailRequest(server.error(), as_json, operation.noun);
  if (operation.verb == "watch") return RunWatch(*server, operation, asked);
  auto answer = AskForAll(*server, operation, asked);
  if (!answer) return FailRequest(answer.error(), as_json, operation.noun);
  if (answer->IsNull()) {
    if (!asked.quiet && !as_json) fmt::print(stderr, "{}\n", Say("done"));
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
    fmt::print(stderr, "{}\n", Say("(there are more: --all, or --limit up to 1000)"));
  }
  return kDone;
}

}  // namespace stetig::app
