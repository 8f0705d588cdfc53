// CHECK stops the program on a broken invariant of ours; DCHECK does so in debug builds only, for
// costly conditions. Never for input from outside: that gets a Status.
#pragma once

namespace stetig::internal {
/// Prints the condition and where it stands to stderr, then aborts.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace stetig::internal

#define CHECK(condition)                                               \
  do {                                                                 \
    if (!(condition)) [[unlikely]] {                                   \
      ::stetig::internal::CheckFailed(#condition, __FILE__, __LINE__); \
    }                                                                  \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define DCHECK(condition) CHECK(condition)
#endif
