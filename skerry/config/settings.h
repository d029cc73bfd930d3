// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "skerry/access/rate.h"
#include "skerry/agent/model_options.h"
#include "skerry/broker/broker.h"
#include "skerry/http/connections.h"
#include "skerry/http/tls/certificates.h"
#include "skerry/sandbox/limits.h"
#include "skerry/session/session_runs.h"
#include "skerry/tool/modules/module_source.h"
#include "skerry/tool/result_cache.h"
#include "skerry/tool/runs.h"
#include "skerry/upload/upload_store.h"

namespace skerry::config {

/// All that the service can be told. A value; docs/configuration.md has the keys.
struct Settings {
  std::vector<std::string> grpc{"127.0.0.1:50051"};
  std::vector<std::string> orchestrator{"127.0.0.1:50052"};
  std::vector<std::string> http{"127.0.0.1:8000", "127.0.0.1:8080"};
  std::vector<std::string> metrics{"127.0.0.1:2113"};  ///< HTTP like the others; may be none
  bool requires_key = false;
  bool logs_json = false;           ///< what is told on standard error, a JSON object a line
  bool logs_calls = false;          ///< every call of a tool is told there, too
  http::CertificateFiles tls = {};  ///< none: nothing is encrypted
  http::ServerLimits server = {};   ///< what clients may take of the service itself
  std::chrono::milliseconds stream_idle{600'000};  ///< of a call whose client sends messages
  bool mcp_conformance = false;              ///< MCP clients find the fixtures of its test suite
  bool names_tenants = false;                ///< metrics have tenants' names in place of pseudonyms
  std::chrono::milliseconds lag_alarm{250};  ///< a lag of the event loop that is logged
  std::chrono::milliseconds handler_alarm{
      0};  ///< processor time of one handler, the same; 0: never

  int workers = broker::Options{}.workers;
  int spares = broker::Options{}.spares;
  int share = 0;  ///< workers that one tenant may hold; 0: three in four
  int queue = broker::Options{}.queue;
  bool require_walls = false;

  session::SessionRuns::Options sessions = {};
  store::Policy session_policy = {};
  upload::UploadStore::Options uploads = {};  ///< but for their directory
  sandbox::Limits limits = {};                ///< of a run that asks for nothing else
  tool::RunBounds most = {};

  /// That every run finds in its environment, unless it asks for another value.
  std::map<std::string, std::string> variables = {};

  tool::ModuleFiles modules = {};
  tool::ResultCache::Times cache_times = {};
  int python_calls_per_minute = 0;  ///< of each key, over the tool python_executor; 0: not limited
  int parallel_calls = 1;           ///< of one request's `tool_calls`

  /// Which language model is asked; its key is not among the settings but for where it lies.
  agent::ModelOptions model = {};
  std::filesystem::path model_key_file = {};

  double runs_per_second = 0;  ///< of each key that has no number of its own; 0: not limited
  access::CircuitBreaker::Options breaker = {};
  std::chrono::seconds call_time{0};  ///< that any call of a tool may take; 0: its own alone
  int query_tokens = 0;               ///< of a query, guessed from its length; 0: not limited
};

}  // namespace skerry::config
