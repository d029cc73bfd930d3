// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/content.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "skerry/base/formats/base64.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/retry_after.h"
#include "skerry/base/utf8.h"

namespace skerry::mcp {
namespace {

using nlohmann::ordered_json;

// Of a text, at either end. More than a model has room for; and copied on the event loop.
constexpr std::size_t kShown = std::size_t{128} << 10;
// Of an image, as base64.
constexpr std::size_t kMaxImage = std::size_t{1} << 20;

/// Whether a byte of UTF-8 goes on with a character.
bool goes_on(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

std::string shown(std::string_view text) {
  if (text.size() <= 2 * kShown) return to_utf8(text);
  std::size_t end = kShown;
  std::size_t begin = text.size() - kShown;
  while (end > kShown - 4 && goes_on(text[end])) --end;
  while (begin < text.size() - kShown + 4 && goes_on(text[begin])) ++begin;
  return fmt::format("{}\n[{} bytes are left out here; the structured content has them]\n{}",
                     to_utf8(text.substr(0, end)), begin - end, to_utf8(text.substr(begin)));
}

/// A member that is a text; empty where there is none.
std::string_view text_in(const ordered_json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>();
}

/// What a failed run, or a lost session, has to say for itself.
std::string explanation(const ordered_json& outcome) {
  std::string all;
  const auto add = [&all](std::string_view line) {
    if (line.empty()) return;
    if (!all.empty()) all += '\n';
    all += line;
  };
  if (text_in(outcome, "outcome") != "completed") {
    add(fmt::format("[{}] {}", text_in(outcome, "outcome"), text_in(outcome, "message")));
    const std::string_view printed = text_in(outcome, "stderr");
    const auto exception = outcome.find("exception");
    if (exception != outcome.end() && exception->is_object()) {
      const std::string_view hint = text_in(*exception, "hint");
      // Mostly it stands below the traceback.
      if (printed.find(hint) == printed.npos) add(hint);
    }
  }
  if (const auto session = outcome.find("session");
      session != outcome.end() && session->is_object()) {
    add(text_in(*session, "notice"));
    add(text_in(*session, "message"));
  }
  return all;
}

/// Where images go that the content has no room for.
struct LargeImages {
  Revision revision;
  const KeepImage& keep;
};

/// The block for an image that is too large for one; in `links` its URI.
ordered_json large_image_block(const LargeImages& large, const char* type, std::string image,
                               ordered_json& links) {
  const std::size_t size = base64_size(image);
  std::string uri = large.keep(type, std::move(image));
  if (uri.empty()) {
    return text_block(fmt::format(
        "[{} of {} bytes is larger than an answer shows ({}); draw it smaller, or save it to a "
        "file of a session and read that]",
        type, size, kMaxImage / 4 * 3));
  }
  links[type] = uri;
  std::string name(type);
  name.replace(name.find('/'), 1, ".");
  return link_block({.uri = std::move(uri), .name = std::move(name), .type = type, .size = size},
                    large.revision);
}

/// Moves the images of one of a run's values into the content: a model that read them as text would
/// read a hundred thousand letters. What the value is, if it is not the result, is told before
/// them.
void take_images(ordered_json& result, ordered_json& content, const LargeImages& large) {
  auto& data = result.at("data");
  const bool is_result = result.at("is_result") == true;
  if (const std::string_view text = text_in(data, "text/plain"); !is_result && !text.empty()) {
    content.push_back(text_block(text));
  }
  ordered_json moved = ordered_json::array();
  ordered_json links = ordered_json::object();
  for (const char* type : {"image/png", "image/jpeg", "image/gif", "image/webp"}) {
    const auto found = data.find(type);
    if (found == data.end() || !found->is_string()) continue;
    std::string& image = found->get_ref<std::string&>();
    if (image.size() <= kMaxImage) {
      content.push_back({{"type", "image"}, {"data", std::move(image)}, {"mimeType", type}});
    } else {
      content.push_back(large_image_block(large, type, std::move(image), links));
    }
    data.erase(found);
    moved.push_back(type);
  }
  if (!moved.empty()) result["metadata"]["in_content"] = std::move(moved);
  if (!links.empty()) result["metadata"]["links"] = std::move(links);
}

}  // namespace

ordered_json text_block(std::string_view text) { return {{"type", "text"}, {"text", shown(text)}}; }

ordered_json link_block(const ResourceLink& link, Revision revision) {
  if (revision < Revision::kJune2025) {
    return text_block(
        fmt::format("[{}, {} of {} bytes, is larger than an answer shows: resources/read gives {}]",
                    link.name, link.type, link.size, link.uri));
  }
  return {{"type", "resource_link"},
          {"uri", link.uri},
          {"name", link.name},
          {"description", fmt::format("{} bytes, more than an answer shows", link.size)},
          {"mimeType", link.type},
          {"size", link.size}};
}

ordered_json content_of_run(ordered_json& outcome, Revision revision, const KeepImage& keep) {
  ordered_json content = ordered_json::array();
  for (const char* name : {"stdout", "stderr", "result"}) {
    const std::string_view text = text_in(outcome, name);
    if (!text.empty()) content.push_back(text_block(text));
  }
  if (const auto results = outcome.find("results"); results != outcome.end()) {
    for (ordered_json& each : *results) take_images(each, content, {revision, keep});
  }
  const std::string why = explanation(outcome);
  if (!why.empty()) content.push_back(text_block(why));
  if (content.empty()) content.push_back(text_block("[completed, without output]"));
  return content;
}

ToolResult structured_result(ordered_json value) {
  ToolResult result;
  result.content.push_back(text_block(dump_json(value)));
  result.structured = std::move(value);
  return result;
}

std::string failure_text(const Status& status) {
  std::string text = to_utf8(message_of(status));
  if (const auto wait = retry_after(status)) {
    text += fmt::format("; again after {} s", retry_seconds(*wait).count());
  }
  return text;
}

ToolResult failed_result(const Status& status) {
  ToolResult result{.is_error = true};
  result.content.push_back(text_block(failure_text(status)));
  return result;
}

}  // namespace skerry::mcp
