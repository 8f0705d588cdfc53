#include "query/like.h"

namespace stetig::query {
std::string GlobOfLike(std::string_view pattern) {
  std::string glob;
  glob.reserve(pattern.size() + 8);
  for (const char c : pattern) {
    switch (c) {
      case '%':
        glob += '*';
        break;
      case '_':
        glob += '?';
        break;
      case '*':
      case '?':
      case '[':
        glob += '[';
        glob += c;
        glob += ']';
        break;
      default:
        glob += c;
    }
  }
  return glob;
}

}  // namespace stetig::query
