// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/grpc_answer.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"

namespace skerry::shannon {
namespace {

using google::protobuf::Message;
using google::protobuf::Struct;
using google::protobuf::Value;
using Texts = std::vector<std::string*>;

constexpr std::string_view kMarker =
    "\n[cut: gRPC clients take 4 MiB in an answer; a stream has all of it]\n";
// Shorter texts are left as they are.
constexpr std::size_t kShort = 4096;

void find_texts(std::string* text, Texts& texts) {
  if (text->size() > kShort) texts.push_back(text);
}

void find_texts(Value& value, Texts& texts);

void find_texts(Struct& object, Texts& texts) {
  for (auto& [name, value] : *object.mutable_fields()) find_texts(value, texts);
}

void find_texts(Value& value, Texts& texts) {
  if (value.has_string_value()) {
    find_texts(value.mutable_string_value(), texts);
  } else if (value.has_struct_value()) {
    find_texts(*value.mutable_struct_value(), texts);
  } else if (value.has_list_value()) {
    for (Value& each : *value.mutable_list_value()->mutable_values()) find_texts(each, texts);
  }
}

void find_texts(::shannon::common::ToolResult& result, Texts& texts) {
  if (result.has_output()) find_texts(*result.mutable_output(), texts);
  if (result.has_metadata()) find_texts(*result.mutable_metadata(), texts);
  find_texts(result.mutable_error_message(), texts);
}

void cut(std::string& text, std::size_t size) {
  if (text.size() <= size) return;
  text.resize(clip(text, size - kMarker.size()).size());
  text += kMarker;
}

/// The length to which the longest of `texts` are cut so that all together lose `excess` bytes;
/// kShort when even that is too little.
std::size_t level_for(const Texts& texts, std::size_t excess) {
  std::vector<std::size_t> sizes;
  sizes.reserve(texts.size());
  for (const std::string* text : texts) sizes.push_back(text->size());
  std::sort(sizes.rbegin(), sizes.rend());
  std::size_t sum = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    sum += sizes[i];
    // The first i + 1 at one level; the next is shorter than that or is cut, too.
    const std::size_t level = sum > excess ? (sum - excess) / (i + 1) : 0;
    const std::size_t next = i + 1 < sizes.size() ? sizes[i + 1] : 0;
    if (level >= next) return std::max(level, kShort);
  }
  return kShort;
}

/// The dearest are cut where that of the others is not enough.
void fit(const Message& answer, std::size_t most, const Texts& others, const Texts& dearest) {
  for (const Texts* texts : {&others, &dearest}) {
    const std::size_t size = answer.ByteSizeLong();
    if (size <= most || texts->empty()) continue;
    const std::size_t level = level_for(*texts, size - most);
    for (std::string* text : *texts) cut(*text, level);
  }
}

}  // namespace

void fit_answer(::shannon::agent::ExecuteTaskResponse& answer, std::size_t most) {
  if (answer.ByteSizeLong() <= most) return;
  Texts others;
  for (auto& each : *answer.mutable_tool_results()) find_texts(each, others);
  for (auto& each : *answer.mutable_tool_calls()) {
    if (each.has_parameters()) find_texts(*each.mutable_parameters(), others);
  }
  find_texts(answer.mutable_error_message(), others);
  Texts dearest;
  find_texts(answer.mutable_result(), dearest);
  fit(answer, most, others, dearest);
}

void fit_answer(::shannon::agent::TaskUpdate& answer, std::size_t most) {
  if (answer.ByteSizeLong() <= most) return;
  Texts texts;
  if (answer.has_tool_result()) find_texts(*answer.mutable_tool_result(), texts);
  if (answer.has_tool_call() && answer.tool_call().has_parameters()) {
    find_texts(*answer.mutable_tool_call()->mutable_parameters(), texts);
  }
  find_texts(answer.mutable_message(), texts);
  fit(answer, most, texts, {});
}

void fit_answer(::shannon::common::ToolResult& answer, std::size_t most) {
  if (answer.ByteSizeLong() <= most) return;
  Texts texts;
  find_texts(answer, texts);
  fit(answer, most, texts, {});
}

}  // namespace skerry::shannon
