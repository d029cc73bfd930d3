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

/// Lets go of the text when it has been parsed: up to 70 MiB, for as long as the request is
/// handled.
awaitable<Result<json>> parsed(loop::Pool& pool, std::string tenant, std::string text,
                               std::string_view what, JsonLimits limits, Parse parse) {
  auto work = [&] { return parse(text, what, limits); };
  if (text.size() <= kParsedOnLoop) co_return work();
  auto parsing = pool.run(std::move(tenant), std::move(work));
  co_return co_await std::move(parsing);
}

Handler with_parsed(loop::Pool& pool, JsonHandler handler, JsonLimits limits, Parse parse) {
  return [&pool, handler = std::move(handler), limits, parse](
             Request request, EventStream& events) -> awaitable<std::optional<Response>> {
    auto parsing = parsed(pool, request.principal.tenant, std::exchange(request.body, {}),
                          "the body", limits, parse);
    auto body = co_await std::move(parsing);
    if (!body.ok()) co_return response_of(body.status());
    json value = *std::move(body);
    auto handling = handler(request, std::move(value), events);
    co_return co_await std::move(handling);
  };
}

}  // namespace

awaitable<Result<json>> parsed_object(loop::Pool& pool, std::string tenant, std::string text,
                                      std::string_view what, JsonLimits limits) {
  return parsed(pool, std::move(tenant), std::move(text), what, limits, parse_json_object);
}

awaitable<Result<json>> parsed_json(loop::Pool& pool, std::string tenant, std::string text,
                                    std::string_view what, JsonLimits limits) {
  return parsed(pool, std::move(tenant), std::move(text), what, limits, parse_json);
}

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
