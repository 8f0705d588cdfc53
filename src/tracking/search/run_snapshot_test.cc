#include "tracking/search/run_snapshot.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <tuple>

#include "tracking/testing/exact.h"

namespace stetig::tracking {
namespace {

using testing::Exact;
class Contents {
 public:
  explicit Contents(uint64_t seed) : random_(seed) {}

  Run Next() {
    Run run;
    Fill(run.params, [&] { return KeyValue{Text(), Text()}; });
    Fill(run.tags, [&] { return KeyValue{Text(), Text()}; });
    Fill(run.metrics, [&] {
      return Metric{.key = Text(), .value = Real(), .timestamp = Number(), .step = Number()};
    });
    Fill(run.dataset_inputs, [&] {
      DatasetInput input;
      input.dataset = {Text(), Text(), Text(), Text(), Optional(), Optional()};
      Fill(input.tags, [&] { return KeyValue{Text(), Text()}; });
      return input;
    });
    Fill(run.model_inputs, [&] { return ModelInput{Text()}; });
    Fill(run.model_outputs, [&] { return ModelOutput{Text(), Number()}; });
    return run;
  }

 private:
  template <class T>
  void Fill(std::vector<T>& items, auto make) {
    for (uint64_t left = random_() % 4; left > 0; --left) items.push_back(make());
  }
  std::string Text() {
    std::string text(random_() % 20 == 0 ? 200 : random_() % 5, '\0');
    for (char& c : text) c = static_cast<char>(random_());
    return text;
  }
  std::optional<std::string> Optional() {
    if (random_() % 2 == 0) return std::nullopt;
    return Text();
  }
  int64_t Number() { return static_cast<int64_t>(random_()) >> random_() % 64; }
  double Real() { return static_cast<double>(Number()) / 8; }

  std::mt19937_64 random_;
};

void ExpectSameInputs(const Run& a, const Run& b) {
  ASSERT_EQ(a.dataset_inputs.size(), b.dataset_inputs.size());
  for (size_t i = 0; i < a.dataset_inputs.size(); ++i) {
    const Dataset& left = a.dataset_inputs[i].dataset;
    const Dataset& right = b.dataset_inputs[i].dataset;
    EXPECT_EQ(a.dataset_inputs[i].tags, b.dataset_inputs[i].tags);
    EXPECT_EQ(
        std::tie(left.name, left.digest, left.source_type, left.source, left.schema, left.profile),
        std::tie(right.name, right.digest, right.source_type, right.source, right.schema,
                 right.profile));
  }
  EXPECT_TRUE(std::ranges::equal(a.model_inputs, b.model_inputs, {}, &ModelInput::model_id,
                                 &ModelInput::model_id));
  const auto output = [](const ModelOutput& model) { return std::tie(model.model_id, model.step); };
  EXPECT_TRUE(std::ranges::equal(a.model_outputs, b.model_outputs, {}, output, output));
}

TEST(RunSnapshotTest, AnyContentComesBack) {
  Contents contents(1);
  for (int i = 0; i < 300; ++i) {
    const tracking::Run run = contents.Next();
    const Exact exact(EncodeSnapshot(run));
    tracking::Run decoded;
    ASSERT_EQ(DecodeSnapshot(exact.span(), decoded).ToString(), "ok");
    EXPECT_EQ(decoded.params, run.params);
    EXPECT_EQ(decoded.tags, run.tags);
    const auto metric = [](const Metric& m) {
      return std::tie(m.key, m.value, m.timestamp, m.step);
    };
    EXPECT_TRUE(std::ranges::equal(decoded.metrics, run.metrics, {}, metric, metric));
    ExpectSameInputs(decoded, run);
    ASSERT_FALSE(::testing::Test::HasFailure()) << i;
  }
}

TEST(RunSnapshotTest, NaNAndNumbersAtTheirEndsComeBack) {
  tracking::Run run;
  run.metrics = {{.key = "m",
                  .value = std::numeric_limits<double>::quiet_NaN(),
                  .timestamp = std::numeric_limits<int64_t>::max(),
                  .step = std::numeric_limits<int64_t>::min()}};
  const Exact exact(EncodeSnapshot(run));
  tracking::Run decoded;
  ASSERT_EQ(DecodeSnapshot(exact.span(), decoded).ToString(), "ok");
  ASSERT_EQ(decoded.metrics.size(), 1U);
  EXPECT_TRUE(std::isnan(decoded.metrics[0].value));
  EXPECT_EQ(decoded.metrics[0].timestamp, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(decoded.metrics[0].step, std::numeric_limits<int64_t>::min());
}

TEST(RunSnapshotTest, CutOrLengthenedBytesAreDataLoss) {
  Contents contents(2);
  for (int i = 0; i < 50; ++i) {
    std::string text = EncodeSnapshot(contents.Next());
    for (size_t size = 0; size < text.size(); ++size) {
      tracking::Run run;
      const Exact exact(std::string_view(text).substr(0, size));
      ASSERT_EQ(DecodeSnapshot(exact.span(), run).code(), Code::kDataLoss) << size;
    }
    text += '\0';
    tracking::Run run;
    EXPECT_EQ(DecodeSnapshot(Exact(text).span(), run).code(), Code::kDataLoss);
  }
}

TEST(RunSnapshotTest, FlippedBitsAreDataLossOrOtherContent) {
  Contents contents(3);
  for (int i = 0; i < 30; ++i) {
    const std::string text = EncodeSnapshot(contents.Next());
    for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
      std::string damaged = text;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      const Exact exact(damaged);
      tracking::Run run;
      const Code code = DecodeSnapshot(exact.span(), run).code();
      ASSERT_TRUE(code == Code::kOk || code == Code::kDataLoss) << i << ' ' << bit;
      if (bit < 8) ASSERT_EQ(code, Code::kDataLoss);  // the form
    }
  }
}

}  // namespace
}  // namespace stetig::tracking
