// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "skerry/agent/http_exchange.h"
#include "skerry/agent/model.h"
#include "skerry/agent/model_options.h"

namespace skerry::agent {

/// Asks a server that speaks OpenAI's chat completions. The server is untrusted: slow, endless,
/// redirecting or lying ones end in a Status. Where it is too busy and says when to come again, it
/// is asked once more, if that is in time. Confined to the event loop's thread.
class ModelClient final : public Model {
 public:
  /// Fails as `ModelOptions::check` and `TlsClientContext::make` do. The io_context must outlive
  /// it.
  static Result<std::unique_ptr<ModelClient>> make(boost::asio::io_context& io,
                                                   ModelOptions options);

  boost::asio::awaitable<Result<ModelReply>> ask(ModelRequest request,
                                                 TextCallback on_text) override;
  const std::string& provider() const override { return endpoint_.host; }

 private:
  ModelClient(boost::asio::io_context& io, ModelOptions options, Endpoint endpoint,
              std::unique_ptr<TlsClientContext> tls);
  boost::asio::awaitable<Result<ModelReply>> ask_once(const ModelRequest& request,
                                                      TextCallback on_text);
  boost::asio::awaitable<Status> refusal(HttpExchange& exchange, HttpExchange::Head head) const;

  boost::asio::io_context& io_;
  ModelOptions options_;
  Endpoint endpoint_;
  std::unique_ptr<TlsClientContext> tls_;
};

}  // namespace skerry::agent
