// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "skerry/agent/model.h"
#include "skerry/base/status.h"

// Chat completions in the form that OpenAI gave them, and many servers understand.

namespace skerry::agent {

/// How a reply comes.
enum class Delivery { kWhole, kStreamed };

/// The body that asks for a completion.
std::string request_body(const ModelRequest& request, Delivery delivery);

/// Puts a reply together from what a server sends, which is untrusted. Texts and calls have limits:
/// 1 MiB of content, 16 calls, 1 MiB of arguments in all. Confined to one thread.
///
/// Everything fails with kUnavailable: what came cannot be understood, whoever asks again may have
/// more luck.
class ReplyReader {
 public:
  /// `on_text` may be empty.
  explicit ReplyReader(TextCallback on_text) : on_text_(std::move(on_text)) {}

  /// One event of a stream: a chunk, or "[DONE]".
  Status take_event(std::string_view data);
  /// The body of a reply that comes whole.
  Status take_whole(std::string_view body);

  /// The stream has said that it is over.
  bool is_done() const { return is_done_; }
  /// The reply, when all is there. Call once.
  Result<ModelReply> finish();

 private:
  Status take(const nlohmann::json& object, const char* message_key);
  Status take_choice(const nlohmann::json& choice, const char* message_key);
  Status take_message(const nlohmann::json& message);
  Status take_call(const nlohmann::json& call);
  Status take_usage(const nlohmann::json& object);
  Result<ModelCall*> call_at(const nlohmann::json& call);

  TextCallback on_text_;
  ModelReply reply_;
  std::string finish_reason_;
  std::size_t arguments_ = 0;  // bytes, of all calls
  bool is_done_ = false;
};

/// What a server says in the body of a failure; empty when it says nothing that can be read.
std::string error_in(std::string_view body);

}  // namespace skerry::agent
