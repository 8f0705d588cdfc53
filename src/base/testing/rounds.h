// How long tests of chance run.
#pragma once

#include <algorithm>
#include <cstdlib>

namespace stetig::testing {

/// `usual` rounds in `make test`, ten times as many in `make soak` (which sets STETIG_SOAK), a
/// tenth under ThreadSanitizer, which is slow and looks for something else.
inline int Rounds(int usual) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  return std::max(1, usual / 10);
#endif
#endif
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets variables here
  return std::getenv("STETIG_SOAK") != nullptr ? usual * 10 : usual;
}

}  // namespace stetig::testing
