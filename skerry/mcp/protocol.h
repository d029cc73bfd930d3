// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>

/// The Model Context Protocol: messages of JSON-RPC, and what its revisions ask of them.
namespace skerry::mcp {

/// A revision of the protocol, the oldest first.
enum class Revision { kNovember2024, kMarch2025, kJune2025, kNovember2025, kJuly2026 };

inline constexpr std::array kRevisions{Revision::kNovember2024, Revision::kMarch2025,
                                       Revision::kJune2025, Revision::kNovember2025,
                                       Revision::kJuly2026};
/// Of a client over HTTP that names none, as revision 2025-06-18 says.
inline constexpr Revision kUnnamedRevision = Revision::kMarch2025;
/// The latest that begins with `initialize`.
inline constexpr Revision kLatestHandshake = Revision::kNovember2025;

/// "2025-11-25".
std::string_view name_of(Revision revision);
std::optional<Revision> revision_named(std::string_view name);
/// Whether each request says all there is to know about its client, and none begins a session.
inline bool is_stateless(Revision revision) { return revision >= Revision::kJuly2026; }

/// JSON-RPC's codes, and those of the protocol.
enum class ErrorCode : int {
  kParse = -32700,
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParameters = -32602,
  kInternal = -32603,
  kResourceNotFound = -32002,  ///< in revisions that begin with `initialize`
  kHeaderMismatch = -32020,
  kMissingCapability = -32021,
  kUnsupportedVersion = -32022,
};

/// Why a request has no result. A value.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message = {};
  nlohmann::ordered_json data = nullptr;  ///< null: none
};

/// One message of a client. Its parts are checked for their types alone.
struct Message {
  enum class Kind { kRequest, kNotification, kResponse };
  Kind kind = Kind::kRequest;
  nlohmann::json id = nullptr;                       ///< a text or an integer; null: none
  std::string method = {};                           ///< empty in a response
  nlohmann::json params = nlohmann::json::object();  ///< of a response: itself
};

/// Untrusted. kInvalidRequest for what is no message of JSON-RPC 2.0, in `id` the message's, if it
/// has one.
std::variant<Message, Error> read_message(nlohmann::json value, nlohmann::json& id);

/// The value under a name of the parameters' `_meta`; null: none.
const nlohmann::json& meta_of(const Message& message, std::string_view name);

inline constexpr std::string_view kVersionMeta = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kCapabilitiesMeta = "io.modelcontextprotocol/clientCapabilities";
inline constexpr const char* kServerMeta = "io.modelcontextprotocol/serverInfo";

/// Whether a message is of a revision without sessions: it says its version itself, or asks what
/// only those revisions have.
bool is_stateless(const Message& message);

/// Checks what a message of such a revision says about its client: kInvalidParameters for what is
/// missing, kUnsupportedVersion.
std::variant<Revision, Error> stateless_revision(const Message& message);

/// The error for a version that is not served.
Error unsupported_version(std::string_view asked);

/// A response as it is sent; `result` is moved into it.
nlohmann::ordered_json result_message(const nlohmann::json& id, nlohmann::ordered_json result);
nlohmann::ordered_json error_message(const nlohmann::json& id, const Error& error);
nlohmann::ordered_json notification(std::string_view method, nlohmann::ordered_json params);

}  // namespace skerry::mcp
