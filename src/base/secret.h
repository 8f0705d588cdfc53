// A value that must not be seen: passwords, tokens, keys.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace stetig {

/// Holds a secret so that printing it by mistake, in a log field or a message, shows "***".
/// Reveal() marks the few places that need the value. Not wiped from memory.
template <class T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) {}
  const T& Reveal() const { return value_; }

 private:
  T value_{};
};

inline constexpr std::string_view kHiddenSecret = "***";

}  // namespace stetig

template <class T>
struct fmt::formatter<stetig::Secret<T>> : fmt::formatter<std::string_view> {
  auto format(const stetig::Secret<T>&, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(stetig::kHiddenSecret, context);
  }
};
