// SPDX-License-Identifier: Apache-2.0
// Messages as clients may write them: a server that can do nothing answers each request once, under
// its id.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "skerry/base/formats/json_text.h"
#include "skerry/mcp/conformance/conformance.h"
#include "skerry/mcp/wire.h"

namespace {

using namespace skerry::mcp;  // NOLINT(google-build-using-namespace)
using nlohmann::json;

void answer(Server& server, json value) {
  json id;
  auto read = read_message(std::move(value), id);
  if (std::holds_alternative<Error>(read)) return;
  Request request{.connection = "c"};
  request.message = std::get<Message>(std::move(read));
  if (is_stateless(request.message)) {
    const auto revision = stateless_revision(request.message);
    if (std::holds_alternative<Error>(revision)) return;
    request.revision = std::get<Revision>(revision);
  }
  if (request.message.kind == Message::Kind::kNotification) server.notified(request);
  if (request.message.kind == Message::Kind::kResponse) server.responded(request);
  if (request.message.kind != Message::Kind::kRequest) return;
  // These wait.
  const json name = request.message.params.value("name", json());
  if (name == "test_tool_with_progress" || name == "test_tool_with_logging") return;
  boost::asio::io_context io;
  std::optional<Answer> answer;
  boost::asio::co_spawn(io, server.answer(std::move(request)),
                        [&answer](const std::exception_ptr& failure, Answer given) {
                          if (failure) std::abort();
                          answer = std::move(given);
                        });
  io.run();
  if (!answer) std::abort();
  const json told(response_to(id, *std::move(answer)));
  if (told.at("id") != id || told.contains("result") == told.contains("error")) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto value = skerry::parse_json(text, "the body");
  if (!value.ok()) return 0;
  Server server({.version = "1"});
  add_conformance_fixtures(server);
  answer(server, *std::move(value));
  return 0;
}
