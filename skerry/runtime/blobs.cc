// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/blobs.h"

#include <fcntl.h>
#include <sstream>

#include <fmt/format.h>

#include "skerry/base/os/file.h"
#include "skerry/base/os/sealed_file.h"
#include "skerry/base/sha256.h"

namespace skerry::runtime {
namespace {

constexpr std::string_view kIndex = "blobs.index";
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

/// The regular files of a ustar archive (POSIX.1-1988) that set-up wrote.
Status add_members(const std::string& archive, std::string_view bytes,
                   std::vector<BlobSet::Member>& members) {
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
      const auto content = bytes.substr(at + kTarBlock, size);
      members.push_back(
          {archive + "/" + name, sha256_hex(as_bytes(content)), at + kTarBlock, size});
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
    std::vector<Member> members;
    if (file.ends_with(".tar")) {
      SKERRY_TRY(add_members(file, bytes, members));
    } else {
      members.push_back({file, sha256_hex(mapping->bytes()), 0, bytes.size()});
    }
    index << "file " << bytes.size() << ' ' << file << '\n';
    for (const Member& member : members) {
      index << member.sha256 << ' ' << member.offset << ' ' << member.size << ' ' << member.name
            << '\n';
    }
  }
  return write_file(directory / kIndex, as_bytes(index.str()));
}

Result<std::shared_ptr<const BlobSet>> BlobSet::open(const std::filesystem::path& directory) {
  SKERRY_ASSIGN(const std::string text, skerry::read_file(directory / kIndex, mib(16)));
  auto set = std::make_shared<BlobSet>();
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "file") {
      std::uint64_t size = 0;
      std::string name;
      if (!(words >> size >> name)) {
        return absl::DataLossError((directory / kIndex).native() + " is damaged");
      }
      SKERRY_ASSIGN(auto mapping, map_file(directory / name));
      if (mapping->bytes().size() != size) {
        return absl::DataLossError((directory / name).native() +
                                   " is not the file that was indexed");
      }
      set->files_.push_back(std::move(mapping));
      set->names_.push_back(std::move(name));
      continue;
    }
    Member member;
    member.sha256 = first;
    words >> member.offset >> member.size;
    words.ignore(1);
    std::getline(words, member.name);
    if (set->files_.empty() || words.fail()) {
      return absl::DataLossError((directory / kIndex).native() + " is damaged");
    }
    const std::size_t size = set->files_.back()->bytes().size();
    if (member.offset > size || member.size > size - member.offset) {
      return absl::DataLossError((directory / kIndex).native() + " is damaged");
    }
    set->places_[member.sha256] = {set->files_.size() - 1, member.offset, member.size};
    set->members_.push_back(std::move(member));
  }
  return std::shared_ptr<const BlobSet>(std::move(set));
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
                    .id = place->first,
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
