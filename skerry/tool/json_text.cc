// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/json_text.h"

#include <set>
#include <stdexcept>
#include <vector>

namespace skerry::tool {
namespace {

using nlohmann::json;

constexpr int kDeepest = 64;

/// Thrown out of the parser by what it may not hold.
struct Refusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace

Result<json> parse_object(std::string_view text, std::string_view what) {
  const std::string name(what);
  std::vector<std::set<std::string>> names;  // of the objects that are open
  const auto check = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kDeepest) throw Refusal("more than 64 levels deep");
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key &&
        !names.back().insert(parsed.get_ref<const std::string&>()).second) {
      throw Refusal("the name \"" + parsed.get<std::string>().substr(0, 64) + "\" is in it twice");
    }
    return true;
  };
  try {
    json parsed = json::parse(text, check);
    if (parsed.is_object()) return parsed;
    return absl::InvalidArgumentError(name + " must be a JSON object");
  } catch (const Refusal& refusal) {
    return absl::InvalidArgumentError(name + " is refused: " + refusal.what());
  } catch (const json::parse_error& error) {
    return absl::InvalidArgumentError(name + " is not JSON: at byte " + std::to_string(error.byte));
  } catch (const json::exception&) {
    return absl::InvalidArgumentError(name + " is refused: a number in it is out of range");
  }
}

}  // namespace skerry::tool
