// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/display_frame.h"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "skerry/base/formats/json_text.h"

namespace skerry::runtime::python {
namespace {

using nlohmann::json;
using sandbox::Display;
using Kind = Display::Part::Kind;

std::optional<Kind> kind_of(std::string_view name) {
  if (name == "text") return Kind::kText;
  if (name == "binary") return Kind::kBinary;
  if (name == "json") return Kind::kJson;
  return std::nullopt;
}

Status no_frame() { return absl::InvalidArgumentError("no value to show"); }

/// The part that `told` tells of, and whose content is the first of `rest`.
Result<Display::Part> take_part(json& told, std::string_view& rest) {
  if (!told.is_array() || told.size() != 3 || !told[0].is_string() || !told[1].is_string() ||
      !told[2].is_number_unsigned()) {
    return no_frame();
  }
  const auto kind = kind_of(told[1].get_ref<const std::string&>());
  const auto size = told[2].get<std::uint64_t>();
  if (!kind || size > rest.size()) return no_frame();
  Display::Part part{.type = std::move(told[0].get_ref<std::string&>()),
                     .kind = *kind,
                     .content = std::string(rest.substr(0, size))};
  rest.remove_prefix(size);
  return part;
}

}  // namespace

Result<Display> parse_display_frame(std::string_view frame) {
  const auto line = frame.find('\n');
  if (line > 4 * Display::kMaxJson || frame.size() - line > Display::kMaxBytes) {
    return no_frame();
  }
  SKERRY_ASSIGN(json head, parse_json_object(frame.substr(0, line), "a value to show"));
  std::string_view rest = frame.substr(line + 1);
  const auto parts = head.find("parts");
  if (parts == head.end() || !parts->is_array() || parts->size() > Display::kMaxParts) {
    return no_frame();
  }
  Display display;
  display.is_result = head.value("is_result", json()) == true;
  for (json& told : *parts) {
    SKERRY_ASSIGN(Display::Part part, take_part(told, rest));
    display.parts.push_back(std::move(part));
  }
  for (const auto& [name, text] :
       {std::pair("metadata", &display.metadata), std::pair("chart", &display.chart)}) {
    const auto field = head.find(name);
    if (field != head.end() && field->is_string())
      *text = std::move(field->get_ref<std::string&>());
  }
  if (!rest.empty()) return no_frame();
  SKERRY_TRY(display.check());
  return display;
}

}  // namespace skerry::runtime::python
