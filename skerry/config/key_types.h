// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/base/bytes.h"
#include "skerry/config/keys.h"

// What keys are made of: for this folder's sources alone.

namespace skerry::config {

/// kInvalidArgument saying what was expected, and what was given.
inline Status expected(const std::string& what, const nlohmann::json& value) {
  return absl::InvalidArgumentError(
      fmt::format("expected {}, got {}", what,
                  value.is_string() ? "\"" + value.get<std::string>() + "\"" : value.dump()));
}

inline Result<double> number_in(const nlohmann::json& value, double least, double most,
                                bool is_whole) {
  const std::string what = fmt::format("{} from {:.15g} to {:.15g}",
                                       is_whole ? "a whole number" : "a number", least, most);
  double number = 0;
  if (value.is_number()) {
    number = value.get<double>();
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return expected(what, value);
  } else {
    return expected(what, value);
  }
  if (!(number >= least && number <= most) || (is_whole && number != std::floor(number))) {
    return expected(what, value);
  }
  return number;
}

inline Result<bool> flag_in(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) {
    for (const char* yes : {"true", "yes", "on", "1"}) {
      if (value == yes) return true;
    }
    for (const char* no : {"false", "no", "off", "0"}) {
      if (value == no) return false;
    }
  }
  return expected("true or false", value);
}

/// A list of texts; one text is a list of those that commas part.
inline Result<std::vector<std::string>> texts_in(const nlohmann::json& value) {
  std::vector<std::string> texts;
  if (value.is_string()) {
    std::string rest = value.get<std::string>();
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      texts.push_back(rest.substr(0, comma));
      rest = comma == rest.npos ? std::string() : rest.substr(comma + 1);
    }
    return texts;
  }
  if (!value.is_array()) return expected("a list", value);
  for (const nlohmann::json& each : value) {
    if (!each.is_string()) return expected("a list of texts", value);
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

/// A whole number; `get` gives the field, which counts in units of `unit`.
template <typename Get>
Key whole(const char* name, double least, double most, Get get) {
  return {.name = name,
          .take = [least, most, get](Settings& settings, const nlohmann::json& value) -> Status {
            SKERRY_ASSIGN(const double number, number_in(value, least, most, true));
            auto& field = get(settings);
            field = static_cast<std::remove_reference_t<decltype(field)>>(number);
            return ok_status();
          },
          .show = [get](const Settings& settings) { return nlohmann::json(get(settings)); }};
}

/// The same of a duration of type `Duration`, which says the unit.
template <typename Duration, typename Get>
Key duration(const char* name, double least, double most, Get get) {
  return {.name = name,
          .take = [least, most, get](Settings& settings, const nlohmann::json& value) -> Status {
            SKERRY_ASSIGN(const double number, number_in(value, least, most, true));
            get(settings) = Duration(static_cast<std::int64_t>(number));
            return ok_status();
          },
          .show =
              [get](const Settings& settings) {
                return nlohmann::json(std::chrono::duration_cast<Duration>(get(settings)).count());
              }};
}

template <typename Get>
Key size(const char* name, double least, double most, Get get) {
  return {.name = name,
          .take = [least, most, get](Settings& settings, const nlohmann::json& value) -> Status {
            SKERRY_ASSIGN(const double number, number_in(value, least, most, true));
            get(settings) = bytes(static_cast<std::uint64_t>(number));
            return ok_status();
          },
          .show = [get](const Settings& settings) { return nlohmann::json(get(settings).value); }};
}

template <typename Get>
Key number(const char* name, double least, double most, Get get) {
  return {.name = name,
          .take = [least, most, get](Settings& settings, const nlohmann::json& value) -> Status {
            SKERRY_ASSIGN(get(settings), number_in(value, least, most, false));
            return ok_status();
          },
          .show = [get](const Settings& settings) { return nlohmann::json(get(settings)); }};
}

template <typename Get>
Key flag(const char* name, Get get) {
  return {.name = name,
          .take = [get](Settings& settings, const nlohmann::json& value) -> Status {
            SKERRY_ASSIGN(get(settings), flag_in(value));
            return ok_status();
          },
          .show = [get](const Settings& settings) { return nlohmann::json(get(settings)); }};
}

template <typename Get>
Key texts(const char* name, Get get) {
  return {.name = name,
          .take = [get](Settings& settings, const nlohmann::json& value) -> Status {
            SKERRY_ASSIGN(auto list, texts_in(value));
            if (list.empty()) return expected("at least one", value);
            get(settings) = std::move(list);
            return ok_status();
          },
          .show = [get](const Settings& settings) { return nlohmann::json(get(settings)); }};
}

/// A file's path; none as null.
template <typename Get>
Key file(const char* name, Get get) {
  return {.name = name,
          .take = [get](Settings& settings, const nlohmann::json& value) -> Status {
            if (!value.is_string() || value == "") return expected("a file's path", value);
            get(settings) = value.get<std::string>();
            return ok_status();
          },
          .show =
              [get](const Settings& settings) {
                const std::filesystem::path& path = get(settings);
                return path.empty() ? nlohmann::json(nullptr) : nlohmann::json(path.native());
              }};
}

}  // namespace skerry::config
