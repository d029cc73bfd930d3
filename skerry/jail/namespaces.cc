// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "skerry/base/os/file.h"

namespace skerry::jail {
namespace {

Status write_text(const std::string& path, const std::string& text) {
  SKERRY_ASSIGN(const OwnedFd file, open_file(path, O_WRONLY));
  // The kernel takes a map in one write or not at all.
  return syscall_result("write", path,
                        [&] { return ::write(file.get(), text.data(), text.size()); })
      .status();
}

// /proc/self/uid_map: lines of "first here, first outside, count".
bool is_mapped(const char* map, std::uint32_t id) {
  const auto text = read_file(map, kib(64));
  std::istringstream numbers(text.value_or(""));
  for (std::uint64_t first = 0, outside = 0, count = 0; numbers >> first >> outside >> count;) {
    if (id >= first && id - first < count) return true;
  }
  return false;
}

// The same number on both sides; one of each.
std::string map_of(std::uint32_t id) {
  return std::to_string(id) + " " + std::to_string(id) + " 1\n";
}

}  // namespace

std::uint64_t namespace_flags(WallSet walls) {
  std::uint64_t flags = 0;
  if (walls.has(Wall::kUserNamespace)) flags |= CLONE_NEWUSER;
  if (walls.has(Wall::kPidNamespace)) flags |= CLONE_NEWPID;
  if (walls.has(Wall::kEmptyRoot)) flags |= CLONE_NEWNS;
  if (walls.has(Wall::kNetworkNamespace)) flags |= CLONE_NEWNET;
  if (walls.has(Wall::kIpcNamespace)) flags |= CLONE_NEWIPC;
  if (walls.has(Wall::kUtsNamespace)) flags |= CLONE_NEWUTS;
  return flags;
}

bool has_identity(const Identity& identity) {
  return is_mapped("/proc/self/uid_map", identity.user) &&
         is_mapped("/proc/self/gid_map", identity.group);
}

Status map_identity(pid_t child, const Identity& identity) {
  const std::string process = "/proc/" + std::to_string(child);
  // Whoever is not root may map a group only after giving up setgroups: else a process could leave
  // a group that denies it something.
  if (::geteuid() != 0) SKERRY_TRY(write_text(process + "/setgroups", "deny"));
  SKERRY_TRY(write_text(process + "/gid_map", map_of(identity.group)));
  return write_text(process + "/uid_map", map_of(identity.user));
}

Status dangerous_empty_root() {
  const auto call = [](std::string_view name, std::string_view argument, auto&& body) {
    return syscall_result(name, argument, body).status();
  };
  // Nothing that happens here may show outside.
  SKERRY_TRY(call("mount", "private /",
                  [] { return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr); }));
  // Over /proc, as that is there on every host and is not needed any more.
  SKERRY_TRY(call("mount", "tmpfs", [] {
    return ::mount("jail", "/proc", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                   "size=4k,nr_inodes=1,mode=555");
  }));
  SKERRY_TRY(call("chdir", "tmpfs", [] { return ::chdir("/proc"); }));
  // With "." twice the old root comes to lie on top of the new one and is then taken off, so that
  // no directory need be made for it: pivot_root(2), "pivot_root(".", ".")".
  SKERRY_TRY(call("pivot_root", {}, [] { return ::syscall(SYS_pivot_root, ".", "."); }));
  SKERRY_TRY(call("umount2", "old root", [] { return ::umount2(".", MNT_DETACH); }));
  return call("chdir", "/", [] { return ::chdir("/"); });
}

Status hide_host_name() {
  constexpr std::string_view kName = "skerry";
  SKERRY_TRY(syscall_result("setdomainname", {}, [&] {
               return ::setdomainname(kName.data(), kName.size());
             }).status());
  return syscall_result("sethostname", {},
                        [&] { return ::sethostname(kName.data(), kName.size()); })
      .status();
}

}  // namespace skerry::jail
