// The one route table: dispatch, methods, limits, permissions, documents and metrics are all
// derived from it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace stetig::http {

/// A handler is a coroutine function object without captured references: state is passed as
/// arguments by the maker.
using Handler = std::function<io::Awaitable<Response>(std::shared_ptr<Request>)>;

/// Facts about a route beside its handler; what is derived from the table reads them.
struct Route {
  Method method = Method::kGet;
  std::string pattern;  ///< "/api/2.0/mlflow/runs/get", "/models/{model_id}/tags", "/files/{path*}"
                        ///< (rest of the path, may hold '/')
  std::string name;     ///< stable operation name, e.g. "mlflow.runs.get"
  std::string summary;  ///< one sentence
  std::string permission;  ///< what the access check asks for: "public", "read", "write", "admin"
  size_t body_limit =
      0;  ///< bytes after decoding; 0 = no body accepted, kUnlimitedBody = streamed by the handler
  /// Of the handler's own work, without the time that bodies take on their way in and out
  /// (Request::FreshDeadline).
  std::chrono::milliseconds time_limit{120'000};
  Handler handler;
};
inline constexpr size_t kUnlimitedBody = static_cast<size_t>(-1);

/// What Match() found: a route with its path parameters, or the methods that the path would allow.
struct Match {
  const Route* route = nullptr;
  std::vector<std::pair<std::string_view, std::string>> params;
  std::vector<Method> allowed;  ///< filled when the path exists under other methods
};

/// Filled at start, then only read: then thread-safe, and pointers to routes stay valid.
class Router {
 public:
  Router();
  /// CHECKs that pattern + method is new.
  void Add(Route route);
  /// `path` is percent-decoded segment by segment here, so that an encoded slash never splits a
  /// segment. Literal segments win over parameters, parameters over {rest*}. HEAD finds the GET
  /// route where there is none of its own. A path with malformed escapes finds nothing.
  Match Find(Method method, std::string_view raw_path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Node;
  std::vector<Route> routes_;
  std::shared_ptr<Node> root_;
};

}  // namespace stetig::http
