// `stetig requirement sync`: the requirements of a repository's files and of the server become the
// same; what changed at both ends is shown, never merged.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "api/v1/table.h"
#include "base/text.h"
#include "base/yaml.h"
#include "client/output.h"
#include "client/requirement_files.h"
#include "io/file.h"
#include "resources.h"

namespace stetig::app {
namespace {

using client::Requirement;
using client::SyncAction;
using client::SyncStep;

constexpr size_t kMaxFile = size_t{1} << 20;
constexpr std::string_view kRequirements = "/api/v1/requirements";

struct Asked {
  std::string server;
  std::string output = "auto";
  std::string file = "stetig.yaml";
  std::string project;
  bool dry_run = false;
};

/// What stetig.yaml says of requirements.
struct Place {
  std::string project;
  std::string root;    ///< folder of stetig.yaml
  std::string folder;  ///< of the files, relative to it
};

Result<std::string> Member(const json::Value& document, std::string_view name,
                           const std::string& otherwise) {
  const json::Value* member = document.Find(name);
  if (member == nullptr) return otherwise;
  if (const std::string* text = member->AsString()) return *text;
  return Err(Code::kInvalidArgument,
             fmt::format("'{}' is {}, expected a text", name, json::Dump(*member)));
}

Result<Place> FindPlace(const Asked& asked) {
  const std::filesystem::path path(asked.file);
  Place place{.project = asked.project,
              .root = path.has_parent_path() ? path.parent_path().string() : ".",
              .folder = "requirements"};
  auto text = io::ReadFile(io::Env::System(), asked.file, kMaxFile);
  if (text) {
    ASSIGN_OR_RETURN(const json::Value document, ParseYaml(*text, asked.file));
    ASSIGN_OR_RETURN(const std::string project, Member(document, "project", ""));
    ASSIGN_OR_RETURN(place.folder, Member(document, "requirements", place.folder));
    if (place.project.empty()) place.project = project;
  } else if (text.error().code() != Code::kNotFound) {
    return Err(std::move(text).error());
  }
  if (place.project.empty()) {
    return Err(Code::kInvalidArgument,
               fmt::format("no project is named, expected 'project: KEY' in {} or --project KEY",
                           asked.file));
  }
  while (place.folder.ends_with('/')) place.folder.pop_back();
  if (!IsNormalRelativePath(place.folder)) {
    return Err(Code::kInvalidArgument,
               fmt::format("'requirements' is '{}', expected a folder below that of {}",
                           place.folder, asked.file));
  }
  return place;
}

Result<std::vector<Requirement>> ReadFiles(const Place& place) {
  std::vector<Requirement> files;
  const std::filesystem::path folder = std::filesystem::path(place.root) / place.folder;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    // Links are not followed: a repository may come from anywhere.
    if (it->path().extension() != ".md" || !it->is_regular_file() || it->is_symlink()) continue;
    const std::string path = it->path().lexically_relative(place.root).string();
    ASSIGN_OR_RETURN(const std::string text,
                     io::ReadFile(io::Env::System(), it->path().string(), kMaxFile));
    ASSIGN_OR_RETURN(Requirement file, client::ReadRequirementFile(text, path));
    files.push_back(std::move(file));
  }
  return files;
}

Result<json::Value> Call(const client::Server& server, http::Method method,
                         const std::string& target, const json::Value& body, int64_t revision,
                         const std::string& idempotency_key) {
  http::Headers headers;
  headers.Add("Content-Type", "application/json");
  if (revision > 0) headers.Add("If-Match", fmt::format("\"{}\"", revision));
  if (!idempotency_key.empty()) headers.Add("Idempotency-Key", idempotency_key);
  ASSIGN_OR_RETURN(const client::Exchange exchange,
                   client::Send(server, method, target, body.IsNull() ? "" : json::Dump(body),
                                std::move(headers)));
  if (exchange.status / 100 != 2) return Err(ProblemOf(exchange));
  return json::Parse(exchange.body);
}

Result<std::vector<Requirement>> ReadServer(const client::Server& server,
                                            const std::string& project) {
  std::vector<Requirement> all;
  std::string token;
  do {
    std::string target =
        fmt::format("{}?project={}&limit=1000", kRequirements, PercentEncode(project));
    if (!token.empty()) target += "&page_token=" + PercentEncode(token);
    ASSIGN_OR_RETURN(const json::Value page, Call(server, http::Method::kGet, target, {}, 0, {}));
    const json::Value* items = page.Find("items");
    if (items == nullptr || items->AsArray() == nullptr) {
      return Err(Code::kInternal, "the server's answer is no list: is it a stetig server?");
    }
    for (const json::Value& item : *items->AsArray())
      all.push_back(client::RequirementOfServer(item));
    const json::Value* next = page.Find("next_page_token");
    token = next == nullptr || next->AsString() == nullptr ? "" : *next->AsString();
  } while (!token.empty());
  return all;
}

Status WriteFile(const Place& place, Requirement requirement, const std::string& path) {
  requirement.path = path;
  const std::string full = place.root + "/" + path;
  io::Env& env = io::Env::System();
  TRY(env.MakeFolders(io::FolderOf(full)));
  return io::WriteFileAtomically(env, full, client::WriteRequirementFile(requirement));
}

/// Sends what the file says; the requirement as the server has it afterwards.
Result<Requirement> Push(const client::Server& server, const Place& place, const SyncStep& step) {
  if (step.action == SyncAction::kCreate) {
    json::Object body = step.file->content;
    body.emplace_back("project", place.project);
    body.emplace_back("path", step.path);
    const std::string once = client::DigestOf(body);  // a repetition makes no second one
    ASSIGN_OR_RETURN(
        const json::Value made,
        // Where the files go first, requirements may have been approved long ago.
        Call(server, http::Method::kPost, std::string(kRequirements) + "?imported=true",
             json::Value(std::move(body)), 0, once));
    return client::RequirementOfServer(made);
  }
  json::Object changes = client::ChangesOf(step.server->content, step.file->content);
  changes.emplace_back("path", step.path);
  ASSIGN_OR_RETURN(
      const json::Value changed,
      Call(server, http::Method::kPatch, fmt::format("{}/{}", kRequirements, step.server->id),
           json::Value(std::move(changes)), step.server->revision, {}));
  return client::RequirementOfServer(changed);
}

Status Apply(const client::Server& server, const Place& place, SyncStep& step) {
  switch (step.action) {
    case SyncAction::kNone:
    case SyncAction::kConflict:
      return OkStatus();
    case SyncAction::kCreate:
    case SyncAction::kPush: {
      ASSIGN_OR_RETURN(step.server, Push(server, place, step));
      break;
    }
    case SyncAction::kPull:
    case SyncAction::kMend:
      break;
  }
  return WriteFile(place, *step.server, step.path);
}

Result<std::vector<SyncStep>> Sync(const Asked& asked) {
  ASSIGN_OR_RETURN(const Place place, FindPlace(asked));
  ASSIGN_OR_RETURN(const client::Server server, client::ChooseServer(asked.server));
  ASSIGN_OR_RETURN(const std::vector<Requirement> files, ReadFiles(place));
  ASSIGN_OR_RETURN(const std::vector<Requirement> there, ReadServer(server, place.project));
  ASSIGN_OR_RETURN(std::vector<SyncStep> steps, client::PlanSync(files, there, place.folder));
  if (!asked.dry_run) {
    for (SyncStep& step : steps) TRY(Apply(server, place, step));
  }
  return steps;
}

int Run(const Asked& asked) {
  auto steps = Sync(asked);
  if (!steps) return FailRequest(steps.error(), asked.output == "json", "requirement");
  json::Array items;
  bool conflict = false;
  for (const SyncStep& step : *steps) {
    const Requirement& shown = step.server ? *step.server : *step.file;
    json::Object item = {
        {"action", client::SyncActionName(step.action)}, {"key", shown.key}, {"path", step.path}};
    if (step.action == SyncAction::kConflict) item.emplace_back("reason", step.reason);
    conflict = conflict || step.action == SyncAction::kConflict;
    items.push_back(std::move(item));
  }
  const client::Shown form = client::ShownOnOutput(client::ParseOutputForm(asked.output),
                                                   {"action", "key", "path", "reason"});
  fmt::print("{}", client::ShowList(items, form));
  if (conflict) {
    fmt::print(
        stderr,
        "Conflicts are left as they are. Make one end say what the other does:  edit the file, or  "
        "stetig requirement update KEY\n");
  }
  return conflict ? kRefused : kDone;
}

}  // namespace

void AddRequirementSync(CLI::App& app, Invocation& in) {
  auto asked = std::make_shared<Asked>();
  CLI::App* sync =
      app.get_subcommand("requirement")
          ->add_subcommand("sync", "Makes the requirements of files and server the same");
  sync->add_option("--file", asked->file,
                   "Names project and folder: 'project: KEY', 'requirements: FOLDER'")
      ->type_name("FILE")
      ->default_str("stetig.yaml");
  sync->add_option("--project", asked->project, "Key of the project (default: of the file)")
      ->type_name("KEY");
  sync->add_flag("--dry-run", asked->dry_run, "Only says what would be done");
  sync->add_option("--server", asked->server, "URL or context of the server [STETIG_SERVER]")
      ->type_name("URL");
  sync->add_option("-o,--output", asked->output, "Form of the list")
      ->check(CLI::IsMember(client::OutputForms()))
      ->type_name("FORM");
  sync->footer(
      "Files are requirements/*.md with front matter; identity is the 'id' in them, so files may "
      "be moved. What "
      "changed at one end goes to the other; what changed at both is a conflict (exit code "
      "5).\n\nExamples:\n  "
      "stetig requirement sync --dry-run\n  stetig requirement sync --project CHURN");
  sync->callback([asked, &in] { in.action = [asked] { return Run(*asked); }; });
}

}  // namespace stetig::app
