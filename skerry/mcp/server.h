// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "skerry/mcp/page.h"
#include "skerry/mcp/protocol.h"
#include "skerry/mcp/tool.h"

namespace skerry::mcp {

/// Which revisions have a method.
enum class Era {
  kHandshake,  ///< those that begin with `initialize`
  kStateless,  ///< those after them
  kBoth,
};

/// Answers requests of every revision, whatever they came over. It keeps nothing of its clients but
/// which requests are under way. Confined to the event loop's thread.
class Server {
 public:
  using Method = std::function<boost::asio::awaitable<Answer>(Request& request)>;

  struct Options {
    std::string version;  ///< of Skerry
    Page page = {};       ///< of `tools/list`
  };
  explicit Server(Options options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void add(Tool tool) { tools_.push_back(std::move(tool)); }
  void add(std::vector<Tool> tools);
  /// A method besides those of the protocol that tools need.
  void add(std::string name, Era era, Method method);
  /// Tells clients of those revisions of one more capability.
  void declare(const std::string& name, Era era, const nlohmann::ordered_json& capability);

  /// What becomes of a request. Cancelling the wait ends what it began.
  boost::asio::awaitable<Answer> answer(Request request);

  /// Takes note of a notification: one that cancels a request of the same connection ends it.
  void notified(const Request& notification);

  /// Responses of clients go to `responded` from now on: to what tools asked of them.
  void on_response(std::function<void(const Request& response)> responded) {
    on_response_ = std::move(responded);
  }
  void responded(const Request& response) const {
    if (on_response_) on_response_(response);
  }

 private:
  struct MethodEntry {
    Era era = Era::kBoth;
    Method method;
  };
  void add_methods();
  Reply discovery(const Request& request) const;
  Reply introduction(const Request& request) const;
  Answer tools_page(const Request& request) const;
  boost::asio::awaitable<Answer> call_tool(Request& request);
  boost::asio::awaitable<Answer> until_cancelled(Request& request, const Method& method);

  Options options_;
  std::function<void(const Request& response)> on_response_;
  std::vector<Tool> tools_;
  std::map<std::string, MethodEntry, std::less<>> methods_;
  nlohmann::ordered_json handshake_capabilities_;
  nlohmann::ordered_json stateless_capabilities_;
  // Ending their wait cancels the request. By tenant, connection and id.
  std::map<std::string, boost::asio::steady_timer*> under_way_;
};

/// How long clients may keep what changes with the service's version alone.
inline constexpr std::chrono::milliseconds kListTime{300'000};
/// Of a result that revision 2026-07-28 lets clients keep: for how long; never for others.
void make_cacheable(const Request& request, nlohmann::ordered_json& result,
                    std::chrono::milliseconds time = kListTime);

}  // namespace skerry::mcp
