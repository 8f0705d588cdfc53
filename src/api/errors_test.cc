// One table from failures to the wire, whoever notices them.
#include "api/errors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/testing/fixture.h"
#include "base/json_value.h"

namespace stetig::api {
namespace {

class ErrorsTest : public testing::ApiTest {
 protected:
  /// A member of the answer's JSON object, as JSON.
  static std::string Member(http::Response& answer, std::string_view name) {
    auto parsed = json::Parse(TextOf(answer).value_or(""));
    if (!parsed || parsed->AsObject() == nullptr) return "no object";
    for (const auto& [key, value] : *parsed->AsObject()) {
      if (key == name) return json::Dump(value);
    }
    return "none";
  }
  http::Response Refuse(int status, std::string path) {
    auto request = Ask(http::Method::kGet, std::move(path));
    return MakeHooks(context()).render_problem({status, "found x, expected y"}, *request);
  }
  http::Response Fail(const Status& status, std::string path) {
    auto request = Ask(http::Method::kGet, std::move(path));
    return MakeHooks(context()).render_failure(status, *request);
  }
};

constexpr const char* kMlflow = "/api/2.0/mlflow/runs/get";
constexpr const char* kV1 = "/api/v1/projects";

TEST_P(ErrorsTest, AStreamThatFailsBeforeItsFirstByteIsAnsweredByTheTable) {
  const std::pair<Code, int> expected[] = {{Code::kResourceExhausted, 429},
                                           {Code::kDeadlineExceeded, 504},
                                           {Code::kUnavailable, 503},
                                           {Code::kNotFound, 404},
                                           {Code::kDataLoss, 500}};
  for (const auto& [code, http] : expected) {
    EXPECT_EQ(Fail(Status(code, "x"), kMlflow).status, http);
    EXPECT_EQ(Fail(Status(code, "x"), kV1).status, http);
  }
  auto mlflow = Fail(Status(Code::kResourceExhausted, "x"), kMlflow);
  EXPECT_EQ(Member(mlflow, "error_code"), "\"RESOURCE_EXHAUSTED\"");
  EXPECT_EQ(mlflow.headers.Get("Retry-After"), "1");
  auto v1 = Fail(Status(Code::kResourceExhausted, "x"), kV1);
  EXPECT_EQ(Member(v1, "code"), "\"resource_exhausted\"");
}

TEST_P(ErrorsTest, WhatTheServerRefusesHasANameOfTheTable) {
  const std::pair<int, const char*> expected[] = {{400, "BAD_REQUEST"},
                                                  {408, "DEADLINE_EXCEEDED"},
                                                  {413, "INVALID_PARAMETER_VALUE"},
                                                  {414, "BAD_REQUEST"},
                                                  {415, "BAD_REQUEST"},
                                                  {417, "BAD_REQUEST"},
                                                  {431, "BAD_REQUEST"},
                                                  {500, "INTERNAL_ERROR"},
                                                  {501, "NOT_IMPLEMENTED"},
                                                  {503, "TEMPORARILY_UNAVAILABLE"},
                                                  {505, "INTERNAL_ERROR"}};
  for (const auto& [status, name] : expected) {
    auto answer = Refuse(status, kMlflow);
    EXPECT_EQ(Member(answer, "error_code"), fmt::format("\"{}\"", name)) << status;
    EXPECT_EQ(Member(answer, "message"), "\"found x, expected y\"");
  }
  for (int status : {404, 405}) {  // clients steer by a 404 that is no JSON
    auto answer = Refuse(status, kMlflow);
    EXPECT_EQ(TextOf(answer), "found x, expected y");
  }
}

TEST_P(ErrorsTest, TheDialectsDifferWhereMlflowsClientsWantItSo) {
  struct Case {
    Status status;
    int mlflow;
    int v1;
  };
  const Case cases[] = {
      {Status(Code::kAlreadyExists, "x"), 400, 409},
      {Status(Code::kFailedPrecondition, "x"), 500, 422},
      {Status(Code::kFailedPrecondition, "x", "revision_mismatch"), 500, 412},
      {Status(Code::kInvalidArgument, "x", "unsupported_media_type"), 400, 415},
      {Status(Code::kResourceExhausted, "x", "disk_full"), 507, 507},
      {Status(Code::kResourceExhausted, "x", std::string(http::kBodyTooLarge)), 413, 413}};
  for (const Case& one : cases) {
    EXPECT_EQ(Fail(one.status, kMlflow).status, one.mlflow) << one.status.ToString();
    EXPECT_EQ(Fail(one.status, kV1).status, one.v1) << one.status.ToString();
  }
}

STETIG_ON_BOTH_STORES(ErrorsTest);

}  // namespace
}  // namespace stetig::api
