// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "skerry/config/key_types.h"
#include "skerry/config/keys.h"

namespace skerry::config {
namespace {

using agent::Tier;
using nlohmann::json;

constexpr double kMaxSeconds = 3600;

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

/// A list of "MODEL=INPUT/OUTPUT".
Status take_prices(Settings& settings, const json& value) {
  SKERRY_ASSIGN(const auto items, texts_in(value));
  std::map<std::string, agent::Price> prices;
  for (const std::string& item : items) {
    const auto equal = item.find('=');
    const auto price =
        equal == item.npos ? std::nullopt : price_in(std::string_view(item).substr(equal + 1));
    if (!price || equal == 0) {
      return expected("MODEL=INPUT/OUTPUT, in USD for a million tokens", item);
    }
    prices[item.substr(0, equal)] = *price;
  }
  settings.model.prices = std::move(prices);
  return ok_status();
}

json show_prices(const Settings& settings) {
  json all = json::array();
  for (const auto& [model, price] : settings.model.prices) {
    all.push_back(fmt::format("{}={:g}/{:g}", model, price.input, price.output));
  }
  return all;
}

Status take_time(Settings& settings, const json& value) {
  SKERRY_ASSIGN(const double seconds, number_in(value, 1, kMaxSeconds, true));
  agent::ModelOptions& model = settings.model;
  model.query_time = std::chrono::seconds(static_cast<std::int64_t>(seconds));
  model.first_byte_time = model.pause_time = model.query_time / 2;
  return ok_status();
}

Result<std::string> text_in(const json& value) {
  if (value.is_string() && value != "") return value.get<std::string>();
  return expected("a text", value);
}

Key model_of(const char* name, Tier tier) {
  return {.name = name,
          .take = [tier](Settings& settings, const json& value) -> Status {
            SKERRY_ASSIGN(settings.model.tier_models[tier], text_in(value));
            return ok_status();
          },
          .show =
              [tier](const Settings& settings) {
                const auto& models = settings.model.tier_models;
                const auto found = models.find(tier);
                return found == models.end() ? json(nullptr) : json(found->second);
              }};
}

json text_or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

}  // namespace

std::vector<Key> model_keys() {
  return {
      {.name = "llm.base_url",
       .take = [](Settings& settings, const json& value) -> Status {
         SKERRY_ASSIGN(settings.model.base_url, text_in(value));
         return agent::Endpoint::parse(settings.model.base_url).status();
       },
       .show = [](const Settings& settings) { return text_or_null(settings.model.base_url); }},
      {.name = "llm.model",
       .take = [](Settings& settings, const json& value) -> Status {
         SKERRY_ASSIGN(settings.model.model, text_in(value));
         return ok_status();
       },
       .show = [](const Settings& settings) { return text_or_null(settings.model.model); }},
      model_of("llm.models.small", Tier::kSmall),
      model_of("llm.models.medium", Tier::kMedium),
      model_of("llm.models.large", Tier::kLarge),
      file("llm.api_key_file", [](auto& settings) -> auto& { return settings.model_key_file; }),
      {.name = "llm.timeout_seconds",
       .take = take_time,
       .show =
           [](const Settings& settings) {
             using std::chrono::seconds;
             return json(std::chrono::duration_cast<seconds>(settings.model.query_time).count());
           }},
      {.name = "llm.prices", .take = take_prices, .show = show_prices}};
}

}  // namespace skerry::config
