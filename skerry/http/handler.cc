// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/handler.h"

#include <utility>

namespace skerry::http {
namespace {

using boost::asio::awaitable;
using nlohmann::json;

// What takes longer than a millisecond to parse is not the event loop's to do.
constexpr std::size_t kParsedOnLoop = 64 * 1024;

using Parse = Result<json> (*)(std::string_view text, std::string_view what,
                               const JsonLimits& limits);

Handler with_parsed(loop::Pool& pool, JsonHandler handler, JsonLimits limits, Parse parse) {
  return [&pool, handler = std::move(handler), limits, parse](
             Request request, EventStream& events) -> awaitable<std::optional<Response>> {
    Result<json> body = absl::InternalError("not parsed");
    std::string text = std::exchange(request.body, {});
    if (text.size() <= kParsedOnLoop) {
      body = parse(text, "the body", limits);
    } else {
      auto work = [&] { return parse(text, "the body", limits); };
      auto parsing = pool.run(request.principal.tenant, std::move(work));
      body = co_await std::move(parsing);
    }
    std::string().swap(text);  // up to 70 MiB, for as long as the request is handled
    if (!body.ok()) co_return response_of(body.status());
    json value = *std::move(body);
    auto handling = handler(request, std::move(value), events);
    co_return co_await std::move(handling);
  };
}

}  // namespace

Handler immediate(std::function<Response(const Request&)> respond) {
  return [respond = std::move(respond)](Request request,
                                        EventStream&) -> awaitable<std::optional<Response>> {
    co_return respond(request);
  };
}

Handler with_object(loop::Pool& pool, JsonHandler handler, JsonLimits limits) {
  return with_parsed(pool, std::move(handler), limits, parse_json_object);
}

Handler with_json(loop::Pool& pool, JsonHandler handler, JsonLimits limits) {
  return with_parsed(pool, std::move(handler), limits, parse_json);
}

}  // namespace skerry::http
