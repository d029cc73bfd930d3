// SPDX-License-Identifier: Apache-2.0
// Requests as clients may write them: what is taken as JSON passes as a message, and is the same
// when it is told as JSON and taken again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/base/formats/json_text.h"
#include "skerry/run/message_decoder.h"
#include "skerry/run/message_json.h"
#include "skerry/v1/skerry.pb.h"

namespace {

/// The message as JSON. Not in its order, which a map has not.
nlohmann::json document_of(const google::protobuf::Message& message) {
  return nlohmann::json(skerry::run::document_of(message));
}

/// The same as a request may have it: an empty text stands for one that is left out.
nlohmann::json told(const google::protobuf::Message& message) {
  nlohmann::json given = nlohmann::json::object();
  const nlohmann::json document = document_of(message);
  for (const auto& [name, value] : document.items()) {
    if (value != "" || name == "code" || name == "revision") given[name] = value;
  }
  return given;
}

template <typename Message>
void take(const skerry::run::MessageDecoder& decoder, const nlohmann::json& given) {
  Message first;
  if (!decoder.parse(given, first).ok()) return;
  Message as_message = first;
  if (!decoder.complete(as_message).ok()) std::abort();
  if (document_of(as_message) != document_of(first)) std::abort();
  Message again;
  if (!decoder.parse(told(first), again).ok()) std::abort();
  if (document_of(again) != document_of(first)) std::abort();
}

}  // namespace

static const skerry::run::MessageDecoder kRuns(*skerry::v1::RunRequest::descriptor(), "run");
static const skerry::run::MessageDecoder kRewinds(*skerry::v1::RewindRequest::descriptor(),
                                                  "rewind");

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = skerry::parse_json(text, "the body");
  if (!parsed.ok()) return 0;
  take<skerry::v1::RunRequest>(kRuns, *parsed);
  take<skerry::v1::RewindRequest>(kRewinds, *parsed);
  return 0;
}
