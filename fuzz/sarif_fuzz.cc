// Findings: any bytes give counts that add up, or an error that says why.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "reports/reports.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stetig;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto counts = reports::ReadSarif(text);
  if (!counts) {
    CHECK(counts.error().code() == Code::kInvalidArgument);
    CHECK(counts.error().detail() == reports::kMalformedReport);
    return 0;
  }
  CHECK(counts->errors >= 0 && counts->errors <= counts->findings);
  CHECK(counts->findings <= static_cast<int64_t>(size));
  return 0;
}
