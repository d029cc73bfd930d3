// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/codec.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "skerry/base/bytes.h"
#include "skerry/base/utf8.h"
#include "skerry/operation.pb.h"

namespace skerry::operation {
namespace {

using files::FilePath;
using proto::FileOperation;
using proto::FileReply;
using proto::FileReplyItem;

constexpr std::size_t kMaxFailure = std::size_t{16} << 10;  // bytes of a message
constexpr std::size_t kMaxItem = std::size_t{64} << 10;     // bytes; a path has 16 KiB at most
constexpr std::size_t kMaxContext = 10;                     // lines near one that was found

// ------------------------------------------------------------------------------------- requests

// Of the workspace; with a slash in front, of the user's memory.
std::string encoded_path(const FilePath& path) {
  return (path.root() == FilePath::Root::kMemory ? "/" : "") + path.below();
}

Result<FilePath> decoded_path(std::string_view text) {
  const bool is_memory = text.starts_with('/');
  if (is_memory) text.remove_prefix(1);
  return FilePath::parse_below(is_memory ? FilePath::Root::kMemory : FilePath::Root::kWorkspace,
                               text);
}

/// Fills in the message: a function for each kind of request.
struct RequestEncoder {
  FileOperation& message;

  void operator()(const ReadFile& read) const {
    auto& out = *message.mutable_read();
    out.set_path(encoded_path(read.path));
    out.set_most(read.most.value);
    out.set_as_base64(read.encoding == Encoding::kBase64);
    out.set_as_bytes(read.encoding == Encoding::kBytes);
    out.set_as_archive(read.encoding == Encoding::kArchive);
  }
  void operator()(const WriteFile& write) const {
    auto& out = *message.mutable_write();
    out.set_path(encoded_path(write.path));
    out.set_content(write.content);
    out.set_is_base64(write.encoding == Encoding::kBase64);
    out.set_is_archive(write.encoding == Encoding::kArchive);
    out.set_append(write.how == files::Tree::Writing::kAppend);
    out.set_makes_directories(write.makes_directories);
  }
  void operator()(const ListFiles& list) const {
    auto& out = *message.mutable_list();
    out.set_path(encoded_path(list.path));
    out.set_pattern(list.order.pattern);
    out.set_is_recursive(list.order.depth == files::Depth::kAll);
    out.set_has_hidden(list.order.has_hidden);
  }
  void operator()(const RunCommand& run) const {
    message.mutable_command()->set_text(run.command.text());
  }
  void operator()(const SearchFiles& request) const {
    auto& out = *message.mutable_search();
    out.set_path(encoded_path(request.path));
    out.set_query(request.search.query);
    out.set_most(static_cast<std::uint32_t>(request.search.most));
    out.set_is_expression(request.search.syntax == files::TextPattern::Syntax::kExtended);
    out.set_include(request.search.include);
    out.set_context(static_cast<std::uint32_t>(request.search.context));
  }
  void operator()(const EditFile& edit) const {
    auto& out = *message.mutable_edit();
    out.set_path(encoded_path(edit.path));
    out.set_old_text(edit.old_text);
    out.set_new_text(edit.new_text);
    out.set_is_of_all(edit.which == files::TextEdit::Which::kAll);
    out.set_most(edit.most.value);
  }
  void operator()(const DeleteFiles& request) const {
    auto& out = *message.mutable_delete_();
    out.set_path(encoded_path(request.path));
    out.set_pattern(request.pattern);
    out.set_is_recursive(request.depth == files::Depth::kAll);
  }
  void operator()(const MoveFile& move) const {
    message.mutable_move()->set_path(encoded_path(move.path));
    message.mutable_move()->set_to(encoded_path(move.to));
  }
};

files::Depth depth_of(bool is_recursive) {
  return is_recursive ? files::Depth::kAll : files::Depth::kOne;
}

Result<Request> decoded(FileOperation::Read& read) {
  SKERRY_ASSIGN(FilePath path, decoded_path(read.path()));
  return ReadFile{.path = std::move(path),
                  .most = bytes(read.most()),
                  .encoding = read.as_base64()    ? Encoding::kBase64
                              : read.as_bytes()   ? Encoding::kBytes
                              : read.as_archive() ? Encoding::kArchive
                                                  : Encoding::kText};
}

Result<Request> decoded(FileOperation::Write& write) {
  SKERRY_ASSIGN(FilePath path, decoded_path(write.path()));
  using files::Tree;
  return WriteFile{.path = std::move(path),
                   .content = std::move(*write.mutable_content()),
                   .encoding = write.is_base64()    ? Encoding::kBase64
                               : write.is_archive() ? Encoding::kArchive
                                                    : Encoding::kText,
                   .how = write.append() ? Tree::Writing::kAppend : Tree::Writing::kReplace,
                   .makes_directories = write.makes_directories()};
}

Result<Request> decoded(FileOperation::List& list) {
  SKERRY_ASSIGN(FilePath path, decoded_path(list.path()));
  return ListFiles{.path = std::move(path),
                   .order = {.pattern = std::move(*list.mutable_pattern()),
                             .depth = depth_of(list.is_recursive()),
                             .has_hidden = list.has_hidden()}};
}

Result<Request> decoded(FileOperation::Command& command) {
  SKERRY_ASSIGN(Command parsed, Command::parse(command.text()));
  return RunCommand{.command = std::move(parsed)};
}

Result<Request> decoded(FileOperation::Search& message) {
  SKERRY_ASSIGN(FilePath path, decoded_path(message.path()));
  using Syntax = files::TextPattern::Syntax;
  files::Search search{.query = std::move(*message.mutable_query()),
                       .most = message.most(),
                       .syntax = message.is_expression() ? Syntax::kExtended : Syntax::kLiteral,
                       .include = std::move(*message.mutable_include()),
                       .context = message.context()};
  SKERRY_TRY(search.check());
  return SearchFiles{.path = std::move(path), .search = std::move(search)};
}

Result<Request> decoded(FileOperation::Edit& edit) {
  SKERRY_ASSIGN(FilePath path, decoded_path(edit.path()));
  using Which = files::TextEdit::Which;
  return EditFile{.path = std::move(path),
                  .old_text = std::move(*edit.mutable_old_text()),
                  .new_text = std::move(*edit.mutable_new_text()),
                  .which = edit.is_of_all() ? Which::kAll : Which::kFirst,
                  .most = bytes(edit.most())};
}

Result<Request> decoded(FileOperation::Delete& deletion) {
  SKERRY_ASSIGN(FilePath path, decoded_path(deletion.path()));
  return DeleteFiles{.path = std::move(path),
                     .pattern = std::move(*deletion.mutable_pattern()),
                     .depth = depth_of(deletion.is_recursive())};
}

Result<Request> decoded(FileOperation::Move& move) {
  SKERRY_ASSIGN(FilePath path, decoded_path(move.path()));
  SKERRY_ASSIGN(FilePath to, decoded_path(move.to()));
  if (path.root() != to.root()) return absl::InternalError("a move from one root to another");
  return MoveFile{.path = std::move(path), .to = std::move(to)};
}

// -------------------------------------------------------------------------------------- replies

template <typename Message>
void add_frame(std::string& frames, const Message& message) {
  const auto length = static_cast<std::uint32_t>(message.ByteSizeLong());
  char prefix[sizeof length];
  std::memcpy(prefix, &length, sizeof length);
  frames.append(prefix, sizeof length);
  message.AppendToString(&frames);
}

/// Writes a reply and the items that follow it: a function for each kind of answer.
struct ResponseEncoder {
  std::string& frames;

  void operator()(const Content& content) const {
    FileReply reply;
    reply.mutable_read()->set_text(content.text);
    reply.mutable_read()->set_size(content.size);
    add_frame(frames, reply);
  }
  void operator()(const Written& written) const {
    FileReply reply;
    reply.mutable_write()->set_size(written.size);
    add_frame(frames, reply);
  }
  void operator()(const files::Listed& listed) const {
    FileReply reply;
    reply.mutable_list()->set_files(static_cast<std::uint32_t>(listed.file_count));
    reply.mutable_list()->set_directories(static_cast<std::uint32_t>(listed.directory_count));
    reply.mutable_list()->set_was_cut(listed.was_cut);
    add_frame(frames, reply);
    for (const files::ListedFile& file : listed.files) {
      FileReplyItem item;
      auto& entry = *item.mutable_entry();
      entry.set_name(file.name);
      entry.set_path(file.path);
      entry.set_is_file(file.is_file);
      entry.set_size(file.size);
      entry.set_modified_s(file.modified.count());
      add_frame(frames, item);
    }
  }
  void operator()(const CommandOutput& output) const {
    FileReply reply;
    auto& command = *reply.mutable_command();
    command.set_standard_output(output.standard_output);
    command.set_standard_error(output.standard_error);
    command.set_exit_code(output.exit_code);
    command.set_is_timed_out(output.is_timed_out);
    add_frame(frames, reply);
  }
  void operator()(const files::Found& found) const {
    FileReply reply;
    reply.mutable_search()->set_files(static_cast<std::uint32_t>(found.files));
    reply.mutable_search()->set_was_cut(found.was_cut);
    add_frame(frames, reply);
    for (const files::FoundLine& line : found.lines) {
      FileReplyItem item;
      item.mutable_line()->set_file(line.file);
      item.mutable_line()->set_number(line.line);
      item.mutable_line()->set_content(line.content);
      add_frame(frames, item);
      for (const auto& near : line.context) {
        item.mutable_neighbour()->set_number(near.line);
        item.mutable_neighbour()->set_content(near.content);
        add_frame(frames, item);
      }
    }
  }
  void operator()(const Edited& edited) const {
    FileReply reply;
    reply.mutable_edit()->set_replacements(static_cast<std::uint32_t>(edited.replacements));
    reply.mutable_edit()->set_snippet(edited.snippet);
    reply.mutable_edit()->set_size(edited.size);
    add_frame(frames, reply);
  }
  void operator()(const files::Deleted& deleted) const {
    FileReply reply;
    reply.mutable_delete_()->set_count(static_cast<std::uint32_t>(deleted.count));
    add_frame(frames, reply);
    FileReplyItem item;
    for (const std::string& path : deleted.paths) {
      item.set_deleted(path);
      add_frame(frames, item);
    }
    for (const std::string& path : deleted.skipped) {
      item.set_skipped(path);
      add_frame(frames, item);
    }
  }
};

std::string encoded_failure(const Status& status) {
  FileReply reply;
  reply.mutable_failure()->set_code(static_cast<int>(status.code()));
  reply.mutable_failure()->set_message(std::string(clip(message_of(status), kMaxFailure)));
  std::string frames;
  add_frame(frames, reply);
  return frames;
}

Status no_reply(std::string_view rule) {
  return absl::InternalError("a worker answered with no file reply: " + std::string(rule));
}

/// Takes the next frame from the front of `bytes` as a message of `most` bytes at most.
template <typename Message>
Result<Message> take_frame(std::string_view& bytes, std::size_t most) {
  std::uint32_t length = 0;
  if (bytes.size() < sizeof length) return no_reply("it ends early");
  std::memcpy(&length, bytes.data(), sizeof length);
  bytes.remove_prefix(sizeof length);
  if (length > most || length > bytes.size()) return no_reply("a message of unfit size");
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(length))) {
    return no_reply("a message that is none");
  }
  bytes.remove_prefix(length);
  return message;
}

/// Takes the items that follow; `take` gets each, and may refuse it.
template <typename Take>
Status take_items(std::string_view& bytes, const Take& take) {
  while (!bytes.empty()) {
    SKERRY_ASSIGN(FileReplyItem item, take_frame<FileReplyItem>(bytes, kMaxItem));
    SKERRY_TRY(take(item));
  }
  return ok_status();
}

Status check_text(std::string_view text) {
  return is_utf8(text) ? ok_status() : no_reply("a text that is not UTF-8");
}

int count_of(std::uint32_t count) {
  return static_cast<int>(std::min<std::uint32_t>(count, std::numeric_limits<std::int32_t>::max()));
}

// The kind of answer that each request has.
const Content* response_to(const ReadFile&) { return nullptr; }
const Written* response_to(const WriteFile&) { return nullptr; }
const files::Listed* response_to(const ListFiles&) { return nullptr; }
const CommandOutput* response_to(const RunCommand&) { return nullptr; }
const files::Found* response_to(const SearchFiles&) { return nullptr; }
const Edited* response_to(const EditFile&) { return nullptr; }
const files::Deleted* response_to(const DeleteFiles&) { return nullptr; }
const Written* response_to(const MoveFile&) { return nullptr; }

/// Reads a reply of the kind that its argument, which is null, points to.
class ResponseDecoder {
 public:
  ResponseDecoder(FileReply& reply, std::string_view& items, bool wants_bytes)
      : reply_(reply), items_(items), wants_bytes_(wants_bytes) {}

  Result<Response> operator()(const Content*) {
    if (!reply_.has_read()) return of_another_kind();
    if (!wants_bytes_) SKERRY_TRY(check_text(reply_.read().text()));
    return Content{.text = std::move(*reply_.mutable_read()->mutable_text()),
                   .size = reply_.read().size()};
  }
  Result<Response> operator()(const Written*) {
    if (!reply_.has_write()) return of_another_kind();
    return Written{.size = reply_.write().size()};
  }
  Result<Response> operator()(const files::Listed*) {
    if (!reply_.has_list()) return of_another_kind();
    files::Listed listed{.files = {},
                         .file_count = count_of(reply_.list().files()),
                         .directory_count = count_of(reply_.list().directories()),
                         .was_cut = reply_.list().was_cut()};
    const auto take = [&](FileReplyItem& item) -> Status {
      if (!item.has_entry()) return no_reply("an item that has no place in it");
      if (listed.files.size() == files::Listed::kMaxFiles) return no_reply("too many entries");
      auto& entry = *item.mutable_entry();
      SKERRY_TRY(check_text(entry.name()));
      SKERRY_TRY(check_text(entry.path()));
      listed.files.push_back({.name = std::move(*entry.mutable_name()),
                              .path = std::move(*entry.mutable_path()),
                              .is_file = entry.is_file(),
                              .size = entry.size(),
                              .modified = std::chrono::seconds(entry.modified_s())});
      return ok_status();
    };
    SKERRY_TRY(take_items(items_, take));
    return listed;
  }
  Result<Response> operator()(const CommandOutput*) {
    if (!reply_.has_command()) return of_another_kind();
    auto& command = *reply_.mutable_command();
    return CommandOutput{.standard_output = std::move(*command.mutable_standard_output()),
                         .standard_error = std::move(*command.mutable_standard_error()),
                         .exit_code = command.exit_code() & 0xFF,
                         .is_timed_out = command.is_timed_out()};
  }
  Result<Response> operator()(const files::Found*) {
    if (!reply_.has_search()) return of_another_kind();
    files::Found found{
        .lines = {}, .files = reply_.search().files(), .was_cut = reply_.search().was_cut()};
    SKERRY_TRY(take_items(items_, [&](FileReplyItem& item) { return take_line(item, found); }));
    return found;
  }
  Result<Response> operator()(const Edited*) {
    if (!reply_.has_edit()) return of_another_kind();
    SKERRY_TRY(check_text(reply_.edit().snippet()));
    return Edited{.replacements = reply_.edit().replacements(),
                  .snippet = std::move(*reply_.mutable_edit()->mutable_snippet()),
                  .size = reply_.edit().size()};
  }
  Result<Response> operator()(const files::Deleted*) {
    if (!reply_.has_delete_()) return of_another_kind();
    files::Deleted deleted{.count = count_of(reply_.delete_().count()), .paths = {}, .skipped = {}};
    const auto take = [&](FileReplyItem& item) -> Status {
      const bool is_skipped = item.has_skipped();
      if (!is_skipped && !item.has_deleted()) return no_reply("an item that has no place in it");
      auto& paths = is_skipped ? deleted.skipped : deleted.paths;
      if (paths.size() == files::Deleted::kMaxPaths) return no_reply("too many paths");
      std::string path = std::move(is_skipped ? *item.mutable_skipped() : *item.mutable_deleted());
      SKERRY_TRY(check_text(path));
      paths.push_back(std::move(path));
      return ok_status();
    };
    SKERRY_TRY(take_items(items_, take));
    return deleted;
  }

 private:
  static Status of_another_kind() { return no_reply("it is of another kind than the request"); }

  static Status take_line(FileReplyItem& item, files::Found& found) {
    if (item.has_line()) {
      if (found.lines.size() == files::Search::kMaxLines) return no_reply("too many lines");
      auto& line = *item.mutable_line();
      SKERRY_TRY(check_text(line.file()));
      SKERRY_TRY(check_text(line.content()));
      found.lines.push_back({.file = std::move(*line.mutable_file()),
                             .line = line.number(),
                             .content = std::move(*line.mutable_content())});
      return ok_status();
    }
    if (!item.has_neighbour() || found.lines.empty() ||
        found.lines.back().context.size() == kMaxContext) {
      return no_reply("an item that has no place in it");
    }
    auto& near = *item.mutable_neighbour();
    SKERRY_TRY(check_text(near.content()));
    found.lines.back().context.push_back({near.number(), std::move(*near.mutable_content())});
    return ok_status();
  }

  FileReply& reply_;
  std::string_view& items_;
  const bool wants_bytes_;
};

}  // namespace

Result<std::string> encode(const Request& request) {
  FileOperation message;
  std::visit(RequestEncoder{message}, request);
  const std::size_t size = message.ByteSizeLong();
  if (size <= kMaxRequest) return message.SerializeAsString();
  return absl::ResourceExhaustedError("the request has " + std::to_string(size) +
                                      " bytes, at most " + std::to_string(kMaxRequest));
}

Result<Request> decode_request(std::string_view bytes) {
  FileOperation message;
  if (bytes.size() <= kMaxRequest &&
      message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    switch (message.operation_case()) {
      case FileOperation::kRead:
        return decoded(*message.mutable_read());
      case FileOperation::kWrite:
        return decoded(*message.mutable_write());
      case FileOperation::kList:
        return decoded(*message.mutable_list());
      case FileOperation::kCommand:
        return decoded(*message.mutable_command());
      case FileOperation::kSearch:
        return decoded(*message.mutable_search());
      case FileOperation::kEdit:
        return decoded(*message.mutable_edit());
      case FileOperation::kDelete:
        return decoded(*message.mutable_delete_());
      case FileOperation::kMove:
        return decoded(*message.mutable_move());
      case FileOperation::OPERATION_NOT_SET:
        break;
    }
  }
  return absl::InternalError("the broker sent a file operation that is none");
}

std::string encode(const Result<Response>& response) {
  if (!response.ok()) return encoded_failure(response.status());
  std::string frames;
  std::visit(ResponseEncoder{frames}, *response);
  if (frames.size() <= kMaxReply) return frames;
  return encoded_failure(
      absl::ResourceExhaustedError("the answer has " + std::to_string(frames.size()) +
                                   " bytes, at most " + std::to_string(kMaxReply)));
}

Result<Response> decode_response(std::string_view bytes, const Request& request) {
  if (bytes.size() > kMaxReply) return no_reply("it is too large");
  SKERRY_ASSIGN(FileReply reply, take_frame<FileReply>(bytes, kMaxReply));
  if (reply.has_failure()) {
    const int code = reply.failure().code();
    if (code <= static_cast<int>(StatusCode::kOk) ||
        code > static_cast<int>(StatusCode::kUnauthenticated) || !bytes.empty()) {
      return no_reply("a failure that is none");
    }
    return Status(static_cast<StatusCode>(code),
                  to_utf8(clip(reply.failure().message(), kMaxFailure)));
  }
  const auto* const read = std::get_if<ReadFile>(&request);
  const bool wants_bytes = read != nullptr && (read->encoding == Encoding::kBytes ||
                                               read->encoding == Encoding::kArchive);
  auto response = std::visit(
      [&](const auto& kind) {
        return ResponseDecoder(reply, bytes, wants_bytes)(response_to(kind));
      },
      request);
  if (response.ok() && !bytes.empty()) return no_reply("it goes on after its end");
  return response;
}

}  // namespace skerry::operation
