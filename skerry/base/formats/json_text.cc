// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/json_text.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "skerry/base/bytes.h"

namespace skerry {
namespace {

using nlohmann::json;

constexpr std::size_t kShownName = 64;  // bytes of a name in a message

/// Builds a value from the parser's events. The library's own parser with a callback visits all
/// earlier siblings at the end of each object, which makes a list of n objects cost n².
class Builder final : public nlohmann::json_sax<json> {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  json& value() { return root_; }
  /// Why the parser was stopped.
  const std::string& refusal() const { return refusal_; }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return refuse("binary data"); }

  bool start_object(std::size_t /*size*/) override { return open(json::value_t::object); }
  bool start_array(std::size_t /*size*/) override { return open(json::value_t::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (name.size() > limits_.name_bytes) {
      return refuse("a name of more than " + std::to_string(limits_.name_bytes) + " bytes");
    }
    auto& members = open_.back()->get_ref<json::object_t&>();
    const auto [member, is_new] = members.try_emplace(name);
    if (!is_new) {
      return refuse("the name \"" + std::string(clip(name, kShownName)) + "\" is in it twice");
    }
    member_ = &member->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const json::exception& error) override {
    constexpr int kNumberOutOfRange = 406;
    refusal_ = error.id == kNumberOutOfRange ? " is refused: a number in it is out of range"
                                             : " is not JSON: at byte " + std::to_string(position);
    return false;
  }

 private:
  bool refuse(const std::string& why) {
    refusal_ = " is refused: " + why;
    return false;
  }

  /// Where the next value belongs.
  json* place(json&& value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_object()) return &(*member_ = std::move(value));
    auto& items = open_.back()->get_ref<json::array_t&>();
    return &items.emplace_back(std::move(value));
  }

  bool add(json&& value) {
    if (++values_ > limits_.values) {
      return refuse("more than " + std::to_string(limits_.values) + " values");
    }
    place(std::move(value));
    return true;
  }

  bool open(json::value_t kind) {
    if (open_.size() >= limits_.depth) {
      return refuse("more than " + std::to_string(limits_.depth) + " levels deep");
    }
    if (++values_ > limits_.values) {
      return refuse("more than " + std::to_string(limits_.values) + " values");
    }
    // A container does not move while it is open: its siblings come after it.
    open_.push_back(place(json(kind)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const JsonLimits limits_;
  json root_;
  std::vector<json*> open_;
  json* member_ = nullptr;  // of the innermost object, whose value comes next
  std::size_t values_ = 0;
  std::string refusal_;
};

}  // namespace

Result<json> parse_json(std::string_view text, std::string_view what, const JsonLimits& limits) {
  Builder builder(limits);
  if (json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.value());
  return absl::InvalidArgumentError(std::string(what) + builder.refusal());
}

Result<json> parse_json_object(std::string_view text, std::string_view what,
                               const JsonLimits& limits) {
  auto parsed = parse_json(text, what, limits);
  if (!parsed.ok() || parsed->is_object()) return parsed;
  return absl::InvalidArgumentError(std::string(what) + " must be a JSON object");
}

std::string dump_json(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace skerry
