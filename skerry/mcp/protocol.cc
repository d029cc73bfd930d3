// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/protocol.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace skerry::mcp {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

const json kNone = nullptr;

/// The member of an object; null where there is none.
const json& member(const json& object, std::string_view name) {
  if (!object.is_object()) return kNone;
  const auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

bool is_id(const json& id) { return id.is_string() || id.is_number_integer(); }

Error invalid_message(std::string message) {
  return {.code = ErrorCode::kInvalidRequest, .message = std::move(message)};
}

}  // namespace

std::string_view name_of(Revision revision) {
  switch (revision) {
    case Revision::kNovember2024:
      return "2024-11-05";
    case Revision::kMarch2025:
      return "2025-03-26";
    case Revision::kJune2025:
      return "2025-06-18";
    case Revision::kNovember2025:
      return "2025-11-25";
    default:
      return "2026-07-28";
  }
}

std::optional<Revision> revision_named(std::string_view name) {
  const auto* found = std::find_if(kRevisions.begin(), kRevisions.end(),
                                   [name](Revision each) { return name_of(each) == name; });
  return found == kRevisions.end() ? std::nullopt : std::optional(*found);
}

std::variant<Message, Error> read_message(json value, json& id) {
  if (!value.is_object()) return invalid_message("a message is one JSON object");
  if (const json& given = member(value, "id"); is_id(given)) id = given;
  if (member(value, "jsonrpc") != "2.0") return invalid_message(R"("jsonrpc" must be "2.0")");
  Message message;
  const bool has_id = value.contains("id");
  if (has_id && !is_id(member(value, "id"))) {
    // A response to what could not be read has a null id.
    const bool is_error = value.contains("error") && member(value, "id").is_null();
    if (!is_error) return invalid_message(R"("id" must be a text or an integer)");
  }
  message.id = id;
  if (!value.contains("method")) {
    if (!value.contains("result") && !value.contains("error")) {
      return invalid_message(R"(a message has a "method", a "result" or an "error")");
    }
    message.kind = Message::Kind::kResponse;
    message.params = std::move(value);
    return message;
  }
  json& method = value["method"];
  if (!method.is_string()) return invalid_message(R"("method" must be a text)");
  message.method = std::move(method.get_ref<std::string&>());
  message.kind = has_id ? Message::Kind::kRequest : Message::Kind::kNotification;
  if (const auto params = value.find("params"); params != value.end() && !params->is_null()) {
    if (!params->is_object()) return invalid_message(R"("params" must be an object)");
    message.params = std::move(*params);
  }
  return message;
}

const json& meta_of(const Message& message, std::string_view name) {
  return member(member(message.params, "_meta"), name);
}

bool is_stateless(const Message& message) {
  return !meta_of(message, kVersionMeta).is_null() || message.method == "server/discover";
}

Error unsupported_version(std::string_view asked) {
  ordered_json supported = ordered_json::array();
  for (const Revision each : kRevisions) supported.push_back(name_of(each));
  return {.code = ErrorCode::kUnsupportedVersion,
          .message = "Unsupported protocol version",
          .data = {{"supported", std::move(supported)}, {"requested", asked}}};
}

std::variant<Revision, Error> stateless_revision(const Message& message) {
  const json& version = meta_of(message, kVersionMeta);
  for (const std::string_view name : {kVersionMeta, kCapabilitiesMeta}) {
    if (!meta_of(message, name).is_null()) continue;
    return Error{.code = ErrorCode::kInvalidParameters,
                 .message = fmt::format("params._meta lacks \"{}\"", name)};
  }
  if (!version.is_string() || !meta_of(message, kCapabilitiesMeta).is_object()) {
    return Error{.code = ErrorCode::kInvalidParameters,
                 .message = fmt::format("in params._meta, \"{}\" is a text and \"{}\" an object",
                                        kVersionMeta, kCapabilitiesMeta)};
  }
  const auto& name = version.get_ref<const std::string&>();
  const auto revision = revision_named(name);
  if (!revision || !is_stateless(*revision)) return unsupported_version(name);
  return *revision;
}

ordered_json result_message(const json& id, ordered_json result) {
  ordered_json message{{"jsonrpc", "2.0"}, {"id", id}, {"result", nullptr}};
  // Last: an object copies its members when it grows, and this one may be large.
  message["result"] = std::move(result);
  return message;
}

ordered_json error_message(const json& id, const Error& error) {
  ordered_json told{{"code", static_cast<int>(error.code)}, {"message", error.message}};
  if (!error.data.is_null()) told["data"] = error.data;
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(told)}};
}

ordered_json notification(std::string_view method, ordered_json params) {
  return {{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}};
}

}  // namespace skerry::mcp
