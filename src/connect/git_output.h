// Reads what git prints. Pure; takes any bytes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/status.h"
#include "connect/types.h"

namespace stetig::connect {

inline constexpr size_t kMaxSubject = 512;               ///< bytes kept
inline constexpr size_t kMaxMessage = size_t{64} << 10;  ///< bytes read for keys
inline constexpr size_t kMaxPerson = 256;                ///< bytes of a name or an address
inline constexpr size_t kMaxRefName = 512;
inline constexpr size_t kMaxParents = 64;

/// Format for `git log -z`: fields that end with NUL, kLogFields of them for each commit.
inline constexpr std::string_view kLogFormat =
    "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%at%x00%ct%x00%B";
inline constexpr size_t kLogFields = 7;
/// Format for `git for-each-ref`: object, object behind an annotated tag, its type, full name.
inline constexpr std::string_view kRefFormat =
    "--format=%(objectname) %(*objectname) %(objecttype) %(*objecttype) %(refname)";

/// 40 or 64 lower-case hexadecimal digits.
bool IsSha(std::string_view text);

/// Valid UTF-8 without control characters but line ends, cut to whole characters within `bytes`;
/// what is none becomes U+FFFD.
std::string CleanGitText(std::string_view text, size_t bytes);

/// kDataLoss: not what kLogFormat makes.
Result<std::vector<Commit>> ParseLog(std::string_view output);
/// Branches and tags that lead to commits; others are left out. kDataLoss: no such output.
/// kResourceExhausted: more than `most`.
Result<std::vector<GitRef>> ParseRefs(std::string_view output, size_t most);

/// Reads `git log -p` with format kPatchFormat and makes an identity of each commit's change, equal
/// where `git patch-id --stable` is: names of files and lines with their context, without blanks,
/// line numbers and ids. Fed piece by piece; keeps no more than a line of kMaxLine.
class PatchReader {
 public:
  static constexpr size_t kMaxLine = size_t{1} << 20;
  static constexpr std::string_view kPatchFormat = "--format=tformat:%x00%H";

  void Feed(std::string_view piece);
  /// Ends the last commit. Commit → identity, 64 hexadecimal digits.
  std::map<std::string, std::string> Take();

 private:
  enum class In : unsigned char { kNothing, kHeader, kLines };
  void Line(std::string_view line);
  void HeaderLine(std::string_view line);
  void Hash(std::string_view line);
  void EndCommit();

  std::string rest_;       ///< of a line whose end has not come
  std::string index_;      ///< ids of the file under way
  bool too_long_ = false;  ///< the line under way is over kMaxLine
  std::string sha_;
  In in_ = In::kNothing;
  bool any_ = false;
  bool broken_ = false;  ///< of this commit a line was too long
  Sha256Stream digest_;
  std::map<std::string, std::string> found_;
};

}  // namespace stetig::connect
