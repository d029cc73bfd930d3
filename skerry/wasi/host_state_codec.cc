// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/host_state_codec.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/formats/wire_budget.h"
#include "skerry/host_state.pb.h"

namespace skerry::wasi {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kVersionOnBase = 2;
constexpr std::uint32_t kVersionOverBase = 3;
constexpr std::uint32_t kVersionWithModes = 4;

/// Blob ids are 64 characters; a reference to one is no place to hide more.
constexpr std::size_t kMaxBlobId = 128;

Status broken(std::string_view rule) {
  return absl::DataLossError("stored host state: " + std::string(rule));
}

std::uint64_t number_of(InodeNumber number) { return static_cast<std::uint64_t>(number); }

std::string_view without_zeros_at_end(const FileContent::Chunk& chunk) {
  const std::string_view text = as_text(chunk);
  return text.substr(0, text.find_last_not_of('\0') + 1);
}

bool are_same(const FileContent& one, const FileContent& other) {
  const auto id = [](const FileContent& content) {
    return content.blob_visible() == 0 ? std::string_view() : std::string_view(content.blob()->id);
  };
  return one.allocated() == other.allocated() && one.blob_visible() == other.blob_visible() &&
         id(one) == id(other) && one.equals(other);
}

bool are_same(const Directory& one, const Directory& other) {
  if (one.parent() != other.parent() || one.next_cookie() != other.next_cookie() ||
      one.size() != other.size()) {
    return false;
  }
  bool same = true;
  one.visit_from(0, [&](const Entry& entry) {
    const Entry* found = other.find(entry.name);
    same = found != nullptr && found->inode == entry.inode && found->cookie == entry.cookie;
    return same;
  });
  return same;
}

/// Whether storing them would give the same bytes.
bool are_same(const Inode& one, const Inode& other) {
  if (&one == &other) return true;
  if (one.type() != other.type() || one.access != other.access || one.mode != other.mode ||
      one.is_unlisted != other.is_unlisted || one.accessed != other.accessed ||
      one.modified != other.modified || one.changed != other.changed) {
    return false;
  }
  if (one.file() != nullptr) return are_same(*one.file(), *other.file());
  if (one.directory() != nullptr) return are_same(*one.directory(), *other.directory());
  if (one.device() != nullptr) return *one.device() == *other.device();
  return one.symlink()->target == other.symlink()->target;
}

class Encoder {
 public:
  Result<std::string> encode(const HostState& state, const HostState* base) {
    if (base != nullptr && state.files().has_same_inodes_as(base->files()) &&
        state.files().next_inode() == base->files().next_inode()) {
      message_.set_version(kVersionOnBase);
      message_.set_files_of_base(true);
    } else {
      message_.set_version(base == nullptr ? kVersion : kVersionOverBase);
      message_.set_files_over_base(base != nullptr);
      encode_files(state.files(), base == nullptr ? nullptr : &base->files());
    }
    if (state.files().get(FileSystem::kRoot).mode != 0) message_.set_version(kVersionWithModes);
    message_.set_umask_difference(state.files().umask() ^ FileSystem::kUsualUmask);
    state.descriptors().visit(
        [&](Fd fd, const Descriptor& descriptor) { encode_descriptor(fd, descriptor); });
    message_.mutable_clock()->set_monotonic_offset_ns(state.clock.monotonic_offset_ns);
    message_.mutable_clock()->set_last_monotonic_ns(state.clock.last_monotonic.count());
    message_.mutable_clock()->set_virtual_elapsed_ns(state.clock.virtual_elapsed.count());
    if (state.random.seed.has_value()) {
      message_.mutable_random()->set_seed(state.random.seed->data(), state.random.seed->size());
    }
    message_.mutable_random()->set_position(state.random.position);
    std::string bytes;
    if (message_.ByteSizeLong() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
        !message_.SerializeToString(&bytes)) {
      return absl::ResourceExhaustedError("host state of 2 GiB or more cannot be stored");
    }
    return bytes;
  }

 private:
  /// All files, or what is other than in `base`.
  void encode_files(const FileSystem& files, const FileSystem* base) {
    message_.mutable_files()->set_next_inode(number_of(files.next_inode()));
    if (base != nullptr) {
      base->visit_inodes([&](InodeNumber number, const Inode&) {
        if (files.find(number) == nullptr) message_.add_removed_inodes(number_of(number));
      });
    }
    files.visit_inodes([&](InodeNumber number, const Inode& inode) {
      const Inode* before = base == nullptr ? nullptr : base->find(number);
      if (before != nullptr && are_same(inode, *before)) return;
      proto::Inode& out = *message_.mutable_files()->add_inodes();
      out.set_number(number_of(number));
      out.set_read_only(inode.access == Access::kReadOnly);
      out.set_accessed_ns(inode.accessed.count());
      out.set_modified_ns(inode.modified.count());
      out.set_changed_ns(inode.changed.count());
      out.set_mode(inode.mode);
      out.set_unlisted(inode.is_unlisted);
      if (const FileContent* content = inode.file()) {
        encode_content(*content, *out.mutable_file());
      } else if (const Directory* names = inode.directory()) {
        encode_directory(*names, *out.mutable_directory());
      } else if (const Device* device = inode.device()) {
        out.set_device(static_cast<std::uint32_t>(*device));
      } else {
        out.set_symlink(inode.symlink()->target);
      }
    });
  }

  void encode_content(const FileContent& content, proto::File& out) {
    out.set_size(content.size());
    if (content.blob_visible() > 0) {
      out.mutable_blob()->set_id(content.blob()->id);
      out.mutable_blob()->set_visible(content.blob_visible());
    }
    content.chunks().visit_from(0, [&](std::uint64_t index, const FileContent::Chunk& chunk) {
      auto [place, is_new] =
          places_.try_emplace(&chunk, static_cast<std::uint32_t>(places_.size()));
      if (is_new) message_.mutable_files()->add_chunks(std::string(without_zeros_at_end(chunk)));
      proto::ChunkReference& reference = *out.add_chunks();
      reference.set_index(index);
      reference.set_chunk(place->second);
      reference.set_allocated(static_cast<std::uint32_t>(chunk.size()));
      return true;
    });
  }

  static void encode_directory(const Directory& names, proto::Directory& out) {
    out.set_parent(number_of(names.parent()));
    out.set_next_cookie(names.next_cookie());
    names.visit_from(0, [&](const Entry& entry) {
      proto::Entry& name = *out.add_entries();
      name.set_name(entry.name);
      name.set_inode(number_of(entry.inode));
      name.set_cookie(entry.cookie);
      return true;
    });
  }

  void encode_descriptor(Fd fd, const Descriptor& descriptor) {
    proto::Descriptor& out = *message_.add_descriptors();
    out.set_fd(static_cast<std::uint32_t>(fd));
    out.set_kind(static_cast<proto::Descriptor::Kind>(descriptor.kind));
    out.set_inode(number_of(descriptor.inode));
    out.set_offset(descriptor.offset);
    out.set_flags(descriptor.flags);
    out.set_rights(descriptor.rights);
    out.set_inheriting(descriptor.inheriting);
    if (descriptor.preopen_name != nullptr) out.set_preopen_name(*descriptor.preopen_name);
    out.set_open_file(descriptor.open_file);
    out.set_lock(static_cast<std::uint32_t>(descriptor.lock));
  }

  proto::HostState message_;
  std::unordered_map<const FileContent::Chunk*, std::uint32_t> places_;
};

/// Each reference to a chunk is charged at least this much, so there are no more of them.
std::uint64_t max_chunks(const Quotas& quotas) {
  return quotas.file_bytes.value / FileContent::kSmallestChunk;
}

/// Counts what is in a stored state, before anything is made of it. A chunk that nothing refers to
/// counts like one that something does: `encode` writes none.
Status check_counts(std::string_view bytes, const Quotas& quotas) {
  const std::uint64_t chunks = max_chunks(quotas);
  WireBudget blob{wire_bytes(1, "id", kMaxBlobId), wire_varint(2, "visible")};
  WireBudget reference{wire_varint(1, "index"), wire_varint(2, "chunk"),
                       wire_varint(3, "allocated")};
  WireBudget file{wire_varint(1, "size"), wire_message(2, "blob", blob),
                  wire_messages(3, "chunks", chunks, reference)};
  WireBudget entry{wire_bytes(1, "name", quotas.name_length), wire_varint(2, "inode"),
                   wire_varint(3, "cookie")};
  WireBudget directory{wire_varint(1, "parent"), wire_varint(2, "next_cookie"),
                       wire_messages(3, "entries", quotas.entries, entry)};
  WireBudget inode{wire_varint(1, "number"),
                   wire_varint(2, "read_only"),
                   wire_varint(3, "accessed_ns"),
                   wire_varint(4, "modified_ns"),
                   wire_varint(5, "changed_ns"),
                   wire_message(6, "file", file),
                   wire_message(7, "directory", directory),
                   wire_bytes(8, "symlink", quotas.path_length),
                   wire_varint(9, "mode"),
                   wire_varint(10, "unlisted"),
                   wire_varint(11, "device")};
  WireBudget files{wire_varint(1, "next_inode"), wire_messages(2, "inodes", quotas.inodes, inode),
                   wire_byte_strings(3, "chunks", chunks, FileContent::kChunkSize)};
  WireBudget descriptor{
      wire_varint(1, "fd"),         wire_varint(2, "kind"),
      wire_varint(3, "inode"),      wire_varint(4, "offset"),
      wire_varint(5, "flags"),      wire_varint(6, "rights"),
      wire_varint(7, "inheriting"), wire_bytes(8, "preopen_name", quotas.path_length),
      wire_varint(9, "open_file"),  wire_varint(10, "lock")};
  WireBudget clock{wire_varint(1, "monotonic_offset_ns"), wire_varint(2, "last_monotonic_ns"),
                   wire_varint(3, "virtual_elapsed_ns")};
  WireBudget random{wire_bytes(1, "seed", sizeof(Seed)), wire_varint(2, "position")};
  WireBudget state{wire_varint(1, "version"),
                   wire_message(2, "files", files),
                   wire_messages(3, "descriptors", quotas.descriptors, descriptor),
                   wire_message(4, "clock", clock),
                   wire_message(5, "random", random),
                   wire_varint(6, "files_of_base"),
                   wire_varint(7, "files_over_base"),
                   wire_varints(8, "removed_inodes", quotas.inodes),
                   wire_varint(9, "umask_difference")};
  return check_wire(bytes, max_encoded_size(quotas).value, state);
}

Result<proto::HostState> parse(std::span<const std::byte> bytes, const Quotas& quotas) {
  if (const Status counted = check_counts(as_text(bytes), quotas); !counted.ok()) {
    return broken(message_of(counted));
  }
  proto::HostState message;
  if (bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
      message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return message;
  }
  return broken("not the message that it should be");
}

class Decoder {
 public:
  Decoder(const BlobResolver& blobs, const Quotas& quotas, const HostState* base)
      : blobs_(blobs), quotas_(quotas), base_(base) {}

  Result<HostState> decode(const proto::HostState& message) {
    if (message.version() == 0) return broken("no version");
    if (message.version() > kVersionWithModes) {
      return absl::UnimplementedError("stored host state of version " +
                                      std::to_string(message.version()) + ", known is " +
                                      std::to_string(kVersionWithModes));
    }
    if ((message.files_of_base() && (base_ == nullptr || message.has_files())) ||
        (message.files_over_base() && (base_ == nullptr || message.files_of_base()))) {
      return broken("files of a template that it does not rest on");
    }
    SKERRY_ASSIGN(FileSystem files,
                  message.files_of_base() ? files_of_base() : decode_files(message));
    // What is pinned now, somebody else's descriptors hold open; from here on those that are stored
    // do.
    if (message.umask_difference() > kPermissions) return broken("a umask of unknown bits");
    files.set_umask(
        static_cast<Mode>(message.umask_difference() ^ std::uint32_t{FileSystem::kUsualUmask}));
    HostState state = HostState::without_descriptors(std::move(files));
    for (const proto::Descriptor& stored : message.descriptors())
      SKERRY_TRY(decode_descriptor(stored, state));
    for (const InodeNumber pinned : pinned_) state.files().unpin(pinned);
    state.clock = {.monotonic_offset_ns = message.clock().monotonic_offset_ns(),
                   .last_monotonic = Nanoseconds(message.clock().last_monotonic_ns()),
                   .virtual_elapsed = Nanoseconds(message.clock().virtual_elapsed_ns())};
    SKERRY_TRY(decode_random(message.random(), state.random));
    return state;
  }

 private:
  Result<FileSystem> files_of_base() {
    FileSystem files = base_->files();
    files.set_quotas(quotas_);
    base_->descriptors().visit([&](Fd, const Descriptor& descriptor) {
      if (!descriptor.is_stream()) pinned_.push_back(descriptor.inode);
    });
    return files;
  }

  Result<FileSystem> decode_files(const proto::HostState& message) {
    const proto::FileSystem& files = message.files();
    if (static_cast<std::uint64_t>(files.inodes_size()) > quotas_.inodes)
      return broken("more inodes than allowed");
    std::vector<FileSystem::StoredInode> inodes;
    if (message.files_over_base()) {
      SKERRY_ASSIGN(inodes, inodes_below(message));
    }
    for (const proto::Inode& stored : files.inodes()) {
      SKERRY_ASSIGN(Inode inode, decode_inode(files, stored));
      inodes.push_back({InodeNumber{stored.number()}, std::move(inode)});
    }
    for (const proto::Descriptor& descriptor : message.descriptors()) {
      if (descriptor.kind() < proto::Descriptor::FILE) continue;
      pinned_.push_back(InodeNumber{descriptor.inode()});
      if (pinned_.size() > quotas_.descriptors) return broken("more descriptors than allowed");
    }
    return FileSystem::assemble(quotas_, std::move(inodes), InodeNumber{files.next_inode()},
                                pinned_);
  }

  /// What the template's files have that the message has not.
  Result<std::vector<FileSystem::StoredInode>> inodes_below(const proto::HostState& message) const {
    std::unordered_set<std::uint64_t> gone;
    for (const std::uint64_t number : message.removed_inodes()) {
      if (base_->files().find(InodeNumber{number}) == nullptr) {
        return broken("a file removed that the template has not");
      }
      gone.insert(number);
    }
    for (const proto::Inode& stored : message.files().inodes()) gone.insert(stored.number());
    std::vector<FileSystem::StoredInode> inodes;
    base_->files().visit_inodes([&](InodeNumber number, const Inode& inode) {
      if (!gone.contains(number_of(number))) inodes.push_back({number, inode});
    });
    return inodes;
  }

  Result<Inode> decode_inode(const proto::FileSystem& files, const proto::Inode& stored) {
    Inode inode;
    inode.access = stored.read_only() ? Access::kReadOnly : Access::kReadWrite;
    inode.accessed = Nanoseconds(stored.accessed_ns());
    inode.modified = Nanoseconds(stored.modified_ns());
    inode.changed = Nanoseconds(stored.changed_ns());
    if (stored.mode() > (kTypeOfMode | kPermissions)) return broken("a mode of unknown bits");
    inode.mode = static_cast<Mode>(stored.mode());
    inode.is_unlisted = stored.unlisted();
    switch (stored.body_case()) {
      case proto::Inode::kFile: {
        SKERRY_ASSIGN(inode.body, decode_content(files, stored.file()));
        return inode;
      }
      case proto::Inode::kDirectory: {
        SKERRY_ASSIGN(inode.body, decode_directory(stored.directory()));
        return inode;
      }
      case proto::Inode::kSymlink:
        inode.body = SymbolicLink{stored.symlink()};
        return inode;
      case proto::Inode::kDevice:
        if (stored.device() == 0 || stored.device() > static_cast<std::uint32_t>(kLastDevice)) {
          return broken("a device of unknown kind");
        }
        inode.body = static_cast<Device>(stored.device());
        return inode;
      case proto::Inode::BODY_NOT_SET:
        break;
    }
    return broken("an inode that is nothing");
  }

  Result<std::shared_ptr<const Blob>> blob(const std::string& id) {
    if (id.empty() || id.size() > kMaxBlobId) return broken("a blob id of unfit length");
    auto& known = resolved_[id];
    if (known == nullptr) {
      SKERRY_ASSIGN(Blob found, blobs_(id));
      if (found.id != id)
        return absl::InternalError("blob resolver gave another blob than was asked for");
      known = std::make_shared<const Blob>(std::move(found));
    }
    return known;
  }

  // Shared with every file that refers to the same chunk at the same size, as when it was stored.
  Result<std::shared_ptr<FileContent::Chunk>> chunk(const proto::FileSystem& files,
                                                    const proto::ChunkReference& reference) {
    if (reference.chunk() >= static_cast<std::uint32_t>(files.chunks_size()))
      return broken("a chunk out of range");
    const std::string& bytes = files.chunks(static_cast<int>(reference.chunk()));
    if (reference.allocated() > FileContent::kChunkSize || bytes.size() > reference.allocated()) {
      return broken("a chunk of unfit size");
    }
    auto& made = chunks_[{reference.chunk(), reference.allocated()}];
    if (made == nullptr) {
      made = std::make_shared<FileContent::Chunk>(reference.allocated());
      if (!bytes.empty()) std::memcpy(made->data(), bytes.data(), bytes.size());
    }
    return made;
  }

  Result<FileContent> decode_content(const proto::FileSystem& files, const proto::File& stored) {
    std::shared_ptr<const Blob> source;
    if (stored.has_blob()) {
      SKERRY_ASSIGN(source, blob(stored.blob().id()));
    }
    // Before any chunk is placed: where one may lie bounds what the place costs.
    if (stored.size() >
        std::max(quotas_.file_size.value, source == nullptr ? 0 : source->bytes.size())) {
      return broken("a file too large");
    }
    PersistentArray<FileContent::Chunk> chunks;
    for (const proto::ChunkReference& reference : stored.chunks()) {
      if (reference.index() > stored.size() / FileContent::kChunkSize)
        return broken("a chunk past a file's end");
      if (chunks.find(reference.index()) != nullptr) return broken("two chunks in one place");
      SKERRY_ASSIGN(auto made, chunk(files, reference));
      charged_ += reference.allocated();
      if (charged_ > quotas_.file_bytes.value) return broken("more content than allowed");
      chunks.put(reference.index(), std::move(made));
    }
    const auto content =
        FileContent::assemble(stored.size(), std::move(source), stored.blob().visible(), chunks);
    if (content == nullptr) return broken("a file whose parts contradict each other");
    return *content;
  }

  Result<Directory> decode_directory(const proto::Directory& stored) {
    entries_ += static_cast<std::uint64_t>(stored.entries_size());
    if (entries_ > quotas_.entries) return broken("more names than allowed");
    if (stored.next_cookie() > FileSystem::kMaxSerial)
      return broken("a directory that ends too late");
    if (stored.next_cookie() < Directory::kFirstCookie)
      return broken("a directory that starts too early");
    Directory names(InodeNumber{stored.parent()});
    for (const proto::Entry& entry : stored.entries()) {
      if (entry.cookie() < Directory::kFirstCookie || entry.cookie() >= stored.next_cookie() ||
          names.has_cookie(entry.cookie())) {
        return broken("a name in an unfit place");
      }
      if (names.find(entry.name()) != nullptr) return broken("a name used twice");
      names.add_at(entry.cookie(), entry.name(), InodeNumber{entry.inode()});
    }
    names.set_next_cookie(stored.next_cookie());
    return names;
  }

  Status decode_descriptor(const proto::Descriptor& stored, HostState& state) const {
    if (stored.kind() < proto::Descriptor::STDIN || stored.kind() > proto::Descriptor::PIPE_INPUT) {
      return broken("a descriptor of unknown kind");
    }
    Descriptor descriptor;
    descriptor.kind = static_cast<Descriptor::Kind>(stored.kind());
    descriptor.inode = InodeNumber{descriptor.is_stream() ? 0 : stored.inode()};
    descriptor.offset = stored.offset();
    descriptor.flags = static_cast<FdFlags>(stored.flags());
    descriptor.rights = stored.rights();
    descriptor.inheriting = stored.inheriting();
    descriptor.open_file = stored.open_file();
    descriptor.lock = static_cast<FileLock>(stored.lock());
    if (!descriptor.is_stream() && state.files().find(descriptor.inode) == nullptr) {
      return broken("a descriptor of no file");
    }
    const FileType type =
        descriptor.is_stream() ? FileType::kUnknown : state.files().get(descriptor.inode).type();
    const bool is_file = type == FileType::kRegularFile || type == FileType::kCharacterDevice;
    if ((descriptor.kind == Descriptor::Kind::kFile || descriptor.is_pipe()) != is_file ||
        (descriptor.is_pipe() && type != FileType::kRegularFile) ||
        (descriptor.kind == Descriptor::Kind::kDirectory) != (type == FileType::kDirectory)) {
      return broken("a descriptor of another kind than its file");
    }
    if (stored.flags() > kAllFdFlags || stored.rights() > kAllRights ||
        stored.inheriting() > kAllRights || stored.lock() > std::uint32_t{2} ||
        stored.offset() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return broken("a descriptor with unknown flags, rights or lock");
    }
    if (stored.has_preopen_name()) {
      const std::string& name = stored.preopen_name();
      if (descriptor.kind != Descriptor::Kind::kDirectory || name.empty() ||
          name.size() > quotas_.path_length || name.find('\0') != std::string::npos) {
        return broken("an unfit preopen");
      }
      descriptor.preopen_name = std::make_shared<const std::string>(name);
    }
    if (state.open_at(Fd{stored.fd()}, std::move(descriptor)) != Errno::kSuccess) {
      return broken("a descriptor number used twice or too high");
    }
    return ok_status();
  }

  static Status decode_random(const proto::Random& stored, RandomState& random) {
    random.position = stored.position();
    if (!stored.has_seed()) return ok_status();
    if (stored.seed().size() != sizeof(Seed)) return broken("a seed of unfit length");
    random.seed.emplace();
    std::memcpy(random.seed->data(), stored.seed().data(), sizeof(Seed));
    return ok_status();
  }

  const BlobResolver& blobs_;
  const Quotas& quotas_;
  const HostState* base_;
  std::uint64_t charged_ = 0;
  std::uint64_t entries_ = 0;
  std::vector<InodeNumber> pinned_;
  std::unordered_map<std::string, std::shared_ptr<const Blob>> resolved_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::shared_ptr<FileContent::Chunk>> chunks_;
};

/// Puts files that are stored over those of a template together with these, as they would have been
/// stored alone. Takes both messages' content away piece by piece, so that there is one of it.
class FilesMerge {
 public:
  FilesMerge(proto::HostState& over, proto::HostState& base)
      : over_(*over.mutable_files()), base_(*base.mutable_files()) {
    std::unordered_set<std::uint64_t> gone(over.removed_inodes().begin(),
                                           over.removed_inodes().end());
    for (const proto::Inode& inode : over_.inodes()) gone.insert(inode.number());
    for (proto::Inode& inode : *base_.mutable_inodes()) {
      if (!gone.contains(inode.number())) inodes_.emplace(inode.number(), Stored{&inode, &base_});
    }
    for (proto::Inode& inode : *over_.mutable_inodes()) {
      inodes_.insert_or_assign(inode.number(), Stored{&inode, &over_});
    }
  }

  Status merge_into(proto::HostState& message) {
    proto::FileSystem merged;
    merged.set_next_inode(over_.next_inode());
    for (const auto& [number, stored] : inodes_) {
      proto::Inode& inode = *merged.add_inodes();
      inode = std::move(*stored.inode);
      if (!inode.has_file()) continue;
      for (proto::ChunkReference& reference : *inode.mutable_file()->mutable_chunks()) {
        if (reference.chunk() >= static_cast<std::uint32_t>(stored.from->chunks_size())) {
          return broken("a chunk out of range");
        }
        std::string& bytes = *stored.from->mutable_chunks(static_cast<int>(reference.chunk()));
        const auto [place, is_new] =
            places_.try_emplace(&bytes, static_cast<std::uint32_t>(places_.size()));
        if (is_new) merged.add_chunks(std::move(bytes));
        reference.set_chunk(place->second);
      }
    }
    *message.mutable_files() = std::move(merged);
    return ok_status();
  }

 private:
  struct Stored {
    proto::Inode* inode = nullptr;
    proto::FileSystem* from = nullptr;
  };
  proto::FileSystem& over_;
  proto::FileSystem& base_;
  std::map<std::uint64_t, Stored> inodes_;
  std::unordered_map<const std::string*, std::uint32_t> places_;
};

}  // namespace

Result<std::string> encode(const HostState& state, const HostState* base) {
  return Encoder().encode(state, base);
}

ByteSize max_encoded_size(const Quotas& quotas) {
  // Numbers with their tags, at their longest, of one inode, entry, chunk with a reference to it,
  // descriptor; and of all that comes once.
  constexpr std::uint64_t kInode = 160 + kMaxBlobId;
  constexpr std::uint64_t kEntry = 32;
  constexpr std::uint64_t kChunk = 40;
  constexpr std::uint64_t kDescriptor = 112;
  constexpr std::uint64_t kOnce = 4096 + kMaxUnknownWireBytes;
  return bytes(quotas.file_bytes.value + max_chunks(quotas) * kChunk + quotas.inodes * kInode +
               quotas.entries * (kEntry + quotas.name_length) +
               quotas.descriptors * (kDescriptor + quotas.path_length) + kOnce);
}

ByteSize max_memory(const Quotas& quotas) {
  constexpr std::uint64_t kEach = 2048;
  return bytes(quotas.file_bytes.value + kEach * (quotas.inodes + quotas.entries));
}

Result<HostState> decode(std::span<const std::byte> bytes, const BlobResolver& blobs,
                         const Quotas& quotas, const HostState* base) {
  SKERRY_ASSIGN(const proto::HostState message, parse(bytes, quotas));
  return Decoder(blobs, quotas, base).decode(message);
}

Result<std::string> with_files_of(std::span<const std::byte> state, std::span<const std::byte> base,
                                  const Quotas& quotas) {
  SKERRY_ASSIGN(proto::HostState message, parse(state, quotas));
  if (!message.files_of_base() && !message.files_over_base()) return std::string(as_text(state));
  SKERRY_ASSIGN(proto::HostState from, parse(base, quotas));
  if (!from.has_files() || from.files_over_base()) {
    return broken("files of a template that has none");
  }
  if (message.files_over_base()) {
    SKERRY_TRY(FilesMerge(message, from).merge_into(message));
  } else {
    *message.mutable_files() = std::move(*from.mutable_files());
  }
  message.set_version(std::max(message.version(), from.version()) >= kVersionWithModes
                          ? kVersionWithModes
                          : kVersion);
  message.clear_files_of_base();
  message.clear_files_over_base();
  message.clear_removed_inodes();
  return message.SerializeAsString();
}

}  // namespace skerry::wasi
