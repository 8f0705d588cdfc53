#include "http/router.h"

#include <array>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace stetig::http {
namespace {

constexpr size_t kMethods = 7;

struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

// The segment up to the next '/', taken off `path` with that slash.
std::string_view TakeSegment(std::string_view* path, bool* last) {
  const size_t slash = path->find('/');
  std::string_view segment = path->substr(0, slash);
  *last = slash == std::string_view::npos;
  path->remove_prefix(*last ? path->size() : slash + 1);
  return segment;
}

}  // namespace

/// One step of the trie. A leaf per method holds the route's place and its parameters' names in
/// order.
struct Router::Node {
  struct Leaf {
    int route = -1;
    std::vector<std::string> names;
  };
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
  std::unique_ptr<Node> parameter;
  std::unique_ptr<Node> rest;
  std::array<Leaf, kMethods> leaves;

  // Root only.
  std::unordered_map<std::string, const Node*, StringHash, std::equal_to<>> without_parameters;

  const Leaf* LeafFor(Method method) const {
    const Leaf& own = leaves[static_cast<size_t>(method)];
    if (own.route >= 0) {
      return &own;
    }
    const Leaf& get = leaves[static_cast<size_t>(Method::kGet)];
    return method == Method::kHead && get.route >= 0 ? &get : nullptr;
  }
};

namespace {

template <class Node>
struct Search {
  Method method;
  std::vector<std::string_view> values;
  std::array<bool, kMethods> allowed{};

  // Depth first: literal, then parameter, then rest. On success `values` holds the parameters' raw
  // text.
  const typename Node::Leaf* Walk(const Node& node, std::string_view path) {
    bool last = false;
    std::string_view after = path;
    std::string_view segment = TakeSegment(&after, &last);
    if (auto it = node.literal.find(Decoded(segment)); it != node.literal.end()) {
      if (auto* leaf = Step(*it->second, after, last)) {
        return leaf;
      }
    }
    if (node.parameter && !segment.empty()) {
      values.push_back(segment);
      if (auto* leaf = Step(*node.parameter, after, last)) {
        return leaf;
      }
      values.pop_back();
    }
    if (node.rest) {
      values.push_back(path);
      if (auto* leaf = Finish(*node.rest)) {
        return leaf;
      }
      values.pop_back();
    }
    return nullptr;
  }

 private:
  static std::string Decoded(std::string_view segment) {
    return PercentDecode(segment).value_or(std::string(segment));
  }
  const typename Node::Leaf* Step(const Node& node, std::string_view after, bool last) {
    return last ? Finish(node) : Walk(node, after);
  }
  const typename Node::Leaf* Finish(const Node& node) {
    for (size_t i = 0; i < kMethods; ++i) {
      allowed[i] = allowed[i] || node.leaves[i].route >= 0;
    }
    return node.LeafFor(method);
  }
};

}  // namespace

Router::Router() : root_(std::make_shared<Node>()) {}

void Router::Add(Route route) {
  CHECK(route.pattern.starts_with('/'));
  Node* node = root_.get();
  std::vector<std::string> names;
  std::string_view rest = std::string_view(route.pattern).substr(1);
  for (bool last = false; !last;) {
    std::string_view segment = TakeSegment(&rest, &last);
    if (!segment.starts_with('{')) {
      auto& next = node->literal[std::string(segment)];
      next = next ? std::move(next) : std::make_unique<Node>();
      node = next.get();
      continue;
    }
    CHECK(segment.ends_with('}'));
    segment = segment.substr(1, segment.size() - 2);
    const bool takes_rest = segment.ends_with('*');
    CHECK(!takes_rest || last);
    names.emplace_back(takes_rest ? segment.substr(0, segment.size() - 1) : segment);
    auto& next = takes_rest ? node->rest : node->parameter;
    next = next ? std::move(next) : std::make_unique<Node>();
    node = next.get();
  }
  Node::Leaf& leaf = node->leaves[static_cast<size_t>(route.method)];
  CHECK(leaf.route < 0);
  leaf.route = static_cast<int>(routes_.size());
  leaf.names = std::move(names);
  if (leaf.names.empty()) {
    root_->without_parameters[route.pattern] = node;
  }
  routes_.push_back(std::move(route));
}

Match Router::Find(Method method, std::string_view raw_path) const {
  Match match;
  if (!raw_path.starts_with('/')) {
    return match;
  }
  if (auto it = root_->without_parameters.find(raw_path); it != root_->without_parameters.end()) {
    if (const auto* leaf = it->second->LeafFor(method)) {
      match.route = &routes_[static_cast<size_t>(leaf->route)];
      return match;
    }
  }
  Search<Node> search{.method = method};
  const auto* leaf = search.Walk(*root_, raw_path.substr(1));
  if (leaf != nullptr) {
    for (size_t i = 0; i < search.values.size(); ++i) {
      auto decoded = PercentDecode(search.values[i]);
      if (!decoded) {
        return {};
      }
      match.params.emplace_back(leaf->names[i], *std::move(decoded));
    }
    match.route = &routes_[static_cast<size_t>(leaf->route)];
    return match;
  }
  for (size_t i = 0; i < kMethods; ++i) {
    if (search.allowed[i]) {
      match.allowed.push_back(static_cast<Method>(i));
      if (static_cast<Method>(i) == Method::kGet &&
          !search.allowed[static_cast<size_t>(Method::kHead)]) {
        match.allowed.push_back(Method::kHead);
      }
    }
  }
  return match;
}

}  // namespace stetig::http
