// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "skerry/base/status.h"
#include "skerry/wasi/descriptors.h"
#include "skerry/wasi/environment.h"
#include "skerry/wasi/files/errno.h"
#include "skerry/wasi/files/file_system.h"

namespace skerry::wasi {

/// All that the host keeps for one guest besides its memory: files, descriptors, clock and random
/// stream.
///
/// A value: `HostState snapshot = state;` captures, `state = snapshot;` resets, and either costs a
/// few pointers, about 20 ns. Where a run may have made many files, reset by `std::exchange(state,
/// snapshot)` and drop the old value when nobody waits: freeing takes about 0.1 µs for each inode.
/// Copying anew into the same object keeps references to it valid, so clocks and entropy that
/// borrow from it need no care.
///
/// Owns its parts together with its copies. Confined to one thread, all copies together.
class HostState {
 public:
  /// Standard streams as 0 to 2, and the root preopened as "/", descriptor 3.
  explicit HostState(FileSystem files = FileSystem());

  /// No descriptors at all: for decode, and for tests.
  static HostState without_descriptors(FileSystem files);

  FileSystem& files() { return files_; }
  const FileSystem& files() const { return files_; }
  const DescriptorTable& descriptors() const { return descriptors_; }
  /// An open descriptor, for its rights only.
  Descriptor& edit_descriptor(Fd fd) { return descriptors_.edit(fd); }
  /// What an open descriptor shares with its duplicates.
  void set_offset(Fd fd, std::uint64_t offset) {
    descriptors_.edit_shared(fd, [&](Descriptor& open) { open.offset = offset; });
  }
  void set_flags(Fd fd, FdFlags flags) {
    descriptors_.edit_shared(fd, [&](Descriptor& open) { open.flags = flags; });
  }

  /// Tells the guest of the directory `path` under the name `guest_name`, an absolute path of its
  /// own that need not exist. `rights` is what it may do with the directory, `inheriting` what with
  /// anything opened in it. Guests look preopens up from descriptor 3 on without gaps, so add them
  /// before a run. Errors as in host_files.h.
  Result<Fd> add_preopen(std::string guest_name, std::string_view path,
                         Rights rights = kDirectoryRights, Rights inheriting = kAllRights);

  /// Opens at the lowest free number; `mfile` when there are as many as Quotas allows.
  OrErrno<Fd> open(Descriptor descriptor);
  /// Opens at a number that must be free; `mfile` when it is beyond the quota, `badf` when taken.
  Errno open_at(Fd fd, Descriptor descriptor);
  /// `badf` when it is not open. An inode without name is gone with its last descriptor.
  Errno close(Fd fd);
  /// Moves an open descriptor over another open one, which is closed.
  Errno renumber(Fd from, Fd to);
  /// Another descriptor of the same open file, at the lowest free number.
  OrErrno<Fd> duplicate(Fd from);
  /// The same at a number of the guest's, where what is open is closed. `badf` for one beyond the
  /// quota.
  Errno duplicate_at(Fd from, Fd to);
  /// `flock`: of several open files of one inode, one may hold it alone or each may share it;
  /// `again` where another is in the way.
  Errno lock(Fd fd, FileLock lock);
  /// Gives 0 to 2 back to the standard streams, whatever a run has put there.
  void restore_streams();
  struct Pipe {
    Fd output;
    Fd input;
  };
  /// Both ends of a new pipe, with these flags.
  OrErrno<Pipe> open_pipe(FdFlags flags, Nanoseconds now);

  /// Which limit last stopped the guest, for a message to whoever runs it. Copies start without
  /// one.
  QuotaKind last_quota_hit() const { return files_.last_quota_hit(); }

  ClockState clock;
  RandomState random;

 private:
  struct NoDescriptors {};
  HostState(FileSystem files, NoDescriptors) : files_(std::move(files)) {}

  FileSystem files_;
  DescriptorTable descriptors_;
};

}  // namespace skerry::wasi
