// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "skerry/wasi/files/errno.h"
#include "skerry/wasi/files/types.h"

namespace skerry::wasi {

/// What `flock` has put on an open file.
enum class FileLock : std::uint8_t { kNone, kShared, kExclusive };

/// What an open descriptor stands for. Directories keep no cursor: a guest passes its cookie with
/// each call.
struct Descriptor {
  /// A pipe is a file without a name: what is written is behind what is read, from `offset` of the
  /// output on.
  enum class Kind : std::uint8_t {
    kStdin,
    kStdout,
    kStderr,
    kFile,
    kDirectory,
    kPipeOutput,
    kPipeInput
  };
  Kind kind = Kind::kFile;
  /// Of a file, directory or pipe; no meaning for the standard streams.
  InodeNumber inode{};
  /// Bytes from the start of a file.
  std::uint64_t offset = 0;
  FdFlags flags = 0;
  Rights rights = 0;
  Rights inheriting = 0;
  FileLock lock = FileLock::kNone;
  /// Descriptors of the same number are duplicates: they share offset, flags and lock. 0: there are
  /// none.
  std::uint32_t open_file = 0;
  /// The path under which the guest is told of a preopened directory; null for other descriptors.
  std::shared_ptr<const std::string>
      preopen_name;  // shared: immutable, and a table's copy must stay cheap

  bool is_stream() const { return kind <= Kind::kStderr; }
  bool is_pipe() const { return kind >= Kind::kPipeOutput; }
};

/// A guest's descriptors by number. A copy is one pointer; the first change after it copies the
/// table. Does not know the file system: HostState keeps the two in step. Confined to one thread,
/// all copies together.
class DescriptorTable {
 public:
  DescriptorTable();

  /// Null when it is not open. Lasts until the table is next changed.
  const Descriptor* find(Fd fd) const {
    const auto index = static_cast<std::uint32_t>(fd);
    return index < slots_->size() && (*slots_)[index].has_value() ? &*(*slots_)[index] : nullptr;
  }
  /// An open descriptor, to be changed. Lasts until the table is next changed or copied.
  Descriptor& edit(Fd fd);
  /// Calls `change(Descriptor&)` for an open descriptor and its duplicates: for what they share.
  template <typename Change>
  void edit_shared(Fd fd, Change&& change) {
    Descriptor& edited = edit(fd);
    change(edited);
    if (edited.open_file == 0) return;
    for (std::optional<Descriptor>& slot : *slots_) {
      if (slot.has_value() && &*slot != &edited && slot->open_file == edited.open_file)
        change(*slot);
    }
  }
  /// An open descriptor as a duplicate of it is to be.
  Descriptor duplicate(Fd fd);

  /// Puts it at the lowest free number. Nothing when `limit` are open already.
  std::optional<Fd> add(Descriptor descriptor, std::uint32_t limit);
  /// Puts it at a number that is free and below `limit`; false otherwise.
  [[nodiscard]] bool add_at(Fd fd, Descriptor descriptor, std::uint32_t limit);
  /// Frees an open number.
  void remove(Fd fd);

  /// How many are open.
  std::uint32_t open_count() const;

  /// Calls `visit(Fd, const Descriptor&)` for each open one, in order.
  template <typename Visit>
  void visit(Visit&& visit) const {
    for (std::uint32_t i = 0; i < slots_->size(); ++i) {
      if ((*slots_)[i].has_value()) visit(Fd{i}, *(*slots_)[i]);
    }
  }

 private:
  using Slots = std::vector<std::optional<Descriptor>>;
  Slots& own();
  std::shared_ptr<Slots> slots_;
};

}  // namespace skerry::wasi
