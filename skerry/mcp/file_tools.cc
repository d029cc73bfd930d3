// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/file_tools.h"

#include <memory>
#include <string>
#include <utility>

#include "skerry/http/json_schema.h"
#include "skerry/mcp/content.h"
#include "skerry/tool/definition.h"

namespace skerry::mcp {
namespace {

using boost::asio::awaitable;
using files::FilePath;
using http::boolean_schema;
using http::integer_schema;
using http::object_of;
using http::text_schema;
using nlohmann::json;
using nlohmann::ordered_json;
using operation::Encoding;
using tool::Arguments;
using tool::Parameter;
using workspace::FileCalls;
using workspace::Scope;

/// What every call names: whose files, and which.
struct Target {
  Scope scope;
  FilePath path;
};

Result<Target> target_of(const access::Principal& caller, const Arguments& arguments) {
  SKERRY_TRY(caller.check_may_run());
  auto session = store::SessionName::parse(arguments.text("session"));
  if (!session.ok()) return annotate(session.status(), "session");
  SKERRY_ASSIGN(FilePath path, FilePath::parse(arguments.text("path")));
  return Target{.scope = {.principal = caller, .session = *std::move(session)},
                .path = std::move(path)};
}

Encoding encoding_of(const Arguments& arguments) {
  return arguments.text("encoding") == "base64" ? Encoding::kBase64 : Encoding::kText;
}

bool flag(const Arguments& arguments, const char* name) { return arguments.value(name) == true; }

// ---------------------------------------------------------------------------------------- calls

ordered_json json_of(const files::Listed& listed) {
  ordered_json all = ordered_json::array();
  for (const files::ListedFile& each : listed.files) {
    all.push_back({{"path", each.path},
                   {"type", each.is_file ? "file" : "directory"},
                   {"size", each.size},
                   {"modified_unix", each.modified.count()}});
  }
  ordered_json told{{"was_cut", listed.was_cut}, {"files", nullptr}};
  told["files"] = std::move(all);
  return told;
}

awaitable<ToolResult> list(FileCalls& files, Target target, Arguments arguments) {
  operation::ListFiles asked{.path = std::move(target.path)};
  asked.order.pattern = arguments.text("pattern");
  asked.order.has_hidden = flag(arguments, "hidden");
  if (flag(arguments, "recursive")) asked.order.depth = files::Depth::kAll;
  const auto listed = co_await files.list(std::move(target.scope), std::move(asked));
  if (!listed.ok()) co_return failed_result(listed.status());
  co_return structured_result(json_of(*listed));
}

awaitable<ToolResult> read(FileCalls& files, Target target, Arguments arguments) {
  const Encoding encoding = encoding_of(arguments);
  ordered_json value{{"path", target.path.shown()}, {"encoding", arguments.value("encoding")}};
  operation::ReadFile asked{
      .path = std::move(target.path), .most = files.options().read, .encoding = encoding};
  auto content = co_await files.read(std::move(target.scope), std::move(asked));
  if (!content.ok()) co_return failed_result(content.status());
  value["size"] = content->size;
  value["content"] = nullptr;
  ToolResult result;
  result.content.push_back(text_block(content->text));
  value["content"] = std::move(content->text);
  result.structured = std::move(value);
  co_return result;
}

awaitable<ToolResult> write(FileCalls& files, Target target, Arguments arguments) {
  ordered_json value{{"path", target.path.shown()}};
  operation::WriteFile asked{.path = std::move(target.path),
                             .content = arguments.take_text("content")};
  asked.encoding = encoding_of(arguments);
  asked.makes_directories = true;
  if (flag(arguments, "append")) asked.how = files::Tree::Writing::kAppend;
  const auto written = co_await files.write(std::move(target.scope), std::move(asked));
  if (!written.ok()) co_return failed_result(written.status());
  value["size"] = written->size;
  co_return structured_result(std::move(value));
}

// ---------------------------------------------------------------------------------------- tools

using Work = awaitable<ToolResult> (*)(FileCalls& files, Target target, Arguments arguments);

awaitable<Tool::Outcome> checked(FileCalls& files, Work work, const tool::Definition& definition,
                                 access::Principal caller, json given) {
  auto arguments = Arguments::check(definition, std::move(given));
  if (!arguments.ok()) co_return failed_result(arguments.status());
  auto target = target_of(caller, *arguments);
  if (!target.ok()) co_return failed_result(target.status());
  auto working = work(files, *std::move(target), *std::move(arguments));
  co_return co_await std::move(working);
}

Parameter session_parameter() {
  return {
      .name = "session", .description = "The session whose files these are", .is_required = true};
}

Parameter encoding_parameter() {
  return {.name = "encoding",
          .description = "How the content is written: \"text\" for UTF-8, \"base64\" for any",
          .default_value = "text",
          .form = {{"enum", {"text", "base64"}}}};
}

Parameter flag_parameter(const char* name, const char* what) {
  return {
      .name = name, .type = Parameter::Type::kBoolean, .description = what, .default_value = false};
}

/// A tool of a path and of further parameters.
Tool tool_of(FileCalls& files, Work work, Effect effect, const char* title, tool::Definition about,
             ordered_json output) {
  const auto definition = std::make_shared<const tool::Definition>(std::move(about));
  return {.description = describe(definition->name.c_str(), title, definition->description.c_str(),
                                  effect, tool::schema_of(*definition), std::move(output)),
          .call = [&files, work, definition](const Request& request, json arguments) {
            return checked(files, work, *definition, request.caller, std::move(arguments));
          }};
}

Tool list_tool(FileCalls& files) {
  tool::Definition about{.name = "files_list",
                         .version = {},
                         .description = "Lists a directory of a session's files",
                         .category = {},
                         .parameters = {}};
  about.parameters = {
      session_parameter(),
      {.name = "path", .description = "A directory", .default_value = "."},
      {.name = "pattern", .description = "Of names, as *.csv; empty: all", .default_value = ""},
      flag_parameter("recursive", "With all that lies below"),
      flag_parameter("hidden", "With names that begin with a dot")};
  ordered_json file = object_of({{"path", text_schema()},
                                 {"type", {{"type", "string"}, {"enum", {"file", "directory"}}}},
                                 {"size", integer_schema()},
                                 {"modified_unix", integer_schema()}},
                                {"path", "type", "size", "modified_unix"});
  ordered_json output =
      object_of({{"was_cut", boolean_schema()}, {"files", http::list_schema(std::move(file))}},
                {"was_cut", "files"});
  return tool_of(files, list, Effect::kReads, "List files", std::move(about), std::move(output));
}

Tool read_tool(FileCalls& files) {
  tool::Definition about{.name = "files_read",
                         .version = {},
                         .description = "Reads a file of a session",
                         .category = {},
                         .parameters = {}};
  about.parameters = {session_parameter(),
                      {.name = "path", .description = "A file", .is_required = true},
                      encoding_parameter()};
  ordered_json output = object_of({{"path", text_schema()},
                                   {"encoding", text_schema()},
                                   {"size", integer_schema()},
                                   {"content", text_schema()}},
                                  {"path", "encoding", "size", "content"});
  return tool_of(files, read, Effect::kReads, "Read a file", std::move(about), std::move(output));
}

Tool write_tool(FileCalls& files) {
  tool::Definition about{
      .name = "files_write",
      .version = {},
      .description =
          "Writes a file of a session, with the directories on the way to it. The next "
          "run in the session finds it, a rewind takes it back",
      .category = {},
      .parameters = {}};
  about.parameters = {
      session_parameter(),
      {.name = "path", .description = "A file", .is_required = true},
      {.name = "content", .description = "What is to be in it", .is_required = true},
      encoding_parameter(),
      flag_parameter("append", "After what is in it already")};
  ordered_json output =
      object_of({{"path", text_schema()}, {"size", integer_schema()}}, {"path", "size"});
  return tool_of(files, write, Effect::kReplaces, "Write a file", std::move(about),
                 std::move(output));
}

}  // namespace

std::vector<Tool> file_tools(FileCalls& files) {
  return {list_tool(files), read_tool(files), write_tool(files)};
}

}  // namespace skerry::mcp
