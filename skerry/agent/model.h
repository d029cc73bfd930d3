// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "skerry/base/status.h"

namespace skerry::agent {

/// Who says something in a conversation.
enum class Role { kSystem, kUser, kAssistant, kTool };

/// A call that a model asks for. All of it is the model's: untrusted, within limits.
struct ModelCall {
  std::string id;
  std::string tool;
  std::string arguments;  ///< meant to be a JSON object, as the model wrote it
};

struct Message {
  Role role = Role::kUser;
  std::string content = {};
  std::vector<ModelCall> calls = {};  ///< of the assistant
  std::string call_id = {};           ///< of a tool: the call that this answers
};

/// What is said, and to which model.
struct ModelRequest {
  std::string model;
  std::vector<Message> messages = {};
  nlohmann::ordered_json tools =
      nlohmann::ordered_json::array();     ///< name, description, parameters
  bool may_call = true;                    ///< whether it may ask for a call of one of them now
  std::optional<double> temperature = {};  ///< none: the server's own
  std::optional<int> max_tokens = {};      ///< none: the server's own
  std::chrono::steady_clock::time_point deadline = {};  ///< when the answer must be there
  std::string trace = {};                               ///< `traceparent`; empty: none
};

/// Why a model stopped.
enum class Finish { kStop, kLength, kToolCalls, kContentFilter };
std::string_view name_of(Finish finish);

struct TokenUsage {
  std::int64_t input = 0;
  std::int64_t output = 0;
};

/// What a model says: untrusted, within limits.
struct ModelReply {
  std::string content = {};
  std::vector<ModelCall> calls = {};  ///< each with an id of its own
  Finish finish = Finish::kStop;
  std::string model = {};  ///< as the server names it; may be empty
  TokenUsage usage = {};   ///< zeros where the server tells none
};

/// Sees a reply's text while it comes: UTF-8, whole characters.
using TextCallback = std::function<void(std::string_view text)>;

/// A language model that can be asked. Confined to the event loop's thread.
class Model {
 public:
  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  virtual ~Model() = default;

  /// `on_text` may be empty. kCancelled when the wait is; kDeadlineExceeded when the model is too
  /// slow; kResourceExhausted when it has too much to do; kUnavailable when it is not there, or
  /// says what nobody can understand; kInvalidArgument when it does not take the request;
  /// kFailedPrecondition when it cannot be asked as it is set up.
  virtual boost::asio::awaitable<Result<ModelReply>> ask(ModelRequest request,
                                                         TextCallback on_text) = 0;

  /// Whose model it is, for people: the server's name.
  virtual const std::string& provider() const = 0;
};

}  // namespace skerry::agent
