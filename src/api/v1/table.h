// The table of API v1: each operation once, with all that is derived from it: the route and its
// checks, openapi.json, and the command line's verbs and helps.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/context.h"
#include "base/json_value.h"
#include "http/router.h"

namespace stetig::api::v1 {

/// Form of a value in JSON; in a query and on the command line its text.
enum class Type : unsigned char { kString, kInteger, kNumber, kBoolean, kStrings, kObject, kAny };

struct Property {
  std::string name;
  Type type = Type::kString;
  std::string doc;  ///< one sentence
  bool required = false;
  bool nullable = false;            ///< null takes the value away (in changes)
  std::vector<std::string> values;  ///< of a choice; empty: free
  std::string format;               ///< of OpenAPI: "date", "int64"; often empty
  /// Of an integer in a query.
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();
};

/// A named shape of JSON objects: what answers are made of.
struct Schema {
  std::string name;  ///< "Requirement"
  std::string doc;
  std::vector<Property> properties;
};

struct Operation;

/// One call: checked against its operation before it gets here.
struct Call {
  Context& context;
  const Operation& operation;
  access::Principal who;
  Deadline deadline;
  std::shared_ptr<http::Request> http;
  json::Object body;  ///< empty for operations without one, and for those that take a file

  std::string Path(std::string_view name) const;
  /// The value of a query parameter or "".
  std::string Query(std::string_view name) const;
  /// Of a parameter whose type is kInteger; checked to be one.
  int64_t QueryInt(std::string_view name, int64_t otherwise) const;
  bool QueryFlag(std::string_view name) const;
  /// The text of a body's member or "".
  std::string Text(std::string_view name) const;
  /// The revision of If-Match; nothing: none given, or "*". kInvalidArgument: no ETag of ours.
  Result<std::optional<int64_t>> IfMatch() const;
};

/// What an operation answers. `body` is one object of the operation's schema, or a list.
struct Reply {
  json::Value body;
  std::string etag;      ///< without quotes; empty: none
  std::string location;  ///< path of what was made; empty: none
};

using Act = Task<Reply> (*)(Call call);
/// For answers that are no JSON object: files, event streams.
using ActRaw = Task<http::Response> (*)(Call call);

struct Operation {
  http::Method method = http::Method::kGet;
  std::string path;  ///< below /api/v1: "/projects/{project}/tasks"
  std::string noun;  ///< of the command line: "task"
  std::string verb;  ///< "list"
  std::string summary;
  std::string permission;  ///< "public", "read", "write", "admin"
  std::vector<Property> query;
  std::vector<Property> body;
  std::string body_schema;            ///< name for openapi.json; empty: no body
  std::string answer;                 ///< name of a Schema; empty: nothing (204)
  bool list = false;                  ///< {"items": […], "next_page_token"} of `answer`
  std::vector<std::string> shown;     ///< columns of the command line's table
  std::vector<std::string> examples;  ///< command lines, without "stetig"
  std::string kind;  ///< of planning's records, where the operation is made from it
  Act act = nullptr;
  ActRaw act_raw = nullptr;
  std::string media = "application/json";  ///< of what act_raw answers; "*/*": any
  /// Not 0: the body is a file of at most so many bytes, which `act` reads itself.
  size_t file_limit = 0;
  /// Names of the path that the command line does not ask for, with what it takes for them.
  std::vector<std::pair<std::string, std::string>> fixed;

  /// On the command line the noun alone is the command, without a verb.
  bool alone = false;

  /// Files go their own way on the command line.
  bool MovesFile() const { return file_limit > 0 || media == "*/*"; }

  /// "task.list": in openapi.json, logs and metrics.
  std::string Id() const { return noun + "." + verb; }
  /// Names of the parameters in the path, in order.
  std::vector<std::string> PathNames() const;
};

/// Every operation, grouped by noun. Made once; lives for ever.
const std::vector<Operation>& Operations();
/// Every shape that they name.
const std::vector<Schema>& Schemas();
/// CHECKs that there is one.
const Schema& SchemaOf(std::string_view name);

/// Adds the routes of every operation, /api/v1/openapi.json among them.
void AddRoutes(http::Router& router, Context& context);

inline constexpr std::string_view kBase = "/api/v1";

}  // namespace stetig::api::v1
