// SPDX-License-Identifier: Apache-2.0
#include "skerry/operation/perform.h"

#include <absl/strings/escaping.h>

#include "skerry/base/formats/base64.h"
#include "skerry/base/utf8.h"
#include "skerry/files/archive.h"

namespace skerry::operation {
namespace {

using files::FilePath;
using files::Tree;
using files::Trees;

/// The same failure, about a path.
Status about(const FilePath& path, const Status& status) {
  if (status.ok()) return status;
  return {status.code(), std::string(message_of(status)) + ": " + path.shown()};
}

template <typename Value>
Result<Response> response_about(const FilePath& path, Result<Value> value) {
  if (!value.ok()) return about(path, value.status());
  return Response(*std::move(value));
}

Status not_text(const FilePath& path, std::string_view advice) {
  return absl::FailedPreconditionError("not UTF-8 text: " + path.shown() + std::string(advice));
}

/// One request being done: a function for each kind.
class Performance {
 public:
  Performance(Trees& trees, files::Deadline& deadline) : trees_(trees), deadline_(deadline) {}

  Result<Response> operator()(const ReadFile& read) {
    SKERRY_ASSIGN(const Tree* tree, trees_.tree(read.path.root()));
    const auto found = tree->find(read.path.below());
    if (found.status().code() == StatusCode::kNotFound) {
      return absl::NotFoundError("File not found: " + read.path.shown());
    }
    if (read.encoding == Encoding::kArchive) return archive_of(*tree, read);
    if (found.ok() && !found->is_file()) {
      return absl::FailedPreconditionError("Path is not a file: " + read.path.shown());
    }
    auto bytes = tree->read(read.path.below(), read.most);
    if (!bytes.ok()) return about(read.path, bytes.status());
    Content content{.text = {}, .size = bytes->size()};
    if (read.encoding == Encoding::kBase64) {
      content.text = absl::Base64Escape(*bytes);
    } else if (read.encoding == Encoding::kBytes || is_utf8(*bytes)) {
      content.text = *std::move(bytes);
    } else {
      return not_text(read.path, "; with encoding \"base64\" it can be read");
    }
    return content;
  }

  Result<Response> operator()(const WriteFile& write) {
    if (write.encoding == Encoding::kArchive) return unpacked(write);
    std::string decoded;
    if (write.encoding == Encoding::kBase64) {
      auto bytes = decode_base64(write.content);
      if (!bytes.ok()) return absl::InvalidArgumentError("content is not base64");
      decoded = *std::move(bytes);
    }
    const std::string& content = write.encoding == Encoding::kBase64 ? decoded : write.content;
    SKERRY_ASSIGN(Tree * tree, trees_.tree(write.path.root()));
    const std::string& below = write.path.below();
    if (const std::size_t slash = below.rfind('/'); slash != below.npos) {
      const std::string above = below.substr(0, slash);
      if (write.makes_directories) SKERRY_TRY(about(write.path, tree->make_directories(above)));
      if (tree->find(above).status().code() == StatusCode::kNotFound) {
        return absl::NotFoundError("Parent directory does not exist: " + write.path.shown());
      }
    }
    SKERRY_TRY(about(write.path, tree->write(below, content, write.how)));
    return Written{.size = content.size()};
  }

  Result<Response> operator()(const ListFiles& list) {
    SKERRY_ASSIGN(const Tree* tree, trees_.tree(list.path.root()));
    return response_about(list.path, files::list_files(*tree, list.path, list.order, deadline_));
  }

  Result<Response> operator()(const RunCommand& run) {
    return run.command.run(trees_, deadline_, {});
  }

  Result<Response> operator()(const SearchFiles& request) {
    SKERRY_ASSIGN(const Tree* tree, trees_.tree(request.path.root()));
    files::Search search = request.search;
    search.path = request.path.below();
    return response_about(request.path, files::search_files(*tree, search, deadline_));
  }

  Result<Response> operator()(const EditFile& edit) {
    SKERRY_ASSIGN(Tree * tree, trees_.tree(edit.path.root()));
    const auto content = tree->read(edit.path.below(), edit.most);
    if (!content.ok()) return about(edit.path, content.status());
    if (!is_utf8(*content)) return not_text(edit.path, "");
    const files::TextEdit replacement{
        .old_text = edit.old_text, .new_text = edit.new_text, .which = edit.which};
    SKERRY_ASSIGN(auto edited, files::edited(*content, replacement, edit.most.value, deadline_));
    SKERRY_TRY(
        about(edit.path, tree->write(edit.path.below(), edited.text, Tree::Writing::kReplace)));
    return Edited{.replacements = edited.replacements,
                  .snippet = to_utf8(edited.snippet),
                  .size = edited.text.size()};
  }

  Result<Response> operator()(const DeleteFiles& request) {
    SKERRY_ASSIGN(Tree * tree, trees_.tree(request.path.root()));
    const files::Deletion deletion{
        .path = request.path.below(), .pattern = request.pattern, .depth = request.depth};
    return response_about(request.path, files::delete_files(*tree, deletion, deadline_));
  }

  Result<Response> operator()(const MoveFile& move) {
    SKERRY_ASSIGN(Tree * tree, trees_.tree(move.path.root()));
    if (move.path.is_root() || move.to.is_root()) {
      return absl::InvalidArgumentError("the root itself stays where it is");
    }
    const auto found = tree->find_itself(move.path.below());
    if (!found.ok()) return about(move.path, found.status());
    const std::string& to = move.to.below();
    if (const std::size_t slash = to.rfind('/'); slash != to.npos) {
      SKERRY_TRY(about(move.to, tree->make_directories(to.substr(0, slash))));
    }
    SKERRY_TRY(about(move.to, tree->rename(move.path.below(), to)));
    return Written{.size = found->is_file() ? found->size : 0};
  }

 private:
  Result<Response> archive_of(const Tree& tree, const ReadFile& read) {
    auto archive = files::pack(tree, read.path.below(), read.most, deadline_);
    if (!archive.ok()) return about(read.path, archive.status());
    Content content{.text = *std::move(archive)};
    content.size = content.text.size();
    return content;
  }

  Result<Response> unpacked(const WriteFile& write) {
    SKERRY_ASSIGN(Tree * tree, trees_.tree(write.path.root()));
    SKERRY_TRY(about(write.path, tree->make_directories(write.path.below())));
    SKERRY_ASSIGN(const std::uint64_t size,
                  files::unpack(*tree, write.path.below(), write.content, deadline_));
    return Written{.size = size};
  }

  Trees& trees_;
  files::Deadline& deadline_;
};

}  // namespace

Result<Response> perform(const Request& request, Trees& trees, files::Deadline& deadline) {
  return std::visit(Performance(trees, deadline), request);
}

}  // namespace skerry::operation
