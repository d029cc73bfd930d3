// SPDX-License-Identifier: Apache-2.0
// What the calls do on devices, as Linux does it.
#include <algorithm>
#include <cstring>

#include "skerry/wasi/call_functions.h"

namespace skerry::wasi {
namespace {

OrErrno<Descriptor> copy_of_standard(const Context& context, Fd fd, const Descriptor& wanted) {
  const Descriptor* open = context.state.descriptors().find(fd);
  if (open == nullptr) return Errno::kNoEnt;
  Descriptor copy = *open;
  const Rights asked = wanted.rights & (kFdRead | kFdWrite);
  if ((asked & ~copy.rights) != 0) return Errno::kAcces;
  copy.rights &= wanted.rights | ~(kFdRead | kFdWrite);
  copy.flags = wanted.flags;
  copy.offset = 0;
  copy.preopen_name = nullptr;
  return copy;
}

}  // namespace

OrErrno<Descriptor> opened_device(const Context& context, Device device, Descriptor wanted) {
  switch (device) {
    case Device::kTerminal:
      return Errno::kNxio;
    case Device::kStdin:
      return copy_of_standard(context, Fd{0}, wanted);
    case Device::kStdout:
      return copy_of_standard(context, Fd{1}, wanted);
    case Device::kStderr:
      return copy_of_standard(context, Fd{2}, wanted);
    default:
      return wanted;
  }
}

OrErrno<std::uint32_t> read_device(Context& context, Device device, const BufferList& buffers) {
  if (device == Device::kNull) return std::uint32_t{0};
  std::uint32_t total = 0;
  for (std::uint32_t i = 0; i < buffers.count(); ++i) {
    SKERRY_ASSIGN(const auto out, buffers.buffer(i));
    if (device == Device::kRandom) {
      SKERRY_ERRNO_TRY(errno_of(context.entropy.fill(out)));
    } else {
      std::fill(out.begin(), out.end(), std::byte{0});
    }
    total += static_cast<std::uint32_t>(out.size());
  }
  return total;
}

OrErrno<std::uint32_t> write_device(Device device, const BufferList& buffers) {
  std::uint32_t total = 0;
  for (std::uint32_t i = 0; i < buffers.count(); ++i) {
    SKERRY_ASSIGN(const auto in, buffers.buffer(i));
    total += static_cast<std::uint32_t>(in.size());
  }
  if (device == Device::kFull && total > 0) return Errno::kNoSpc;
  return total;
}

}  // namespace skerry::wasi
