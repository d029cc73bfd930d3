// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/cgroup.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "skerry/base/file.h"

namespace skerry::jail {
namespace {

namespace fs = std::filesystem;

constexpr ByteSize kMaxText = mib(1);
constexpr std::uint64_t kPeriod = 100'000;  // µs, the kernel's default

Status write_to(int directory, std::string_view file, std::string_view text) {
  const std::string name(file);
  SKERRY_ASSIGN(const int fd, syscall_result("openat", name, [&] {
                  return ::openat(directory, name.c_str(), O_WRONLY | O_CLOEXEC);
                }));
  const OwnedFd opened(fd);
  return syscall_result("write", name, [&] { return ::write(fd, text.data(), text.size()); })
      .status();
}

Result<OwnedFd> open_directory(const fs::path& path) {
  return open_file(path, O_RDONLY | O_DIRECTORY);
}

bool has_word(std::string_view text, std::string_view wanted) {
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (word == wanted) return true;
  }
  return false;
}

/// Where version 2 is mounted, and which of its groups shows there.
struct Mount {
  fs::path point;
  std::string root;
};

// /proc/self/mountinfo: "id parent major:minor root point options fields... - type source options".
Result<Mount> find_mount() {
  SKERRY_ASSIGN(const std::string table, read_file("/proc/self/mountinfo", kMaxText));
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    std::istringstream words(line);
    std::string skipped;
    Mount mount;
    std::string point;
    words >> skipped >> skipped >> skipped >> mount.root >> point;
    mount.point = point;
    return mount;
  }
  return absl::UnavailableError("control groups of version 2 are not mounted");
}

Result<std::string> own_group() {
  SKERRY_ASSIGN(const std::string table, read_file("/proc/self/cgroup", kMaxText));
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return absl::UnavailableError("this process is in no control group of version 2");
}

}  // namespace

ControlGroup::~ControlGroup() {
  if (!directory_.is_open()) return;
  (void)write("cgroup.kill", "1");  // Linux 5.14
  ::rmdir(path_.c_str());
}

Status ControlGroup::write(std::string_view file, std::string_view text) {
  return write_to(directory_.get(), file, text);
}

Status ControlGroup::set_limits(const GroupLimits& limits) {
  SKERRY_TRY(write("memory.max", std::to_string(limits.memory.value)));
  // Not there when the kernel has no swap; else memory would only move to the disk.
  if (Status status = write("memory.swap.max", "0");
      !status.ok() && status.code() != StatusCode::kNotFound) {
    return status;
  }
  SKERRY_TRY(write("cpu.weight", std::to_string(limits.cpu_weight)));
  const std::string quota =
      limits.cpu_millicores ? std::to_string(*limits.cpu_millicores * kPeriod / 1000) : "max";
  SKERRY_TRY(write("cpu.max", quota + " " + std::to_string(kPeriod)));
  return write("pids.max", std::to_string(limits.processes));
}

Result<std::uint64_t> ControlGroup::memory_kills() const {
  SKERRY_ASSIGN(const std::string events, read_file(path_ / "memory.events", kMaxText));
  constexpr std::string_view kKey = "oom_kill ";
  std::istringstream lines(events);
  for (std::string line; std::getline(lines, line);) {
    std::uint64_t count = 0;
    if (line.starts_with(kKey) &&
        std::from_chars(line.data() + kKey.size(), line.data() + line.size(), count).ec ==
            std::errc()) {
      return count;
    }
  }
  return absl::UnavailableError("memory.events does not count kills");
}

Result<ControlGroups> ControlGroups::own() {
  SKERRY_ASSIGN(const Mount mount, find_mount());
  SKERRY_ASSIGN(std::string group, own_group());
  if (mount.root != "/" && group.starts_with(mount.root)) group.erase(0, mount.root.size());
  const fs::path path = mount.point / fs::path(group).relative_path();
  SKERRY_ASSIGN(const std::string controllers, read_file(path / "cgroup.controllers", kMaxText));
  for (const std::string_view wanted : {"memory", "cpu", "pids"}) {
    if (!has_word(controllers, wanted)) {
      return absl::UnavailableError(path.native() + " has no controller \"" + std::string(wanted) +
                                    "\" in version 2");
    }
  }
  SKERRY_TRY(syscall_result("access", path.native(), [&] {
               return ::access((path / "cgroup.procs").c_str(), W_OK);
             }).status());
  return ControlGroups(path);
}

ControlGroups ControlGroups::at(fs::path directory) { return ControlGroups(std::move(directory)); }

Status ControlGroups::divide() {
  const fs::path service = path_ / "service";
  if (::mkdir(service.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno_status(errno, "mkdir", service.native());
  }
  SKERRY_ASSIGN(const OwnedFd leaf, open_directory(service));
  SKERRY_TRY(write_to(leaf.get(), "cgroup.procs", "0"));
  SKERRY_ASSIGN(const OwnedFd own, open_directory(path_));
  Status status = write_to(own.get(), "cgroup.subtree_control", "+memory +cpu +pids");
  if (status.ok()) return status;
  return absl::UnavailableError("cannot divide " + path_.native() + ", is another process in it? " +
                                std::string(message_of(status)));
}

Result<ControlGroup> ControlGroups::create(std::string_view name, const GroupLimits& limits) {
  const fs::path path = path_ / name;
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno_status(errno, "mkdir", path.native());
  }
  SKERRY_ASSIGN(OwnedFd directory, open_directory(path));
  ControlGroup group(path, std::move(directory));
  SKERRY_TRY(group.set_limits(limits));
  return group;
}

}  // namespace skerry::jail
