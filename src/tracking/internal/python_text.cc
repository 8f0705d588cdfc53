#include "tracking/internal/python_text.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json_writer.h"
#include "query/names.h"

namespace stetig::tracking {

std::string PythonFloat(double value) {
  if (std::isnan(value)) {
    return "nan";
  }
  if (std::isinf(value)) {
    return value > 0 ? "inf" : "-inf";
  }
  std::string out;
  AppendDouble(out, value);
  return out;
}

std::string PythonList(std::span<const std::string> items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) {
      out += ", ";
    }
    out += query::PythonRepr(item);
  }
  out += ']';
  return out;
}

std::string PythonDump(const json::Value& value) {
  std::string out;
  if (const json::Array* array = value.AsArray()) {
    for (const json::Value& item : *array) {
      out += out.empty() ? "" : ", ";
      out += PythonDump(item);
    }
    return "[" + out + "]";
  }
  if (const json::Object* object = value.AsObject()) {
    for (const auto& [name, member] : *object) {
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", query::PythonJson(name),
                         PythonDump(member));
    }
    return "{" + out + "}";
  }
  return json::Dump(value, {.ascii = true});
}

}  // namespace stetig::tracking
