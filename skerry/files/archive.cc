// SPDX-License-Identifier: Apache-2.0
#include "skerry/files/archive.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "skerry/base/formats/tar_header.h"
#include "skerry/files/file_path.h"

namespace skerry::files {
namespace {

// Of a name or a link's target, in the records of an extended header.
constexpr std::size_t kMaxRecords = std::size_t{64} << 10;
constexpr std::size_t kMaxShown = 200;

template <std::size_t Size>
std::string_view text_in(const std::array<char, Size>& field) {
  const std::string_view all(field.data(), Size);
  return all.substr(0, all.find('\0'));
}

/// Digits with spaces and zeros around them, as all writers have them.
template <std::size_t Size>
std::optional<std::uint64_t> octal_in(const std::array<char, Size>& field) {
  std::string_view text = text_in(field);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  text = text.substr(0, text.find(' '));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (text.empty()) return 0;
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::size_t padded(std::size_t size) { return (size + kTarBlock - 1) / kTarBlock * kTarBlock; }

// -------------------------------------------------------------------------------------- writing

class Packer {
 public:
  Packer(const Tree& tree, ByteSize most, Deadline& deadline)
      : tree_(tree), most_(most.value), deadline_(deadline) {}

  Status add(std::string name, const Entry& entry) {
    TarHeader header;
    std::string target;
    if (entry.is_directory()) {
      name += '/';
      header.type = '5';
    } else if (entry.is_link()) {
      target = tree_.target_of(entry);
      header.type = '2';
    }
    const std::uint64_t size = entry.is_file() ? entry.size : 0;
    SKERRY_TRY(add_header(header, name, target, size, entry.modified));
    if (!entry.is_file()) return ok_status();
    SKERRY_TRY(make_room(padded(size)));
    const std::size_t begin = archive_.size();
    archive_.resize(begin + padded(size), '\0');
    for (std::uint64_t at = 0; at < size;) {
      SKERRY_TRY(deadline_.check(Tree::kPiece));
      const std::size_t piece = std::min<std::uint64_t>(Tree::kPiece, size - at);
      const std::size_t got = tree_.read_at(
          entry, at, std::as_writable_bytes(std::span(archive_).subspan(begin + at, piece)));
      if (got == 0) break;
      at += got;
    }
    return ok_status();
  }

  Result<std::string> finish() && {
    SKERRY_TRY(make_room(2 * kTarBlock));
    archive_.append(2 * kTarBlock, '\0');
    return std::move(archive_);
  }

 private:
  Status make_room(std::size_t size) const {
    if (size <= most_ - archive_.size()) return ok_status();
    return absl::FailedPreconditionError("the archive would have more than " +
                                         std::to_string(most_) +
                                         " bytes: ask for a part of it by its path");
  }

  Status add_block(TarHeader header, std::uint64_t size, wasi::Nanoseconds modified) {
    set_octal(header.mode, header.type == '5' ? 0755 : 0644);
    set_octal(header.owner, 0);
    set_octal(header.group, 0);
    set_octal(header.size, size);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(modified).count();
    set_octal(header.modified, static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)));
    set_octal(header.checksum, checksum_of(header));
    SKERRY_TRY(make_room(kTarBlock));
    archive_.append(reinterpret_cast<const char*>(&header), kTarBlock);
    return ok_status();
  }

  // What the fields have no room for, or what is no ASCII, goes into an extended header before.
  Status add_header(TarHeader header, std::string_view name, std::string_view target,
                    std::uint64_t size, wasi::Nanoseconds modified) {
    std::string records;
    const auto put = [&](std::string_view key, std::string_view text, auto& field) {
      const bool is_plain =
          std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
      if (!is_plain || text.size() > field.size()) records += record(key, text);
      std::copy_n(text.begin(), std::min(text.size(), field.size()), field.begin());
    };
    put("path", name, header.name);
    put("linkpath", target, header.link);
    if (!records.empty()) {
      TarHeader extended;
      extended.type = 'x';
      SKERRY_TRY(add_block(extended, records.size(), modified));
      records.resize(padded(records.size()), '\0');
      SKERRY_TRY(make_room(records.size()));
      archive_ += records;
    }
    SKERRY_TRY(deadline_.check());
    return add_block(header, size, modified);
  }

  /// "LENGTH KEY=VALUE\n", where the length counts itself.
  static std::string record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (length != rest + std::to_string(length).size()) {
      length = rest + std::to_string(length).size();
    }
    return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
  }

  const Tree& tree_;
  const std::size_t most_;
  Deadline& deadline_;
  std::string archive_;
};

// -------------------------------------------------------------------------------------- reading

Status no_archive(std::string_view what) {
  return absl::InvalidArgumentError("this is no tar archive: " + std::string(what));
}

/// What headers before an entry say of it.
struct Extended {
  std::optional<std::string> path;
  std::optional<std::string> link;
  std::optional<std::uint64_t> size;
};

/// Reads the records "LENGTH KEY=VALUE\n" of an extended header.
Status read_records(std::string_view records, Extended& into) {
  while (!records.empty() && records.front() != '\0') {
    std::size_t length = 0;
    const auto [end, error] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const auto prefix = static_cast<std::size_t>(end - records.data()) + 1;
    if (error != std::errc() || length <= prefix || length > records.size() || *end != ' ' ||
        records[length - 1] != '\n') {
      return no_archive("an extended header that is none");
    }
    const std::string_view record = records.substr(prefix, length - prefix - 1);
    records.remove_prefix(length);
    const auto equals = record.find('=');
    if (equals == record.npos) return no_archive("an extended header that is none");
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    if (key == "path") into.path = value;
    if (key == "linkpath") into.link = value;
    if (key == "size") {
      std::uint64_t size = 0;
      const auto [stop, wrong] = std::from_chars(value.data(), value.data() + value.size(), size);
      if (wrong != std::errc() || stop != value.data() + value.size()) {
        return no_archive("a size that is none");
      }
      into.size = size;
    }
    if (key.starts_with("GNU.sparse")) return no_archive("sparse files are not taken");
  }
  return ok_status();
}

class Unpacker {
 public:
  Unpacker(Tree& tree, const std::string& path, std::string_view archive, Deadline& deadline)
      : tree_(tree), root_(path), rest_(archive), deadline_(deadline) {}

  Result<std::uint64_t> run() {
    if (rest_.starts_with("\x1f\x8b")) {
      return no_archive("it is compressed; unpack it first (gzip -d)");
    }
    for (;;) {
      SKERRY_TRY(deadline_.check());
      SKERRY_ASSIGN(const std::string_view block, take(kTarBlock));
      if (block.find_first_not_of('\0') == block.npos) return bytes_;
      TarHeader header;
      std::memcpy(&header, block.data(), kTarBlock);
      if (octal_in(header.checksum) != checksum_of(header)) {
        return no_archive("there is no header where one should be");
      }
      SKERRY_TRY(take_entry(header));
    }
  }

 private:
  Result<std::string_view> take(std::uint64_t size) {
    if (size > rest_.size()) return no_archive("it ends early");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  Status take_entry(const TarHeader& header) {
    const auto told = octal_in(header.size);
    const std::optional<std::uint64_t> size = extended_.size ? extended_.size : told;
    if (!size) return no_archive("a size that is none");
    SKERRY_ASSIGN(const std::string_view content, take(*size));
    // The last may lack its padding.
    rest_.remove_prefix(std::min(padded(*size) - *size, rest_.size()));
    switch (header.type) {
      case 'x':
        return check_records(*size, read_records(content, extended_));
      case 'g':  // of the archive as a whole
        return ok_status();
      case 'L':  // GNU
        extended_.path = std::string(content.substr(0, content.find('\0')));
        return check_records(*size, ok_status());
      case 'K':
        extended_.link = std::string(content.substr(0, content.find('\0')));
        return check_records(*size, ok_status());
      default:
        return make(header, std::exchange(extended_, {}), content);
    }
  }

  static Status check_records(std::uint64_t size, const Status& status) {
    return size <= kMaxRecords ? status : no_archive("a name that is too long");
  }

  Status make(const TarHeader& header, Extended extended, std::string_view content) {
    std::string name = extended.path ? *std::move(extended.path) : name_of(header);
    Status made = make_named(header, name, extended, content);
    if (made.ok()) return made;
    if (name.size() > kMaxShown) name = name.substr(0, kMaxShown) + "…";
    return Status(made.code(), std::string(message_of(made)) + ": " + name);
  }

  static std::string name_of(const TarHeader& header) {
    const std::string_view prefix = text_in(header.prefix);
    const bool is_ustar = std::string_view(header.magic.data(), 5) == "ustar";
    // GNU's own form has other things where the prefix is.
    const bool has_prefix = is_ustar && header.magic[5] == '\0' && !prefix.empty();
    return (has_prefix ? std::string(prefix) + "/" : std::string()) +
           std::string(text_in(header.name));
  }

  /// Where a name leads to: below the directory that is unpacked into.
  Result<std::string> below(std::string_view name) const {
    if (name.starts_with('/')) return absl::InvalidArgumentError("an absolute name");
    auto path = FilePath::parse_below(FilePath::Root::kWorkspace, name);
    if (!path.ok()) return Status(StatusCode::kInvalidArgument, path.status().message());
    if (path->is_root()) return root_;
    return root_ == "." ? path->below() : root_ + "/" + path->below();
  }

  Status make_named(const TarHeader& header, const std::string& name, const Extended& extended,
                    std::string_view content) {
    SKERRY_ASSIGN(const std::string path, below(name));
    SKERRY_TRY(deadline_.check(content.size()));
    if (header.type == '5') return tree_.make_directories(path);
    if (const auto slash = path.rfind('/'); slash != path.npos) {
      SKERRY_TRY(tree_.make_directories(path.substr(0, slash)));
    }
    const std::string target = extended.link ? *extended.link : std::string(text_in(header.link));
    switch (header.type) {
      case '0':
      case '7':
      case '\0':
        bytes_ += content.size();
        return tree_.write(path, content, Tree::Writing::kReplace);
      case '1': {  // another name of a file that came before
        SKERRY_ASSIGN(const std::string original, below(target));
        SKERRY_ASSIGN(const Entry file, tree_.find(original));
        if (!file.is_file()) return absl::InvalidArgumentError("a link to what is no file");
        bytes_ += file.size;
        return tree_.copy_from(tree_, file, path, deadline_);
      }
      case '2':
        return make_link(target, path);
      default:
        return absl::InvalidArgumentError("neither a file, a directory nor a link");
    }
  }

  Status make_link(const std::string& target, const std::string& path) {
    if (target.empty()) return absl::InvalidArgumentError("a link to nothing");
    const auto there = tree_.find_itself(path);
    if (there.ok() && !there->is_directory()) SKERRY_TRY(tree_.remove(path));
    return tree_.link_to(target, path);
  }

  Tree& tree_;
  const std::string root_;
  std::string_view rest_;
  Deadline& deadline_;
  Extended extended_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<std::string> pack(const Tree& tree, const std::string& path, ByteSize most,
                         Deadline& deadline) {
  SKERRY_ASSIGN(const Entry top, tree.find(path));
  Packer packer(tree, most, deadline);
  if (!top.is_directory()) {
    SKERRY_TRY(packer.add(top.name, top));
    return std::move(packer).finish();
  }
  const std::size_t prefix = top.below.empty() || top.below == "." ? 0 : top.below.size() + 1;
  const auto visit = [&](const Entry& entry) -> Result<Tree::Step> {
    SKERRY_TRY(packer.add(entry.below.substr(prefix), entry));
    return Tree::Step::kOn;
  };
  SKERRY_TRY(tree.walk(path, deadline, visit));
  return std::move(packer).finish();
}

Result<std::uint64_t> unpack(Tree& tree, const std::string& path, std::string_view archive,
                             Deadline& deadline) {
  return Unpacker(tree, path, archive, deadline).run();
}

}  // namespace skerry::files
