#include "store/internal/pacing.h"

#include <gtest/gtest.h>

namespace stetig::store {
namespace {

using std::chrono::microseconds;

TEST(Pacing, ALoneClientNeverWaits) {
  Pacing pacing;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(pacing.enough(), 1);
    pacing.Gathered(1);
    pacing.Committed(1, 0, microseconds(300));
  }
}

TEST(Pacing, WaitsForThoseThatWereAnsweredWhileTheyComeBack) {
  Pacing pacing;
  pacing.Gathered(16);
  pacing.Committed(16, 16, microseconds(300));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(pacing.enough(), 32);
    EXPECT_EQ(pacing.patience(), microseconds(100));
    pacing.Gathered(32);
    pacing.Committed(32, 0, microseconds(300));
  }
}

TEST(Pacing, StopsWaitingWhenNobodyComesBackAndTriesEverMoreSeldom) {
  Pacing pacing;
  int waits = 0;
  for (int i = 0; i < 1'000; ++i) {
    waits += pacing.enough() > 1 ? 1 : 0;
    pacing.Gathered(8);
    pacing.Committed(8, 8, microseconds(300));
  }
  EXPECT_GE(waits, 8);
  EXPECT_LE(waits, 16);
}

TEST(Pacing, PatienceIsBounded) {
  Pacing pacing;
  pacing.Committed(16, 16, microseconds(50'000));
  EXPECT_EQ(pacing.patience(), Pacing::kLongest);
}

}  // namespace
}  // namespace stetig::store
