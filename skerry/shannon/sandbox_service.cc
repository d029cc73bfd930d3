// SPDX-License-Identifier: Apache-2.0
#include "skerry/shannon/sandbox_service.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "skerry/base/utf8.h"
#include "skerry/operation/request.h"
#include "skerry/tool/tool.h"

namespace skerry::shannon {
namespace {

namespace sandbox_proto = ::shannon::sandbox;
using files::FilePath;
using operation::Encoding;
using std::chrono::seconds;
using workspace::Scope;

/// A call's end: what is no more than news of the files is told in the response.
template <typename Response>
Status ended(const Status& status, Response& response) {
  switch (status.code()) {
    case StatusCode::kOk:
      response.set_success(true);
      return ok_status();
    case StatusCode::kNotFound:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kAlreadyExists:
      response.set_error(to_utf8(message_of(status)));
      return ok_status();
    default:
      return status;
  }
}

/// Whose files a call is about. The tenant is the caller's, never what a request says.
Result<Scope> scope_of(const access::Principal& caller, const std::string& session_id,
                       const std::string& user_id = {}) {
  auto session = store::SessionName::parse(session_id);
  if (!session.ok()) return annotate(session.status(), "Invalid session");
  Scope scope{.principal = caller, .session = *std::move(session)};
  if (!user_id.empty()) {
    SKERRY_ASSIGN(scope.user, user_named(user_id));
  }
  return scope;
}

Result<Encoding> encoding_of(const std::string& name) {
  if (name.empty() || name == "utf-8" || name == "utf8" || name == "UTF-8" || name == "text") {
    return Encoding::kText;
  }
  if (name == "base64") return Encoding::kBase64;
  return absl::InvalidArgumentError("encoding \"" + name + "\", expected utf-8 or base64");
}

std::string type_of(const FilePath& path) {
  const std::string name = path.name();
  const std::size_t dot = name.rfind('.');
  return dot == name.npos || dot == 0 ? std::string() : name.substr(dot + 1);
}

/// What a client waits for a command at most: what it asked for, but never more than there is.
Result<seconds> patience_for(int asked, seconds most) {
  if (asked < 0) {
    return absl::InvalidArgumentError("timeout_seconds " + std::to_string(asked) +
                                      ", expected 1 to " + std::to_string(most.count()));
  }
  return asked == 0 ? most : std::min(seconds(asked), most);
}

void set_output(const operation::CommandOutput& output, seconds patience,
                sandbox_proto::CommandResponse& response) {
  response.set_success(output.exit_code == 0);
  response.set_stdout(to_utf8(output.standard_output));
  response.set_stderr(to_utf8(output.standard_error));
  response.set_exit_code(output.exit_code);
  if (output.is_timed_out) {
    response.set_error("Command timed out after " + std::to_string(patience.count()) + "s");
    response.mutable_stderr()->append(response.error());
  } else if (output.exit_code != 0) {
    response.set_error(response.stderr());
  }
}

/// A command that did nothing.
Status refused(const std::string& why, int exit_code, sandbox_proto::CommandResponse& response) {
  response.set_success(false);
  response.set_exit_code(exit_code);
  response.set_error(to_utf8(why));
  return ok_status();
}

}  // namespace

Result<store::SessionName> user_named(const std::string& text) {
  auto name = store::SessionName::parse(text);
  if (name.ok() && text.find_first_of(".:") == text.npos) return name;
  return absl::InvalidArgumentError(
      "user_id has 1 to 128 letters, digits, hyphens and underscores");
}

SandboxService::SandboxService(workspace::FileCalls& files)
    : grpc::Service(sandbox_proto::FileReadRequest::descriptor()->file()->service(0)),
      files_(files) {
  // Who may not run code in a session may not change what it finds there, either.
  const grpc::MethodOptions files_of_sessions{.access = grpc::Access::kRun};
  // Files are as large as modules, which may be among them.
  const grpc::MethodOptions whole_files{.access = grpc::Access::kRun,
                                        .max_message = grpc::kModuleMaxMessage};
  unary<sandbox_proto::FileReadRequest, sandbox_proto::FileReadResponse>(
      "FileRead", files_of_sessions, [this](grpc::Call& call, const auto& request, auto& response) {
        return file_read(call, request, response);
      });
  unary<sandbox_proto::FileWriteRequest, sandbox_proto::FileWriteResponse>(
      "FileWrite", whole_files, [this](grpc::Call& call, auto& request, auto& response) {
        return file_write(call, request, response);
      });
  unary<sandbox_proto::FileListRequest, sandbox_proto::FileListResponse>(
      "FileList", files_of_sessions, [this](grpc::Call& call, const auto& request, auto& response) {
        return file_list(call, request, response);
      });
  unary<sandbox_proto::CommandRequest, sandbox_proto::CommandResponse>(
      "ExecuteCommand", files_of_sessions,
      [this](grpc::Call& call, const auto& request, auto& response) {
        return execute_command(call, request, response);
      });
  unary<sandbox_proto::FileSearchRequest, sandbox_proto::FileSearchResponse>(
      "FileSearch", files_of_sessions,
      [this](grpc::Call& call, const auto& request, auto& response) {
        return file_search(call, request, response);
      });
  unary<sandbox_proto::FileEditRequest, sandbox_proto::FileEditResponse>(
      "FileEdit", files_of_sessions, [this](grpc::Call& call, const auto& request, auto& response) {
        return file_edit(call, request, response);
      });
  unary<sandbox_proto::FileDeleteRequest, sandbox_proto::FileDeleteResponse>(
      "FileDelete", files_of_sessions,
      [this](grpc::Call& call, const auto& request, auto& response) {
        return file_delete(call, request, response);
      });
}

grpc::Service::Work SandboxService::file_read(grpc::Call& call,
                                              const sandbox_proto::FileReadRequest& request,
                                              sandbox_proto::FileReadResponse& response) {
  const auto scope = scope_of(call.principal(), request.session_id(), request.user_id());
  if (!scope.ok()) co_return scope.status();
  const auto path = FilePath::parse(request.path());
  if (!path.ok()) co_return path.status();
  const auto encoding = encoding_of(request.encoding());
  if (!encoding.ok()) co_return encoding.status();
  if (request.max_bytes() < 0) {
    co_return absl::InvalidArgumentError("max_bytes is negative");
  }
  ByteSize most = files_.options().read;
  if (request.max_bytes() > 0) {
    most = std::min(most, bytes(static_cast<std::uint64_t>(request.max_bytes())));
  }
  auto reading = files_.read(*scope, {.path = *path, .most = most, .encoding = *encoding});
  auto content = co_await std::move(reading);
  if (content.ok()) {
    response.set_size_bytes(static_cast<std::int64_t>(content->size));
    response.set_content(std::move(content->text));
    response.set_file_type(type_of(*path));
  }
  co_return ended(content.status(), response);
}

grpc::Service::Work SandboxService::file_write(grpc::Call& call,
                                               sandbox_proto::FileWriteRequest& request,
                                               sandbox_proto::FileWriteResponse& response) {
  const auto scope = scope_of(call.principal(), request.session_id(), request.user_id());
  if (!scope.ok()) co_return scope.status();
  const auto path = FilePath::parse(request.path());
  if (!path.ok()) co_return path.status();
  const auto encoding = encoding_of(request.encoding());
  if (!encoding.ok()) co_return encoding.status();
  using files::Tree;
  operation::WriteFile write{
      .path = *path,
      .content = std::move(*request.mutable_content()),
      .encoding = *encoding,
      .how = request.append() ? Tree::Writing::kAppend : Tree::Writing::kReplace,
      .makes_directories = request.create_dirs()};
  auto writing = files_.write(*scope, std::move(write));
  const auto written = co_await std::move(writing);
  if (written.ok()) {
    response.set_bytes_written(static_cast<std::int64_t>(written->size));
    response.set_absolute_path(path->shown());
  }
  co_return ended(written.status(), response);
}

grpc::Service::Work SandboxService::file_list(grpc::Call& call,
                                              const sandbox_proto::FileListRequest& request,
                                              sandbox_proto::FileListResponse& response) {
  const auto scope = scope_of(call.principal(), request.session_id(), request.user_id());
  if (!scope.ok()) co_return scope.status();
  const auto path = FilePath::parse(request.path());
  if (!path.ok()) co_return path.status();
  operation::ListFiles list{
      .path = *path,
      .order = {.pattern = request.pattern(),
                .depth = request.recursive() ? files::Depth::kAll : files::Depth::kOne,
                .has_hidden = request.include_hidden()}};
  auto listing = files_.list(*scope, std::move(list));
  auto listed = co_await std::move(listing);
  if (!listed.ok()) co_return ended(listed.status(), response);
  for (files::ListedFile& file : listed->files) {
    auto* entry = response.add_entries();
    entry->set_name(std::move(file.name));
    entry->set_path(std::move(file.path));
    entry->set_is_file(file.is_file);
    entry->set_size_bytes(static_cast<std::int64_t>(file.size));
    entry->set_modified_time(file.modified.count());
  }
  response.set_file_count(listed->file_count);
  response.set_dir_count(listed->directory_count);
  if (listed->was_cut) {
    response.set_error("only the first " + std::to_string(listed->files.size()) +
                       " entries are listed");
  }
  co_return ended(ok_status(), response);
}

grpc::Service::Work SandboxService::execute_command(grpc::Call& call,
                                                    const sandbox_proto::CommandRequest& request,
                                                    sandbox_proto::CommandResponse& response) {
  const auto scope = scope_of(call.principal(), request.session_id(), request.user_id());
  if (!scope.ok()) co_return scope.status();
  const auto patience = patience_for(request.timeout_seconds(), files_.options().patience);
  if (!patience.ok()) co_return patience.status();
  auto command = operation::Command::parse(request.command());
  if (!command.ok()) {
    co_return refused("Command not allowed: " + std::string(message_of(command.status())), 1,
                      response);
  }
  const auto begun = std::chrono::steady_clock::now();
  auto running = files_.run(*scope, {.command = *std::move(command)}, *patience);
  const auto output = co_await std::move(running);
  response.set_execution_time_ms(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::steady_clock::now() - begun)
                                     .count());
  if (output.ok()) {
    set_output(*output, *patience, response);
    co_return ok_status();
  }
  if (output.status().code() == StatusCode::kFailedPrecondition) {
    co_return refused(std::string(message_of(output.status())), 1, response);
  }
  co_return output.status();
}

grpc::Service::Work SandboxService::file_search(grpc::Call& call,
                                                const sandbox_proto::FileSearchRequest& request,
                                                sandbox_proto::FileSearchResponse& response) {
  const auto scope = scope_of(call.principal(), request.session_id());
  if (!scope.ok()) co_return scope.status();
  const auto path = FilePath::parse(request.path());
  if (!path.ok()) co_return path.status();
  if (request.max_results() < 0 || request.context_lines() < 0) {
    co_return absl::InvalidArgumentError("max_results and context_lines are not negative");
  }
  using Syntax = files::TextPattern::Syntax;
  files::Search search{.query = request.query(),
                       .syntax = request.regex() ? Syntax::kExtended : Syntax::kLiteral,
                       .include = request.include(),
                       .context = static_cast<std::size_t>(request.context_lines())};
  if (request.max_results() > 0) {
    search.most = static_cast<std::size_t>(request.max_results());
  }
  if (auto checked = search.check(); !checked.ok()) co_return checked;
  auto searching = files_.search(*scope, {.path = *path, .search = std::move(search)});
  auto found = co_await std::move(searching);
  if (!found.ok()) co_return ended(found.status(), response);
  for (files::FoundLine& line : found->lines) {
    auto* match = response.add_matches();
    match->set_file(std::move(line.file));
    match->set_line(static_cast<std::int32_t>(line.line));
    match->set_content(std::move(line.content));
    for (auto& near : line.context) {
      auto* added = match->add_context();
      added->set_line(static_cast<std::int32_t>(near.line));
      added->set_content(std::move(near.content));
    }
  }
  response.set_files_scanned(static_cast<std::int32_t>(found->files));
  response.set_matches_found(static_cast<std::int32_t>(found->lines.size()));
  response.set_truncated(found->was_cut);
  co_return ended(ok_status(), response);
}

grpc::Service::Work SandboxService::file_edit(grpc::Call& call,
                                              const sandbox_proto::FileEditRequest& request,
                                              sandbox_proto::FileEditResponse& response) {
  const auto scope = scope_of(call.principal(), request.session_id());
  if (!scope.ok()) co_return scope.status();
  const auto path = FilePath::parse(request.path());
  if (!path.ok()) co_return path.status();
  using Which = files::TextEdit::Which;
  operation::EditFile edit{.path = *path,
                           .old_text = request.old_text(),
                           .new_text = request.new_text(),
                           .which = request.replace_all() ? Which::kAll : Which::kFirst,
                           .most = files_.options().read};
  auto editing = files_.edit(*scope, std::move(edit));
  auto done = co_await std::move(editing);
  if (done.ok()) {
    response.set_replacements(static_cast<std::int32_t>(done->replacements));
    response.set_snippet(std::move(done->snippet));
    response.set_file_size_after(static_cast<std::int64_t>(done->size));
  }
  co_return ended(done.status(), response);
}

grpc::Service::Work SandboxService::file_delete(grpc::Call& call,
                                                const sandbox_proto::FileDeleteRequest& request,
                                                sandbox_proto::FileDeleteResponse& response) {
  const auto scope = scope_of(call.principal(), request.session_id());
  if (!scope.ok()) co_return scope.status();
  const auto path = FilePath::parse(request.path());
  if (!path.ok()) co_return path.status();
  if (path->root() == FilePath::Root::kMemory) {
    co_return absl::PermissionDeniedError("Deleting from memory/ is not allowed");
  }
  const auto pattern = FilePath::parse(request.pattern());
  if (!pattern.ok()) co_return pattern.status();
  operation::DeleteFiles deletion{
      .path = *path,
      .pattern = request.pattern(),
      .depth = request.recursive() ? files::Depth::kAll : files::Depth::kOne};
  auto deleting = files_.remove(*scope, std::move(deletion));
  auto deleted = co_await std::move(deleting);
  if (!deleted.ok()) co_return ended(deleted.status(), response);
  response.set_deleted_count(deleted->count);
  for (std::string& each : deleted->paths) response.add_deleted_paths(std::move(each));
  std::string skipped;
  for (const std::string& each : deleted->skipped) skipped += (skipped.empty() ? "" : ", ") + each;
  if (!skipped.empty()) {
    response.set_error("skipped, for these links lead out of the workspace: " + skipped);
  }
  co_return ended(ok_status(), response);
}

}  // namespace skerry::shannon
