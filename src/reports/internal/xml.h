// XML as a walk over its elements, with expat behind it. Nothing outside the text is read, no
// entity but the five of XML is known, and a document that declares any is refused.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/status.h"

namespace stetig::reports::xml {

inline constexpr int kMaxDepth = 256;

/// The begin of an element. Valid during the call.
class Element {
 public:
  Element(std::string_view name, const char* const* attributes, int64_t line)
      : name_(name), attributes_(attributes), line_(line) {}

  std::string_view name() const { return name_; }
  int64_t line() const { return line_; }
  std::optional<std::string_view> Attribute(std::string_view name) const;
  /// kInvalidArgument, detail kMalformedReport: "line 3: MESSAGE".
  Status Error(std::string_view message) const;

 private:
  std::string_view name_;
  const char* const* attributes_;  // name, value, …, null
  int64_t line_;
};

/// What is told of a document. An error ends the walk and is returned.
struct Handler {
  std::function<Status(const Element&)> begin;
  std::function<Status(std::string_view name)> end;
};

/// Walks over a document of at most kMaxFile bytes in UTF-8, UTF-16, Latin-1 or ASCII.
/// Names of a namespace keep their prefix.
Status Walk(std::string_view text, const Handler& handler);

}  // namespace stetig::reports::xml
