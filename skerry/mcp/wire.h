// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/mcp/server.h"

// From answers to what is sent, for every transport.

namespace skerry::mcp {

/// The response to a request of that id.
nlohmann::ordered_json response_to(const nlohmann::json& id, Answer answer);

/// A message on one line. A large one takes many turns of the event loop.
boost::asio::awaitable<std::string> text_of(nlohmann::ordered_json message);

/// The responses to the messages of a batch, which are worked on one after the other; `like` has
/// what requests have besides them. Empty: there is nothing to respond to.
boost::asio::awaitable<nlohmann::ordered_json> answer_batch(Server& server, const Request& like,
                                                            nlohmann::json messages);

/// Why an array is no batch that such a client may send; none if it is.
std::optional<Error> batch_fault(Revision revision, const nlohmann::json& messages);

}  // namespace skerry::mcp
