// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/model_environment.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "skerry/base/os/secret_file.h"

namespace skerry::app {
namespace {

constexpr ByteSize kMaxKeyFile = kib(8);

/// Takes a variable out, from memory too: /proc/self/environ shows what the process was started
/// with.
std::string taken(const char* name) {
  char* value = std::getenv(name);
  if (value == nullptr) return {};
  std::string text = value;
  ::explicit_bzero(value, text.size());
  ::unsetenv(name);
  return text;
}

}  // namespace

Result<std::optional<agent::ModelOptions>> take_model_setting(const config::Settings& settings) {
  agent::ModelOptions options = settings.model;
  options.api_key = taken("LLM_API_KEY");
  if (options.base_url.empty()) {
    if (options.model.empty() && options.tier_models.empty()) return std::nullopt;
    return absl::InvalidArgumentError(
        "llm.model (LLM_MODEL) is set, and llm.base_url (LLM_BASE_URL) is not");
  }
  constexpr std::size_t kTiers = 3;
  if (options.model.empty() && options.tier_models.size() < kTiers) {
    return absl::InvalidArgumentError(
        "llm.base_url (LLM_BASE_URL) is set, and llm.model (LLM_MODEL) is not");
  }
  if (options.api_key.empty() && !settings.model_key_file.empty()) {
    const auto text = read_secret_file(settings.model_key_file, kMaxKeyFile);
    SKERRY_TRY(annotate(text.status(), "llm.api_key_file"));
    options.api_key = text->substr(0, text->find_first_of("\r\n"));
  }
  SKERRY_TRY(annotate(options.check(), "LLM_BASE_URL, LLM_API_KEY, LLM_MODEL"));
  return options;
}

}  // namespace skerry::app
