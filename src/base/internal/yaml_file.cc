#include "base/internal/yaml_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace stetig::config::internal {
namespace {

size_t LineOf(const YAML::Mark& mark) { return static_cast<size_t>(mark.line) + 1; }

Failure At(std::string_view source, const YAML::Mark& mark, std::string_view message) {
  return Err(Code::kInvalidArgument, fmt::format("{} line {}: {}", source, LineOf(mark), message));
}

Result<YamlItem> ReadItem(const YAML::Node& name, const YAML::Node& value,
                          std::string_view source) {
  if (!name.IsScalar()) {
    return At(source, name.Mark(), "expected a name");
  }
  YamlItem item{.name = name.Scalar(),
                .values = {},
                .is_list = value.IsSequence(),
                .line = LineOf(name.Mark())};
  if (value.IsScalar()) {
    item.values.push_back(value.Scalar());
    return item;
  }
  if (!value.IsSequence()) {
    return At(source, name.Mark(),
              fmt::format("'{}' has no value, expected a scalar or a list", item.name));
  }
  for (const YAML::Node& element : value) {
    if (!element.IsScalar()) {
      return At(source, element.Mark(),
                fmt::format("'{}' holds a nested value, expected scalars", item.name));
    }
    item.values.push_back(element.Scalar());
  }
  return item;
}

Result<std::vector<YamlItem>> ReadNode(const YAML::Node& root, std::string_view source) {
  std::vector<YamlItem> items;
  if (!root.IsDefined() || root.IsNull()) {
    return items;
  }
  if (!root.IsMap()) {
    return At(source, root.Mark(), "expected a mapping of names to values");
  }
  for (const auto& pair : root) {
    ASSIGN_OR_RETURN(YamlItem item, ReadItem(pair.first, pair.second, source));
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace

Result<std::string> ReadSmallFile(const std::string& path) {
  std::unique_ptr<std::FILE, decltype([](std::FILE* f) { std::fclose(f); })> file(
      std::fopen(path.c_str(), "re"));
  if (file == nullptr) {
    Code code = errno == ENOENT   ? Code::kNotFound
                : errno == EACCES ? Code::kPermissionDenied
                                  : Code::kUnavailable;
    return Err(code, fmt::format("the configuration file '{}' cannot be opened: {}", path,
                                 std::strerror(errno)));
  }
  std::string text;
  std::array<char, 4096> buffer{};
  while (size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    text.append(buffer.data(), got);
    if (text.size() > kMaxFile) {
      return Err(Code::kInvalidArgument,
                 fmt::format("the configuration file '{}' is too large, expected at most {} bytes",
                             path, kMaxFile));
    }
  }
  if (std::ferror(file.get()) != 0) {
    return Err(Code::kUnavailable, fmt::format("the configuration file '{}' cannot be read", path));
  }
  return text;
}

Result<std::vector<YamlItem>> ReadYamlMapping(std::string_view text, std::string_view source) {
  try {
    return ReadNode(YAML::Load(std::string(text)), source);
  } catch (const YAML::Exception& e) {
    return At(source, e.mark, e.msg);
  }
}

}  // namespace stetig::config::internal
