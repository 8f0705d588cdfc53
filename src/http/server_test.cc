#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "http/testing/server_fixture.h"

namespace stetig::http {
namespace {

using ::testing::HasSubstr;
using testing::Pattern;
using testing::RawClient;
using ::testing::StartsWith;

const std::string kHost = "Host: test\r\n";

class ServerTest : public testing::ServerFixture {};

std::string Get(const std::string& path, const std::string& fields = {}) {
  return "GET " + path + " HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

std::string Post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\n" + kHost +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string Chunked(const std::string& path, const std::string& body, size_t chunk) {
  std::string text =
      "POST " + path + " HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n";
  for (size_t at = 0; at < body.size(); at += chunk) {
    const std::string piece = body.substr(at, chunk);
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    text += size + piece + "\r\n";
  }
  return text + "0\r\n\r\n";
}

TEST_F(ServerTest, AnswersManyRequestsOnOneConnection) {
  StartServer();
  RawClient client(port());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(client.Send(Get("/hello")));
    auto response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
  }
  EXPECT_EQ(server_->stats().accepted, 1u);
  EXPECT_EQ(server_->stats().requests, 100u);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  StartServer();
  RawClient client(port());
  std::string all;
  for (int i = 0; i < 200; ++i) {
    all += i % 3 == 0 ? Get("/files/" + std::to_string(i)) : Post("/echo", std::to_string(i));
  }
  ASSERT_TRUE(client.Send(all));
  for (int i = 0; i < 200; ++i) {
    auto response = client.Read();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, std::to_string(i));
  }
}

TEST_F(ServerTest, AnEarlierPipelinedAnswerDoesNotWaitForASlowHandler) {
  StartServer();
  RawClient client(port());
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(client.Send(Get("/hello") + Get("/slow/700")));
  ASSERT_TRUE(client.Read());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(500));
  ASSERT_TRUE(client.Read());
}

TEST_F(ServerTest, UnderstandsARequestThatComesByteByByte) {
  StartServer();
  RawClient client(port());
  ASSERT_TRUE(client.SendSlowly(Chunked("/echo", "some text in small chunks", 3) + Get("/hello")));
  auto first = client.Read();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->body, "some text in small chunks");
  auto second = client.Read();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->body, "hello");
}

TEST_F(ServerTest, SetsTheFieldsOfEachAnswer) {
  StartServer();
  RawClient client(port());
  client.Send(Get("/hello", "X-Request-Id: my-id.1\r\n"));
  auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->fields["content-length"], "5");
  EXPECT_EQ(response->fields["content-type"], "text/plain; charset=utf-8");
  EXPECT_EQ(response->fields["x-request-id"], "my-id.1");
  EXPECT_THAT(response->fields["date"], HasSubstr(" GMT"));
  client.Send(Get("/hello", "X-Request-Id: what; is this\r\n"));
  response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->fields["x-request-id"].size(), 16u);
}

TEST_F(ServerTest, HeadHasTheFieldsOfGetAndNoBody) {
  StartServer();
  RawClient client(port());
  for (const char* path : {"/hello", "/stream/5", "/big/40000"}) {
    client.Send("HEAD " + std::string(path) + " HTTP/1.1\r\n" + kHost + "\r\n");
    auto response = client.Read(/*head_only=*/true);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_NE(response->fields["content-length"], "0");
  }
  client.Send(Get("/hello"));
  EXPECT_EQ(client.Read()->body, "hello");
}

TEST_F(ServerTest, SaysWhatAPathTakes) {
  StartServer();
  RawClient client(port());
  client.Send(Get("/nowhere"));
  EXPECT_EQ(client.Read()->status, 404);
  client.Send("DELETE /hello HTTP/1.1\r\n" + kHost + "\r\n");
  auto refused = client.Read();
  EXPECT_EQ(refused->status, 405);
  EXPECT_EQ(refused->fields["allow"], "GET, HEAD");
  client.Send("OPTIONS /hello HTTP/1.1\r\n" + kHost + "\r\n");
  auto options = client.Read();
  EXPECT_EQ(options->status, 204);
  EXPECT_EQ(options->fields["allow"], "GET, HEAD, OPTIONS");
  client.Send("PROPFIND /hello HTTP/1.1\r\n" + kHost + "\r\n");
  EXPECT_EQ(client.Read()->status, 501);
  client.Send(Get("/files/a%2Fb/%c3%a4?x=%31"));
  EXPECT_EQ(client.Read()->body, "a/b/\xc3\xa4");
  client.Send(Get("/files/a%zz"));
  EXPECT_EQ(client.Read()->status, 400);
  client.Send(Get("/files/a%00b"));
  EXPECT_EQ(client.Read()->status, 400);
  client.Send("GET http://other/hello HTTP/1.1\r\n" + kHost + "\r\n");
  EXPECT_EQ(client.Read()->body, "hello");
}

TEST_F(ServerTest, AThrowingHandlerIsA500AndTheConnectionLivesOn) {
  StartServer();
  RawClient client(port());
  client.Send(Get("/throw"));
  auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
  EXPECT_THAT(response->body, ::testing::Not(HasSubstr("told")));
  client.Send(Get("/hello"));
  EXPECT_EQ(client.Read()->status, 200);
}

TEST_F(ServerTest, StreamsAnswersOfKnownAndUnknownLength) {
  StartServer();
  RawClient client(port());
  for (size_t size : {0UL, 1UL, 1000UL, 262126UL, 262127UL, 3000000UL}) {
    for (const char* query : {"", "?chunked=1"}) {
      client.Send(Get("/stream/" + std::to_string(size) + query));
      auto response = client.Read();
      ASSERT_TRUE(response);
      EXPECT_TRUE(response->framed);
      EXPECT_TRUE(response->body == Pattern(size)) << size << query;
    }
  }
  client.Send(Get("/big/2000000"));
  EXPECT_TRUE(client.Read()->body == Pattern(2'000'000));
}

TEST_F(ServerTest, AStreamThatFailsIsNeverACompleteAnswer) {
  StartServer();
  for (const char* query : {"?fail=500000", "?fail=500000&chunked=1"}) {
    RawClient client(port());
    client.Send(Get("/stream/1000000" + std::string(query)));
    EXPECT_FALSE(client.Read());
  }
  RawClient client(port());
  client.Send(Get("/stream/1000000?fail=0"));
  auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
}

TEST_F(ServerTest, AStreamThatFailsBeforeItsFirstByteIsAnsweredInTheCallersWords) {
  ServerOptions options;
  options.hooks.render_failure = [](const Status& status, const Request& request) {
    return Response::Text(429, request.path + ": " + std::string(status.message()));
  };
  StartServer(std::move(options));
  RawClient client(port());
  client.Send(Get("/stream/1000000?fail=0"));
  auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 429);
  EXPECT_TRUE(response->body.starts_with("/stream/1000000: ")) << response->body;
}

TEST_F(ServerTest, Http10ConnectionsCloseUnlessAskedToStay) {
  StartServer();
  RawClient closing(port());
  closing.Send("GET /stream/300000?chunked=1 HTTP/1.0\r\n\r\n");
  auto text = closing.ReadToEnd();
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(text->ends_with("\r\n\r\n" + Pattern(300000)));
  RawClient staying(port());
  for (int i = 0; i < 2; ++i) {
    staying.Send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(staying.Read()->fields["connection"], "keep-alive");
  }
}

TEST_F(ServerTest, TakesLargeBodiesInBothFramings) {
  StartServer();
  RawClient client(port());
  const std::string body = Pattern(5'000'000);
  std::thread sender([&] {
    client.Send(Post("/count", body) + Chunked("/count", body, 100'000) +
                Chunked("/count", body, 7777) + Get("/hello"));
  });
  for (int i = 0; i < 3; ++i) {
    auto response = client.Read();
    EXPECT_TRUE(response && response->body == "5000000") << i << (response ? response->body : "");
  }
  EXPECT_EQ(client.Read()->body, "hello");
  sender.join();
}

TEST_F(ServerTest, ContinuesOnlyWhenTheHandlerWantsTheBody) {
  StartServer();
  RawClient client(port());
  const std::string head =
      " HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  client.Send("POST /echo" + head);
  EXPECT_EQ(client.Read()->status, 100);
  client.Send("12345");
  EXPECT_EQ(client.Read()->body, "12345");
  client.Send("POST /ignore" + head);
  auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->fields["connection"], "close");
  RawClient other(port());
  other.Send("POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\nExpect: wonders\r\n\r\n");
  EXPECT_EQ(other.Read()->status, 417);
}

TEST_F(ServerTest, ReadsOnAfterABodyThatNobodyWanted) {
  StartServer();
  RawClient client(port());
  client.Send(Post("/ignore", Pattern(100'000)) + Get("/hello"));
  EXPECT_EQ(client.Read()->status, 200);
  EXPECT_EQ(client.Read()->body, "hello");
  RawClient large(port());
  std::thread sender([&] { large.Send(Post("/ignore", Pattern(3'000'000))); });
  auto response = large.Read();
  EXPECT_TRUE(response && response->status == 200 && response->fields["connection"] == "close");
  EXPECT_TRUE(large.Closed());
  sender.join();
}

TEST_F(ServerTest, SendsEventsHeartbeatsAndEndsThemOnDrain) {
  ServerOptions options;
  options.limits.event_heartbeat = std::chrono::milliseconds(1200);
  StartServer(std::move(options));
  RawClient client(port());
  client.Send(Get("/events/2"));
  const std::string head = client.ReadBytes(361);
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, HasSubstr("id: 1\nevent: tick\ndata: line one\ndata: line two\n\n"));
  std::string rest = client.ReadBytes(100);
  EXPECT_TRUE(server_->Drain(std::chrono::seconds(5)).ok());
  rest += client.ReadToEnd().value_or("");
  EXPECT_THAT(rest, HasSubstr(": heartbeat\n\n"));
  EXPECT_TRUE(rest.ends_with("0\r\n\r\n"));
}

TEST_F(ServerTest, NoticesThatAnEventReaderWentAway) {
  StartServer();
  {
    RawClient client(port());
    client.Send(Get("/events/1"));
    client.ReadBytes(200);
    EXPECT_EQ(server_->stats().event_streams, 1u);
  }
  const Deadline until = After(std::chrono::seconds(5));
  while (server_->stats().event_streams > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(server_->stats().event_streams, 0u);
}

io::Awaitable<std::optional<Response>> RefuseFiles(const Route& route,
                                                   std::shared_ptr<Request> request) {
  const bool refused = route.pattern == "/files/{path*}" && request->PathParam("path") == "secret";
  co_return refused ? std::optional(Response::Text(403, "no")) : std::nullopt;
}

TEST_F(ServerTest, HooksSeeAndStopRequests) {
  std::mutex mutex;
  std::vector<std::string> seen;
  ServerOptions options;
  options.hooks.before = [](const Route& route, std::shared_ptr<Request> request) {
    return RefuseFiles(route, std::move(request));
  };
  options.hooks.after = [&](const Exchange& e) {
    std::lock_guard lock(mutex);
    seen.push_back((e.route != nullptr ? e.route->name : "-") + " " + std::to_string(e.status) +
                   " " + std::to_string(e.bytes_in));
  };
  options.hooks.render_problem = [](const Problem& problem, const Request& request) {
    return Response::Json(problem.status, "{\"path\":\"" + request.path + "\"}");
  };
  StartServer(std::move(options));
  RawClient client(port());
  client.Send(Get("/files/secret") + Get("/files/open") + Post("/echo", "abc") + Get("/gone"));
  EXPECT_EQ(client.Read()->status, 403);
  EXPECT_EQ(client.Read()->status, 200);
  EXPECT_EQ(client.Read()->status, 200);
  auto problem = client.Read();
  EXPECT_EQ(problem->status, 404);
  EXPECT_EQ(problem->body, "{\"path\":\"/gone\"}");
  client.Send("nonsense\r\n\r\n");
  EXPECT_EQ(client.Read()->status, 400);
  EXPECT_TRUE(client.Closed());
  std::lock_guard lock(mutex);
  EXPECT_THAT(seen, ::testing::ElementsAre("/files/{path*} 403 0", "/files/{path*} 200 0",
                                           "/echo 200 3", "- 404 0", "- 400 0"));
}

TEST_F(ServerTest, DrainLetsRunningRequestsEndAndClosesIdleConnections) {
  StartServer();
  RawClient idle(port());
  idle.Send(Get("/hello"));
  ASSERT_TRUE(idle.Read());
  RawClient silent(port());
  RawClient busy(port());
  busy.Send(Get("/slow/400"));
  while (server_->stats().requests_in_flight == 0) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(server_->Drain(std::chrono::seconds(5)).ok());
  EXPECT_TRUE(idle.Closed());
  EXPECT_TRUE(silent.Closed());
  auto response = busy.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "slept");
  EXPECT_EQ(response->fields["connection"], "close");
  EXPECT_FALSE(RawClient(port()).connected());
}

TEST_F(ServerTest, DrainCutsWhatDoesNotEnd) {
  StartServer();
  RawClient busy(port());
  busy.Send(Get("/slow/1500"));
  while (server_->stats().requests_in_flight == 0) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server_->Drain(std::chrono::milliseconds(100)).code(), Code::kDeadlineExceeded);
  EXPECT_FALSE(busy.Read());
}

TEST_F(ServerTest, ASecondServerOnThePortIsRefused) {
  StartServer();
  ServerOptions options;
  options.port = port();
  io::LoopGroup loops("other", 1);
  auto second = Server::Start(loops, testing::TestRoutes(), std::move(options));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kAlreadyExists);
  ServerOptions nowhere;
  nowhere.host = "no.such.host.invalid";
  EXPECT_EQ(Server::Start(loops, testing::TestRoutes(), std::move(nowhere)).error().code(),
            Code::kNotFound);
}

TEST_F(ServerTest, SpreadsConnectionsOverItsLoops) {
  StartServer({}, 3);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->Send(Get("/hello"));
  }
  for (auto& client : clients) {
    EXPECT_EQ(client->Read()->body, "hello");
  }
  EXPECT_EQ(server_->stats().connections, 30u);
}

}  // namespace
}  // namespace stetig::http
