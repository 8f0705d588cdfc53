#include "base/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <unordered_set>

#include "base/text.h"

namespace stetig {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  Result<json::Value> Read(const YAML::Node& node, int depth) {
    if (++nodes_ > kMaxYamlNodes) {
      return Refuse(node, fmt::format("holds more than {} values", kMaxYamlNodes));
    }
    if (depth > kMaxYamlDepth) {
      return Refuse(node, fmt::format("is nested deeper than {} levels", kMaxYamlDepth));
    }
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return Scalar(node);
      case YAML::NodeType::Sequence:
        return Sequence(node, depth);
      case YAML::NodeType::Map:
        return Mapping(node, depth);
      default:
        return json::Value();
    }
  }

  Failure Refuse(const YAML::Node& node, std::string_view what) const {
    return Err(Code::kInvalidArgument,
               fmt::format("{}, line {}: {}", source_, node.Mark().line + 1, what));
  }

 private:
  static json::Value Scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return text;  // quoted
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
      return {};
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    const std::string_view digits = text.starts_with('+') ? std::string_view(text).substr(1) : text;
    if (const auto integer = ParseInt64(digits)) return *integer;
    const bool numeric = digits.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
    if (const auto number = ParseDouble(digits); number && numeric) return *number;
    return text;
  }

  Result<json::Value> Sequence(const YAML::Node& node, int depth) {
    json::Array array;
    for (const YAML::Node& element : node) {
      ASSIGN_OR_RETURN(json::Value value, Read(element, depth + 1));
      array.push_back(std::move(value));
    }
    return array;
  }

  Result<json::Value> Mapping(const YAML::Node& node, int depth) {
    json::Object object;
    std::unordered_set<std::string> seen;
    for (const auto& member : node) {
      if (!member.first.IsScalar()) return Refuse(member.first, "a key is no text");
      const std::string& key = member.first.Scalar();
      if (!seen.insert(key).second) {
        return Refuse(member.first, fmt::format("'{}' stands twice", key));
      }
      ASSIGN_OR_RETURN(json::Value value, Read(member.second, depth + 1));
      object.emplace_back(key, std::move(value));
    }
    return object;
  }

  std::string_view source_;
  size_t nodes_ = 0;
};

}  // namespace

Result<json::Value> ParseYaml(std::string_view text, std::string_view source) {
  if (text.size() > kMaxYamlBytes) {
    return Err(Code::kInvalidArgument, fmt::format("{} has {} bytes, at most {} are allowed",
                                                   source, text.size(), kMaxYamlBytes));
  }
  if (!IsValidUtf8(text)) {
    return Err(Code::kInvalidArgument, fmt::format("{} is not UTF-8", source));
  }
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.empty()) return json::Value();
    Reader reader(source);
    if (documents.size() > 1)
      return reader.Refuse(documents[1], "a second document begins, expected one");
    return reader.Read(documents.front(), 1);
  } catch (const YAML::Exception& error) {
    return Err(Code::kInvalidArgument,
               fmt::format("{}, line {}: {}", source, error.mark.line + 1, error.msg));
  }
}

}  // namespace stetig
