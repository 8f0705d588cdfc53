#include "http/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "http/url.h"

namespace stetig::http {

std::string_view MethodName(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
  }
  return "GET";
}

std::optional<std::string_view> Headers::Get(std::string_view name) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name_size == name.size()) {
      auto [key, value] = at(i);
      if (EqualsIgnoreCase(key, name)) {
        return value;
      }
    }
  }
  return std::nullopt;
}

size_t Headers::Count(std::string_view name) const {
  size_t count = 0;
  for (size_t i = 0; i < fields_.size(); ++i) {
    count += EqualsIgnoreCase(at(i).first, name) ? 1 : 0;
  }
  return count;
}

void Headers::Add(std::string_view name, std::string_view value) {
  CHECK(text_.size() + name.size() + value.size() < UINT32_MAX);
  Field field;
  field.name = static_cast<uint32_t>(text_.size());
  field.name_size = static_cast<uint32_t>(name.size());
  text_.append(name);
  field.value = static_cast<uint32_t>(text_.size());
  field.value_size = static_cast<uint32_t>(value.size());
  text_.append(value);
  fields_.push_back(field);
}

void Headers::Set(std::string_view name, std::string_view value) {
  Remove(name);
  Add(name, value);
}

void Headers::Remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) {
    return EqualsIgnoreCase(Text(field.name, field.name_size), name);
  });
}

std::vector<Headers::FieldView> Headers::fields() const {
  std::vector<FieldView> all;
  all.reserve(fields_.size());
  for (size_t i = 0; i < fields_.size(); ++i) {
    all.push_back(at(i));
  }
  return all;
}

std::string_view Request::PathParam(std::string_view name) const {
  for (const auto& [key, value] : path_params) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::vector<std::string> Request::QueryAll(std::string_view name) const {
  std::vector<std::string> values;
  std::string_view rest = query;
  while (!rest.empty()) {
    const size_t end = rest.find('&');
    std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const size_t equals = pair.find('=');
    if (FormDecode(pair.substr(0, equals)) == name) {
      values.push_back(equals == std::string_view::npos ? "" : FormDecode(pair.substr(equals + 1)));
    }
  }
  return values;
}

std::optional<std::string> Request::Query(std::string_view name) const {
  auto values = QueryAll(name);
  if (values.empty()) {
    return std::nullopt;
  }
  return std::move(values.front());
}

Task<std::string> ReadAll(ByteStream& body, size_t limit) {
  std::string text;
  const uint64_t known = body.length().value_or(0);
  if (known > limit) {
    co_return Err(Code::kResourceExhausted,
                  fmt::format("the body has {} bytes, expected at most {}", known, limit),
                  std::string(kBodyTooLarge));
  }
  static constexpr size_t kFirstPiece = 4096;
  static constexpr size_t kUnasked = 64 * 1024;  // from here on the memory is asked for
  size_t used = 0;
  text.resize(known > 0 ? std::min<size_t>(known + 1, kUnasked) : kFirstPiece);
  for (;;) {
    if (used == text.size()) {
      // Doubling, and one byte over the limit so that a body that is too long shows itself.
      const size_t most = used <= known ? known + 1 : limit + 1;
      const size_t next = std::min(most, used * 2);
      if (next > kUnasked && !body.Hold(next - std::max(used, kUnasked))) {
        co_return Err(Code::kUnavailable, "the server holds as many bytes of requests as it may");
      }
      text.reserve(next + kJsonPadding);
      text.resize(next);
    }
    auto into = std::as_writable_bytes(std::span(text).subspan(used));
    Result<size_t> got = co_await body.Read(into);
    ASSIGN_OR_CO_RETURN(size_t n, std::move(got));
    if (n == 0) {
      break;
    }
    used += n;
    if (used > limit) {
      co_return Err(Code::kResourceExhausted,
                    fmt::format("the body has more than {} bytes, its limit", limit),
                    std::string(kBodyTooLarge));
    }
  }
  text.resize(used);
  text.reserve(used + kJsonPadding);
  co_return text;
}

Response Response::Text(int status, std::string body, std::string_view content_type) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

Response Response::Json(int status, std::string body) {
  return Text(status, std::move(body), "application/json");
}

}  // namespace stetig::http
