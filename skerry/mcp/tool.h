// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/access/principal.h"
#include "skerry/mcp/protocol.h"

namespace skerry::mcp {

/// Where messages go that belong to a request which is under way. Confined to the event loop's
/// thread.
class Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  virtual void send(const nlohmann::ordered_json& message) = 0;
  /// Bytes that were sent and that the client has not taken yet.
  virtual std::size_t unsent() const = 0;
  /// Until the client has taken all that was sent, or the wait is cancelled.
  virtual boost::asio::awaitable<void> drained() = 0;
};

/// A request, and for whom. Lives as long as it is worked on.
struct Request {
  access::Principal caller = {};
  Revision revision = kLatestHandshake;
  Message message = {};
  /// Of the client's connection, where ids of requests are told apart; empty: nobody can cancel it
  /// by its id.
  std::string connection = {};
  Exchange* exchange = nullptr;  ///< null: the client takes nothing but the answer

  /// The token for notifications of its progress; null: none are wanted, or can be sent.
  const nlohmann::json& progress_token() const;
  /// Tells requests apart whose ids their clients chose: of this tenant and connection, that of
  /// `id`.
  std::string key_of(const nlohmann::json& id) const;
};

/// What a request comes to.
struct Reply {
  nlohmann::ordered_json result = nlohmann::ordered_json::object();
  std::shared_ptr<const void> memory = {};  ///< that the result counts against, until it is sent
};
struct Cancelled {};  ///< the client wants no answer any more
using Answer = std::variant<Reply, Error, Cancelled>;

/// What a call of a tool comes to. A value.
struct ToolResult {
  nlohmann::ordered_json content = nlohmann::ordered_json::array();  ///< blocks
  nlohmann::ordered_json structured = nullptr;  ///< fits the tool's `outputSchema`; null: none
  bool is_error = false;
  std::shared_ptr<const void> memory = {};  ///< as in a reply
  nlohmann::ordered_json other = nullptr;   ///< a result of another kind, in place of all this
};

/// Something that models call by name.
struct Tool {
  using Outcome = std::variant<ToolResult, Error>;
  using Call = std::function<boost::asio::awaitable<Outcome>(const Request& request,
                                                             nlohmann::json arguments)>;

  nlohmann::ordered_json description;  ///< as `tools/list` has it
  Call call;                           ///< `arguments` is an object; the request outlives the call

  const std::string& name() const { return description.at("name").get_ref<const std::string&>(); }
};

/// What a tool does to its surroundings, for the annotations of its description.
enum class Effect {
  kReads,     ///< changes nothing
  kAdds,      ///< what was there stays
  kReplaces,  ///< what was there may be gone
};

/// The description of a tool that works on nothing outside this service.
nlohmann::ordered_json describe(const char* name, const char* title, const char* what,
                                Effect effect, nlohmann::ordered_json input,
                                nlohmann::ordered_json output);

}  // namespace skerry::mcp
