// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/blobs.h"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "skerry/base/os/file.h"
#include "skerry/base/os/sealed_file.h"
#include "skerry/base/sha256.h"

namespace skerry::runtime {
namespace {

constexpr std::string_view kIndex = "blobs.index";
constexpr std::string_view kFileLine = "file ";
constexpr std::size_t kTarBlock = 512;

Result<std::shared_ptr<const ReadOnlyMapping>> map_file(const std::filesystem::path& path) {
  SKERRY_ASSIGN(const OwnedFd file, open_file(path, O_RDONLY));
  SKERRY_ASSIGN(ReadOnlyMapping mapping, ReadOnlyMapping::of_file(file.get()));
  return std::make_shared<const ReadOnlyMapping>(std::move(mapping));
}

/// A number in a tar header: octal digits, ended by NUL or space.
std::uint64_t octal(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '7') break;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

std::string until_nul(std::string_view text) {
  return std::string(text.substr(0, text.find('\0')));
}

/// What stands before the next `end` in `rest`, which loses it and that.
std::string_view take_until(std::string_view& rest, char end) {
  const std::string_view taken = rest.substr(0, rest.find(end));
  rest.remove_prefix(std::min(rest.size(), taken.size() + 1));
  return taken;
}

/// The decimal number before the next space in `rest`, which loses both.
std::optional<std::uint64_t> take_number(std::string_view& rest) {
  const std::string_view digits = take_until(rest, ' ');
  std::uint64_t value = 0;
  const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || at != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// A line of the index.
void write_member(std::ostream& index, std::string_view name, std::string_view bytes,
                  std::size_t offset) {
  index << sha256_hex(as_bytes(bytes)) << ' ' << offset << ' ' << bytes.size() << ' ' << name
        << '\n';
}

/// The regular files of a ustar archive (POSIX.1-1988) that set-up wrote.
Status write_members(const std::string& archive, std::string_view bytes, std::ostream& index) {
  std::size_t at = 0;
  while (at + kTarBlock <= bytes.size() && bytes[at] != '\0') {
    const std::string_view header = bytes.substr(at, kTarBlock);
    const std::uint64_t size = octal(header.substr(124, 12));
    if (header.substr(257, 5) != "ustar" || size > bytes.size() - at - kTarBlock) {
      return absl::DataLossError(archive + " is no whole ustar archive");
    }
    std::string name = until_nul(header.substr(0, 100));
    if (const std::string prefix = until_nul(header.substr(345, 155)); !prefix.empty()) {
      name = prefix + "/" + name;
    }
    if (header[156] == '0') {
      write_member(index, archive + "/" + name, bytes.substr(at + kTarBlock, size), at + kTarBlock);
    }
    at += kTarBlock + round_up(size, kTarBlock);
  }
  return ok_status();
}

}  // namespace

Status BlobSet::build(const std::filesystem::path& directory,
                      const std::vector<std::string>& files) {
  std::ostringstream index;
  for (const std::string& file : files) {
    SKERRY_ASSIGN(const auto mapping, map_file(directory / file));
    const std::string_view bytes = as_text(mapping->bytes());
    index << kFileLine << bytes.size() << ' ' << file << '\n';
    if (file.ends_with(".tar")) {
      SKERRY_TRY(write_members(file, bytes, index));
    } else {
      write_member(index, file, bytes, 0);
    }
  }
  return write_file(directory / kIndex, as_bytes(index.str()));
}

Result<std::shared_ptr<const BlobSet>> BlobSet::open(const std::filesystem::path& directory) {
  const auto damaged = [&] {
    return absl::DataLossError((directory / kIndex).native() + " is damaged");
  };
  auto set = std::make_shared<BlobSet>();
  SKERRY_ASSIGN(set->index_, skerry::read_file(directory / kIndex, mib(16)));
  const auto lines = std::count(set->index_.begin(), set->index_.end(), '\n');
  set->members_.reserve(static_cast<std::size_t>(lines));
  set->places_.reserve(static_cast<std::size_t>(lines));
  for (std::string_view rest = set->index_; !rest.empty();) {
    std::string_view line = take_until(rest, '\n');
    if (!line.starts_with(kFileLine)) {
      if (!set->take_member(line)) return damaged();
      continue;
    }
    line.remove_prefix(kFileLine.size());
    const auto size = take_number(line);
    if (!size || line.empty()) return damaged();
    std::string name(line);
    SKERRY_ASSIGN(auto mapping, map_file(directory / name));
    if (mapping->bytes().size() != *size) {
      return absl::DataLossError((directory / name).native() + " is not the file that was indexed");
    }
    set->files_.push_back(std::move(mapping));
    set->names_.push_back(std::move(name));
  }
  return std::shared_ptr<const BlobSet>(std::move(set));
}

bool BlobSet::take_member(std::string_view line) {
  Member member;
  member.sha256 = take_until(line, ' ');
  const auto offset = take_number(line);
  const auto size = take_number(line);
  member.name = line;
  if (!offset || !size || member.name.empty() || files_.empty()) return false;
  const std::size_t whole = files_.back()->bytes().size();
  if (*offset > whole || *size > whole - *offset) return false;
  member.offset = *offset;
  member.size = *size;
  places_[member.sha256] = {files_.size() - 1, member.offset, member.size};
  members_.push_back(member);
  return true;
}

Result<std::shared_ptr<const BlobSet>> BlobSet::open_sealed(
    const std::filesystem::path& directory) {
  SKERRY_TRY(SealedFile::check(directory / kIndex, SealedFile::Depth::kTimes).status());
  SKERRY_ASSIGN(auto set, open(directory));
  for (const std::string& file : set->names_) {
    SKERRY_TRY(SealedFile::check(directory / file, SealedFile::Depth::kTimes).status());
  }
  return set;
}

Result<wasi::Blob> BlobSet::find(std::string_view sha256) const {
  const auto place = places_.find(sha256);
  if (place == places_.end()) {
    return absl::NotFoundError("no file with SHA-256 " + std::string(sha256) +
                               " belongs to the runtime");
  }
  const auto& file = files_[place->second.file];
  return wasi::Blob{.bytes = file->bytes().subspan(place->second.offset, place->second.size),
                    .id = std::string(place->first),
                    .keeper = file};
}

Result<wasi::Blob> find_blob(std::span<const std::shared_ptr<const BlobSet>> sets,
                             std::string_view sha256, std::string_view what_to_do) {
  for (const auto& set : sets) {
    if (auto found = set->find(sha256); found.ok()) return found;
  }
  return absl::NotFoundError(fmt::format("no file with SHA-256 {} is here{}", sha256, what_to_do));
}

}  // namespace skerry::runtime
