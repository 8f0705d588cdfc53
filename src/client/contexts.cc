#include "client/contexts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/json_value.h"
#include "client/language.h"
#include "io/file.h"

namespace stetig::client {
namespace {

constexpr size_t kMaxFile = size_t{1} << 20;

std::string TextOf(const json::Value& value, std::string_view name) {
  const json::Value* member = value.Find(name);
  const std::string* text = member == nullptr ? nullptr : member->AsString();
  return text == nullptr ? std::string() : *text;
}

}  // namespace

const ServerContext* Contexts::Find(const std::string& name) const {
  const auto found = std::ranges::find(all, name, &ServerContext::name);
  return found == all.end() ? nullptr : &*found;
}

void Contexts::Use(ServerContext context) {
  current = context.name;
  std::erase_if(all, [&](const ServerContext& other) { return other.name == context.name; });
  all.push_back(std::move(context));
}

std::string ContextsFile() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  const std::string folder = config != nullptr && *config != 0
                                 ? std::string(config)
                                 : std::string(home == nullptr ? "." : home) + "/.config";
  return folder + "/stetig/contexts.json";
}

Result<Contexts> LoadContexts() {
  const std::string path = ContextsFile();
  auto text = io::ReadFile(io::Env::System(), path, kMaxFile);
  if (!text) {
    if (text.error().code() == Code::kNotFound) return Contexts();
    return Err(std::move(text).error());
  }
  auto value = json::Parse(*text);
  const json::Value* all = value ? value->Find("contexts") : nullptr;
  if (all == nullptr || all->AsArray() == nullptr) {
    return Err(Code::kDataLoss, Say("{} is damaged, expected what 'stetig login' writes: "
                                    "mend or remove it",
                                    path));
  }
  Contexts contexts{
      .current = TextOf(*value, "current"), .language = TextOf(*value, "language"), .all = {}};
  for (const json::Value& one : *all->AsArray()) {
    contexts.all.push_back(
        {.name = TextOf(one, "name"), .url = TextOf(one, "url"), .token = TextOf(one, "token")});
  }
  return contexts;
}

Status SaveContexts(const Contexts& contexts) {
  json::Array all;
  for (const ServerContext& one : contexts.all) {
    all.push_back(json::Object{{"name", one.name}, {"url", one.url}, {"token", one.token}});
  }
  const std::string path = ContextsFile();
  io::Env& env = io::Env::System();
  TRY(env.MakeFolders(io::FolderOf(path)));
  json::Object document = {{"current", contexts.current}, {"contexts", std::move(all)}};
  if (!contexts.language.empty()) document.emplace_back("language", contexts.language);
  return io::WriteFileAtomically(env, path, json::Dump(json::Value(std::move(document))) + "\n");
}

}  // namespace stetig::client
