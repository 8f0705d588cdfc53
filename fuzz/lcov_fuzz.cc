// Coverage as LCOV writes it: any bytes give a part of lines, or an error that says why.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "reports/reports.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stetig;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  reports::LineCoverage coverage;
  const Status read = coverage.AddLcov(text);
  if (!read.ok()) {
    CHECK(read.code() == Code::kInvalidArgument && read.detail() == reports::kMalformedReport);
    return 0;
  }
  CHECK(coverage.covered() >= 0 && coverage.covered() <= coverage.lines());
  const auto rate = coverage.Rate();
  CHECK(rate.has_value() == (coverage.lines() > 0) && (!rate || (*rate >= 0 && *rate <= 1)));
  CHECK(coverage.AddLcov(text).ok());
  CHECK(coverage.covered() <= coverage.lines());
  return 0;
}
