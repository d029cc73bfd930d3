// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/base/formats/json_text.h"
#include "skerry/http/message.h"
#include "skerry/loop/pool.h"

namespace skerry::http {

/// A handler that computes its response at once.
Handler immediate(std::function<Response(const Request&)> respond);

/// A handler of requests without a body: `handle(const Request&)` is a coroutine, and its request
/// lives for as long as it works.
template <typename Handle>
Handler keeping(Handle handle) {
  return
      [handle](Request request, EventStream&) -> boost::asio::awaitable<std::optional<Response>> {
        auto handling = handle(request);
        co_return co_await std::move(handling);
      };
}

/// `text` as a JSON object within `limits`; `what` names it in the message of a failure. A large
/// one is parsed on the pool, in the tenant's turn.
boost::asio::awaitable<Result<nlohmann::json>> parsed_object(loop::Pool& pool, std::string tenant,
                                                             std::string text,
                                                             std::string_view what,
                                                             JsonLimits limits = {});

/// The same for a text that may be any JSON value.
boost::asio::awaitable<Result<nlohmann::json>> parsed_json(loop::Pool& pool, std::string tenant,
                                                           std::string text, std::string_view what,
                                                           JsonLimits limits = {});

/// Handles a request whose body is JSON.
using JsonHandler = std::function<boost::asio::awaitable<std::optional<Response>>(
    const Request& request, nlohmann::json body, EventStream& events)>;

/// A handler of a body that is a JSON object within `limits`; any other body is answered with 400.
/// A large body is parsed on the pool, which must outlive the handler.
Handler with_object(loop::Pool& pool, JsonHandler handler, JsonLimits limits = {});

/// The same for a body that may be any JSON value.
Handler with_json(loop::Pool& pool, JsonHandler handler, JsonLimits limits = {});

}  // namespace skerry::http
