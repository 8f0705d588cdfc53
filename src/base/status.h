// How functions say that they failed: a canonical code, a sentence for people, and an optional
// detail for programs.
//
// A function without a value returns Status; one with a value returns Result<T> (std::expected<T,
// Status>). An error inside a Result is never OK. Exceptions stay inside the adapters of throwing
// libraries. The macros at the end propagate errors; libstdc++ 12 has no monadic members on
// std::expected.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace stetig {

/// Canonical codes, a subset of gRPC's. src/api maps each to an HTTP status and a wire name; nobody
/// else does.
enum class Code : unsigned char {
  kOk,
  kInvalidArgument,     ///< the request is wrong whatever the state
  kNotFound,            ///< the thing named does not exist, or the caller may not see it
  kAlreadyExists,       ///< a unique name or id is taken
  kFailedPrecondition,  ///< the state forbids it; repeating does not help
  kAborted,             ///< lost against a concurrent change; repeating the whole use case may help
  kPermissionDenied,    ///< known caller, missing right
  kUnauthenticated,     ///< unknown caller
  kResourceExhausted,   ///< a named limit, quota or disk is full
  kDeadlineExceeded,    ///< time was up; the effect is unknown for writes
  kCancelled,           ///< the caller went away
  kUnimplemented,       ///< recognised, not offered here
  kUnavailable,         ///< a dependency is away; repeating helps
  kDataLoss,            ///< stored bytes do not match their digest
  kInternal,            ///< a broken invariant of ours
};

/// The code's name in lower snake case, e.g. "not_found"; stable, used in logs and problem
/// documents.
std::string_view CodeName(Code code);

/// Details that code decides by: never by the words of a message. Compare with Status::detail().
/// Details that a client alone acts on stand where they are made.
namespace detail {
inline constexpr char kDiskFull[] = "disk_full";         ///< no room for more bytes
inline constexpr char kOutOfMemory[] = "out_of_memory";  ///< of the process, not of the disk
inline constexpr char kLocked[] = "locked";       ///< another process holds the file or folder
inline constexpr char kReadOnly[] = "read_only";  ///< the file cannot be written
inline constexpr char kForeignFile[] = "foreign_file";      ///< another program's
inline constexpr char kNewerDatabase[] = "newer_database";  ///< written by a newer executable
inline constexpr char kNoDatabase[] = "no_database";        ///< the server has none of that name
inline constexpr char kNoUser[] = "no_user";  ///< reachable by others, and nobody may log in
inline constexpr char kNoSuchToken[] = "no_such_token";  ///< an access token, not what it is for
inline constexpr char kIsFolder[] = "is_folder";         ///< where a file was asked for
inline constexpr char kRevisionMismatch[] =
    "revision_mismatch";  ///< changed since the caller read it
}  // namespace detail

/// Outcome of an operation. One null pointer when OK. Copyable, cheap to move, thread-compatible.
class [[nodiscard]] Status {
 public:
  Status() = default;
  /// `code` must not be kOk. `message`: lower case, what was found, what was expected, no final
  /// period, no secrets.
  Status(Code code, std::string message, std::string detail = {});
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  bool ok() const { return rep_ == nullptr; }
  Code code() const { return rep_ ? rep_->code : Code::kOk; }
  /// Empty when OK.
  std::string_view message() const {
    return rep_ ? std::string_view(rep_->message) : std::string_view();
  }
  /// A stable word for programs (e.g. "alias_missing"), often empty; never shown to people alone.
  std::string_view detail() const {
    return rep_ ? std::string_view(rep_->detail) : std::string_view();
  }
  /// "not_found: run abc does not exist", or "ok".
  std::string ToString() const;

  friend bool operator==(const Status& a, const Status& b) {
    return a.code() == b.code() && a.message() == b.message();
  }

 private:
  struct Rep {
    Code code;
    std::string message;
    std::string detail;
  };
  std::unique_ptr<Rep> rep_;
};

inline Status OkStatus() { return {}; }

template <class T>
using Result = std::expected<T, Status>;

/// What Err() and the macros return: turns into a Status or into any Result<T>.
class [[nodiscard]] Failure : public std::unexpected<Status> {
 public:
  explicit Failure(Status status) : std::unexpected<Status>(std::move(status)) {}
  operator Status() && { return std::move(*this).error(); }  // NOLINT(google-explicit-constructor)
};

/// An error to return: `return Err(Code::kNotFound, fmt::format("run {} does not exist", id));`
inline Failure Err(Code code, std::string message, std::string detail = {}) {
  return Failure(Status(code, std::move(message), std::move(detail)));
}
/// Passes an existing error on. `status` must not be OK.
inline Failure Err(Status status) { return Failure(std::move(status)); }

namespace internal {
inline Failure TakeError(Status&& status) { return Failure(std::move(status)); }
template <class T>
Failure TakeError(Result<T>&& result) {
  return Failure(std::move(result).error());
}
inline bool IsOk(const Status& status) { return status.ok(); }
template <class T>
bool IsOk(const Result<T>& result) {
  return result.has_value();
}
}  // namespace internal

}  // namespace stetig

#define STETIG_CONCAT_INNER(a, b) a##b
#define STETIG_CONCAT(a, b) STETIG_CONCAT_INNER(a, b)

/// TRY(expr): returns from the function when `expr` (a Status or Result) failed.
#define TRY(...) STETIG_TRY(return, STETIG_CONCAT(try_, __LINE__), __VA_ARGS__)
/// CO_TRY(expr): the same inside a coroutine.
#define CO_TRY(...) STETIG_TRY(co_return, STETIG_CONCAT(try_, __LINE__), __VA_ARGS__)
#define STETIG_TRY(RETURN, tmp, ...)                                           \
  if (auto tmp = (__VA_ARGS__); !::stetig::internal::IsOk(tmp)) [[unlikely]] { \
    RETURN ::stetig::internal::TakeError(std::move(tmp));                      \
  }                                                                            \
  static_assert(true)

/// ASSIGN_OR_RETURN(Run run, GetRun(id)): declares or assigns on success, returns the error
/// otherwise.
#define ASSIGN_OR_RETURN(lhs, ...) \
  STETIG_ASSIGN(return, STETIG_CONCAT(result_, __LINE__), lhs, __VA_ARGS__)
/// The same inside a coroutine.
#define ASSIGN_OR_CO_RETURN(lhs, ...) \
  STETIG_ASSIGN(co_return, STETIG_CONCAT(result_, __LINE__), lhs, __VA_ARGS__)
#define STETIG_ASSIGN(RETURN, tmp, lhs, ...)              \
  auto tmp = (__VA_ARGS__);                               \
  if (!tmp) [[unlikely]] {                                \
    RETURN ::stetig::internal::TakeError(std::move(tmp)); \
  }                                                       \
  lhs = *std::move(tmp)
