// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/router.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace skerry::http {
namespace {

class NoEvents final : public EventStream {
  void open() override {}
  void send(const StreamEvent&) override {}
  std::size_t unsent() const override { return 0; }
  boost::asio::awaitable<void> drained() override { co_return; }
};

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    for (const auto& [method, path] :
         {std::pair("GET", "/a"), std::pair("POST", "/a"), std::pair("GET", "/a/{x}/b/{y}"),
          std::pair("GET", "/a/{x}/b/other"), std::pair("POST", "/a/fixed/b/c"),
          std::pair("GET", "/files/{x}/{rest...}")}) {
      router_.add({.method = method,
                   .path = path,
                   .summary = "",
                   .body = nullptr,
                   .answer = {{"type", "object"}},
                   .errors = {404},
                   .handler = [name = std::string(method) + path](Request request, EventStream&)
                       -> boost::asio::awaitable<std::optional<Response>> {
                     std::string text = name;
                     for (const auto& [key, value] : request.variables) {
                       text += " " + key + "=" + value;
                     }
                     co_return Response{.body = text};
                   }});
    }
  }

  Response ask(const std::string& method, const std::string& path) {
    boost::asio::io_context io;
    NoEvents events;
    std::optional<Response> answer;
    Request request;
    request.method = method;
    request.path = path;
    boost::asio::co_spawn(io,
                          router_.answer(router_.match(method, path), std::move(request), events),
                          [&](const std::exception_ptr&, std::optional<Response> response) {
                            answer = std::move(response);
                          });
    io.run();
    return answer.value();
  }

  Router router_;
};

TEST_F(RouterTest, FindsRoutesAndTheirVariables) {
  EXPECT_EQ(ask("GET", "/a").body, "GET/a");
  EXPECT_EQ(ask("POST", "/a/").body, "POST/a");
  EXPECT_EQ(ask("GET", "/a/1/b/two%20words").body, "GET/a/{x}/b/{y} x=1 y=two words");
  EXPECT_EQ(ask("GET", "/a/1/b/other").body, "GET/a/{x}/b/{y} x=1 y=other")
      << "the first that fits";
  EXPECT_EQ(ask("POST", "/a/fixed/b/c").body, "POST/a/fixed/b/c");
  EXPECT_EQ(ask("GET", "/a/fixed/b/c").headers.at(0).second, "POST")
      << "a variable stands for no path that is there word for word";
}

TEST_F(RouterTest, AVariableMayStandForTheRestOfAPath) {
  EXPECT_EQ(ask("GET", "/files/s/a/b%20c/d.txt").body,
            "GET/files/{x}/{rest...} rest=a/b c/d.txt x=s");
  EXPECT_EQ(ask("GET", "/files/s/a").body, "GET/files/{x}/{rest...} rest=a x=s");
  EXPECT_EQ(ask("GET", "/files/s").status, 404);
}

TEST_F(RouterTest, AHandlerThatThrowsIsOurFailure) {
  router_.add(
      {.method = "GET",
       .path = "/throws",
       .summary = "",
       .handler = [](Request, EventStream&) -> boost::asio::awaitable<std::optional<Response>> {
         throw std::runtime_error("secret");
         co_return std::nullopt;
       }});
  const Response response = ask("GET", "/throws");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
}

TEST_F(RouterTest, SaysWhatThereIsNot) {
  for (const char* path : {"/", "/b", "/a/1", "/a//b/c", "/a/1/b/%zz", "/a/1/b/c/d"}) {
    EXPECT_EQ(ask("GET", path).status, 404) << path;
  }
  const Response wrong = ask("PUT", "/a");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at(0).second, "GET, POST");
}

TEST_F(RouterTest, TheDocumentNamesThemAll) {
  const auto document = router_.document("1.2.3");
  EXPECT_EQ(document["paths"].size(), 5U);
  EXPECT_EQ(document["paths"]["/a"].size(), 2U);
  EXPECT_EQ(document["paths"]["/a/{x}/b/{y}"]["get"]["parameters"].size(), 2U);
  EXPECT_TRUE(document["paths"]["/a"]["get"]["responses"].contains("404"));
  EXPECT_TRUE(document["paths"]["/a"]["get"]["responses"].contains("400"));
  EXPECT_EQ(document["info"]["version"], "1.2.3");
}

TEST_F(RouterTest, TheDocumentTellsOfAnswersInAnotherType) {
  Route route{.method = "GET", .path = "/c", .summary = "c"};
  route.answer = {{"type", "object"}};
  route.other_answer_type = "*/*";
  router_.add(std::move(route));
  const auto told = router_.document("1")["paths"]["/c"]["get"]["responses"]["200"]["content"];
  EXPECT_EQ(told["application/json"]["schema"]["type"], "object");
  EXPECT_EQ(told["*/*"]["schema"]["format"], "binary");
}

TEST_F(RouterTest, TheDocumentTellsWhatVariablesHold) {
  router_.describe("x", {{"type", "string"}, {"maxLength", 3}});
  const auto told = router_.document("1")["paths"]["/a/{x}/b/{y}"]["get"]["parameters"];
  EXPECT_EQ(told.at(0)["schema"]["maxLength"], 3);
  EXPECT_FALSE(told.at(1)["schema"].contains("maxLength"));
}

}  // namespace
}  // namespace skerry::http
