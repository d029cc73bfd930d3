// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "skerry/http/connections.h"
#include "skerry/http/http2/http2_stream.h"
#include "skerry/http/router.h"

namespace skerry::http {

/// Serves remote procedure calls, each of which is one stream of HTTP/2. Confined to the event
/// loop's thread.
class CallServer {
 public:
  CallServer() = default;
  CallServer(const CallServer&) = delete;
  CallServer& operator=(const CallServer&) = delete;
  virtual ~CallServer() = default;

  /// Whether a request is a call.
  virtual bool is_call(const RequestHead& head) const = 0;
  /// Answers one; cancelled when the client gives up. `peer` is the client's address.
  virtual boost::asio::awaitable<void> serve(std::shared_ptr<Http2Stream> stream,
                                             std::string peer) = 0;
};

/// What one port offers. A value; what it refers to outlives the event loop.
struct Offer {
  const Router* router = nullptr;  ///< null: no routes
  CallServer* calls = nullptr;     ///< null: no calls
  PortKind kind = PortKind::kClients;
};

}  // namespace skerry::http
