// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/privileges.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "skerry/base/os/fd.h"
#include "skerry/base/os/file.h"

namespace skerry::jail {
namespace {

Status limit(__rlimit_resource resource, std::string_view name, std::uint64_t value) {
  rlimit now{};
  SKERRY_TRY(
      syscall_result("getrlimit", name, [&] { return ::getrlimit(resource, &now); }).status());
  if (now.rlim_max < value) value = now.rlim_max;  // stricter already
  const rlimit limits{value, value};
  return syscall_result("setrlimit", name, [&] { return ::setrlimit(resource, &limits); }).status();
}

Status control(std::string_view name, int option, unsigned long argument, unsigned long value = 0) {
  return syscall_result("prctl", name, [&] { return ::prctl(option, argument, value, 0, 0); })
      .status();
}

Status become(const Identity& identity) {
  const auto [user, group] = identity;
  SKERRY_TRY(syscall_result("setgroups", {}, [] { return ::setgroups(0, nullptr); }).status());
  SKERRY_TRY(
      syscall_result("setresgid", {}, [=] { return ::setresgid(group, group, group); }).status());
  return syscall_result("setresuid", {}, [=] { return ::setresuid(user, user, user); }).status();
}

// Threads that a library starts for itself.
constexpr std::uint64_t kSpareThreads = 8;

/// Whether RLIMIT_NPROC counts the processes of a user namespace apart from those of its user
/// elsewhere: Linux 5.14.
bool namespaces_count_apart() {
  utsname names{};
  if (::uname(&names) != 0) return false;
  const char* const release = names.release;
  unsigned major = 0;
  unsigned minor = 0;
  const char* const end = release + std::strlen(release);
  const auto [dot, error] = std::from_chars(release, end, major);
  if (error != std::errc() || dot == end || *dot != '.') return false;
  if (std::from_chars(dot + 1, end, minor).ec != std::errc()) return false;
  return major > 5 || (major == 5 && minor >= 14);
}

/// As RLIMIT_DATA counts it: "size resident shared code unused data unused", in pages.
Result<ByteSize> data_held() {
  SKERRY_ASSIGN(const std::string text, read_file("/proc/self/statm", kib(4)));
  std::istringstream numbers(text);
  std::uint64_t data = 0;
  for (int field = 0; field < 6; ++field) numbers >> data;
  if (!numbers) return absl::UnavailableError("/proc/self/statm is not as expected");
  return bytes(data * static_cast<std::uint64_t>(kPageSize));
}

using Capabilities = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

bool may_change_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Capabilities sets{};
  return ::syscall(SYS_capget, &header, sets.data()) == 0 &&
         (sets[0].effective & (1U << CAP_SETPCAP)) != 0;
}

/// Closes the ways by which a user number or a program's file would bring capabilities back.
Status lock_capabilities() {
  constexpr unsigned long kLocked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                    SECBIT_NO_CAP_AMBIENT_RAISE |
                                    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  SKERRY_TRY(control("securebits", PR_SET_SECUREBITS, kLocked));
  // As many as this kernel has, not as many as the headers had that we were built with.
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
       ++capability) {
    SKERRY_TRY(control("bounding set", PR_CAPBSET_DROP, capability));
  }
  return ok_status();
}

}  // namespace

Status limit_resources(const Policy& policy, WallSet walls) {
  SKERRY_TRY(limit(RLIMIT_CORE, "core", 0));
  if (policy.threads <= 1) {
    SKERRY_TRY(limit(RLIMIT_NPROC, "processes", 0));
  } else if (walls.has(Wall::kUserNamespace) && namespaces_count_apart()) {
    SKERRY_TRY(limit(RLIMIT_NPROC, "processes", policy.threads + kSpareThreads));
  }
  SKERRY_TRY(limit(RLIMIT_MEMLOCK, "locked memory", 0));
  SKERRY_TRY(limit(RLIMIT_MSGQUEUE, "message queues", 0));
  SKERRY_TRY(limit(RLIMIT_NICE, "nice", 0));
  SKERRY_TRY(limit(RLIMIT_RTPRIO, "real-time priority", 0));
  SKERRY_TRY(limit(RLIMIT_NOFILE, "descriptors", policy.descriptors));
  SKERRY_TRY(limit(RLIMIT_FSIZE, "file size", policy.file_size.value));
  if (policy.private_memory) {
    SKERRY_ASSIGN(const ByteSize held, data_held());
    SKERRY_TRY(limit(RLIMIT_DATA, "private memory", held.value + policy.private_memory->value));
  }
  if (policy.addresses) SKERRY_TRY(limit(RLIMIT_AS, "addresses", policy.addresses->value));
  if (policy.cpu) {
    SKERRY_TRY(
        limit(RLIMIT_CPU, "processor time", static_cast<std::uint64_t>(policy.cpu->count())));
  }
  return ok_status();
}

void forbid_user_namespaces() {
  const auto file = open_file("/proc/sys/user/max_user_namespaces", O_WRONLY);
  if (file.ok()) (void)!::write(file->get(), "0", 1);
}

Status drop_privileges(const std::optional<Identity>& becoming) {
  SKERRY_TRY(control("ambient set", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL));
  // Takes a capability itself. Who has none gets none: no_new_privs sees to that.
  if (may_change_capabilities()) SKERRY_TRY(lock_capabilities());
  if (becoming) SKERRY_TRY(become(*becoming));
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const Capabilities none{};
  SKERRY_TRY(syscall_result("capset", {}, [&] {
               return ::syscall(SYS_capset, &header, none.data());
             }).status());
  // RLIMIT_CORE 0 alone does not keep a dump from a core_pattern that is a pipe.
  return control("dumpable", PR_SET_DUMPABLE, 0);
}

Status forbid_new_privileges() { return control("no_new_privs", PR_SET_NO_NEW_PRIVS, 1); }

Status die_with_parent(int parent) {
  SKERRY_TRY(control("parent-death signal", PR_SET_PDEATHSIG, SIGKILL));
  // getppid says 0 in a PID namespace whether the parent lives or not.
  pollfd ended{parent, POLLIN, 0};
  SKERRY_ASSIGN(const int dead,
                syscall_result("poll", "parent", [&] { return ::poll(&ended, 1, 0); }));
  return dead == 0 ? ok_status() : absl::CancelledError("the parent has died");
}

}  // namespace skerry::jail
