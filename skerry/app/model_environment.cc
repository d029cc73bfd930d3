// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/model_environment.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string>

namespace skerry::app {
namespace {

constexpr std::int64_t kMostSeconds = 3600;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

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

/// "INPUT/OUTPUT", in USD for a million tokens.
std::optional<agent::Price> price_in(std::string_view text) {
  agent::Price price;
  const auto slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const auto read = [](std::string_view digits, double& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() && value >= 0;
  };
  if (!read(text.substr(0, slash), price.input)) return std::nullopt;
  if (!read(text.substr(slash + 1), price.output)) return std::nullopt;
  return price;
}

/// "MODEL=INPUT/OUTPUT,…".
Status read_prices(std::string_view text, agent::ModelSetting& setting) {
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    const auto equal = item.find('=');
    const auto price = equal == item.npos ? std::nullopt : price_in(item.substr(equal + 1));
    if (!price || equal == 0) {
      return absl::InvalidArgumentError("LLM_PRICES: \"" + std::string(item) +
                                        "\", expected MODEL=INPUT/OUTPUT, in USD for a million "
                                        "tokens");
    }
    setting.prices[std::string(item.substr(0, equal))] = *price;
  }
  return ok_status();
}

Status read_time(const std::string& text, agent::ModelSetting& setting) {
  if (text.empty()) return ok_status();
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 1 ||
      seconds > kMostSeconds) {
    return absl::InvalidArgumentError("LLM_TIMEOUT_SECONDS is \"" + text +
                                      "\", expected 1 to 3600");
  }
  setting.query_time = std::chrono::seconds(seconds);
  setting.first_byte_time = setting.pause_time = setting.query_time / 2;
  return ok_status();
}

}  // namespace

Result<std::optional<agent::ModelSetting>> take_model_setting() {
  agent::ModelSetting setting{.base_url = variable("LLM_BASE_URL"),
                              .api_key = taken("LLM_API_KEY"),
                              .model = variable("LLM_MODEL")};
  const std::pair<agent::Tier, const char*> tiers[] = {{agent::Tier::kSmall, "LLM_MODEL_SMALL"},
                                                       {agent::Tier::kMedium, "LLM_MODEL_MEDIUM"},
                                                       {agent::Tier::kLarge, "LLM_MODEL_LARGE"}};
  for (const auto& [tier, name] : tiers) {
    if (const std::string model = variable(name); !model.empty()) setting.tier_models[tier] = model;
  }
  if (setting.base_url.empty()) {
    if (setting.model.empty() && setting.tier_models.empty()) return std::nullopt;
    return absl::InvalidArgumentError("LLM_MODEL is set, and LLM_BASE_URL is not");
  }
  if (setting.model.empty() && setting.tier_models.size() < std::size(tiers)) {
    return absl::InvalidArgumentError("LLM_BASE_URL is set, and LLM_MODEL is not");
  }
  SKERRY_TRY(read_time(variable("LLM_TIMEOUT_SECONDS"), setting));
  SKERRY_TRY(read_prices(variable("LLM_PRICES"), setting));
  SKERRY_TRY(annotate(setting.check(), "LLM_BASE_URL, LLM_API_KEY, LLM_MODEL"));
  return setting;
}

}  // namespace skerry::app
