// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/cgroup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <fcntl.h>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "skerry/base/os/file.h"

namespace skerry::jail {
namespace {

namespace fs = std::filesystem;

constexpr ByteSize kMaxText = mib(1);
constexpr std::array kControllers{"memory", "cpu", "pids"};
constexpr std::string_view kServiceGroup = "service";
constexpr int kRemoveTries = 50;
constexpr std::chrono::microseconds kBetweenTries{2000};

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

std::string text_at(const fs::path& path) { return read_file(path, kMaxText).value_or(""); }

std::vector<pid_t> processes_in(const fs::path& group) {
  std::istringstream numbers(text_at(group / "cgroup.procs"));
  std::vector<pid_t> processes;
  for (pid_t pid = 0; numbers >> pid;) processes.push_back(pid);
  return processes;
}

bool is_divided(const fs::path& group) {
  const std::string enabled = text_at(group / "cgroup.subtree_control");
  return std::all_of(kControllers.begin(), kControllers.end(),
                     [&](const char* each) { return has_word(enabled, each); });
}

/// Whether we may move the group's processes: the group is all that a container sees of the
/// hierarchy, or only this process is in it.
Status check_processes(const fs::path& group, ControlGroups::View view) {
  for (const pid_t pid : processes_in(group)) {
    // 0 stands for a process of another PID namespace.
    if (pid == ::getpid() || (view == ControlGroups::View::kWhole && pid != 0)) continue;
    return absl::UnavailableError("other processes are in the group " + group.native() +
                                  ", for example " + std::to_string(pid));
  }
  return ok_status();
}

Status check_access(const fs::path& group) {
  for (const char* file : {".", "cgroup.procs", "cgroup.subtree_control"}) {
    SKERRY_TRY(syscall_result("access", (group / file).native(), [&] {
                 return ::access((group / file).c_str(), W_OK);
               }).status());
  }
  return ok_status();
}

}  // namespace

ControlGroup& ControlGroup::operator=(ControlGroup&& other) noexcept {
  remove();
  path_ = std::move(other.path_);
  directory_ = std::move(other.directory_);
  return *this;
}

ControlGroup::~ControlGroup() { remove(); }

void ControlGroup::remove() {
  if (!directory_.is_open()) return;
  (void)write("cgroup.kill", "1");  // Linux 5.14
  // A process that was killed is in it until its memory is given back.
  for (int tries = 0; ::rmdir(path_.c_str()) != 0 && errno == EBUSY && tries < kRemoveTries;
       ++tries) {
    ::usleep(kBetweenTries.count());
  }
}

Status ControlGroup::write(std::string_view file, std::string_view text) const {
  return write_to(directory_.get(), file, text);
}

Status ControlGroup::set_limits(const GroupLimits& limits) {
  SKERRY_TRY(raise_memory(limits.memory));
  // Not there when the kernel has no swap; else memory would only move to the disk.
  if (Status status = write("memory.swap.max", "0");
      !status.ok() && status.code() != StatusCode::kNotFound) {
    return status;
  }
  SKERRY_TRY(write("memory.oom.group", "1"));
  // Linux 5.15. A group that yields has no weight.
  (void)write("cpu.idle", "0");
  SKERRY_TRY(write("cpu.weight", std::to_string(limits.cpu_weight)));
  return write("pids.max", std::to_string(limits.processes));
}

Status ControlGroup::raise_memory(ByteSize limit) {
  return write("memory.max", std::to_string(limit.value));
}

Status ControlGroup::yield_processor() {
  return write("cpu.idle", "1").ok() ? ok_status() : write("cpu.weight", "1");
}

Result<ByteSize> ControlGroup::memory_held() const {
  SKERRY_ASSIGN(const std::string text, read_file(path_ / "memory.current", kMaxText));
  std::uint64_t held = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), held).ec != std::errc()) {
    return absl::UnavailableError("memory.current holds no number");
  }
  return bytes(held);
}

Result<ControlGroup::MemoryEvents> ControlGroup::memory_events() const {
  SKERRY_ASSIGN(const std::string text, read_file(path_ / "memory.events", kMaxText));
  MemoryEvents events;
  bool are_kills_counted = false;
  std::istringstream words(text);
  std::string name;
  for (std::uint64_t count = 0; words >> name >> count;) {
    if (name == "oom") events.limit_hits = count;
    if (name != "oom_kill") continue;
    events.kills = count;
    are_kills_counted = true;
  }
  if (!are_kills_counted) return absl::UnavailableError("memory.events does not count kills");
  return events;
}

Status ControlGroups::check(const fs::path& group, View view) {
  // The root has no type.
  if (!fs::exists(group / "cgroup.type")) {
    return absl::UnavailableError(
        "this process is in the host's root group, which is never divided");
  }
  const std::string controllers = text_at(group / "cgroup.controllers");
  for (const char* wanted : kControllers) {
    if (has_word(controllers, wanted)) continue;
    return absl::UnavailableError(group.native() + " has no controller \"" + wanted +
                                  "\" in version 2");
  }
  if (const Status access = check_access(group); !access.ok()) {
    return absl::UnavailableError("the group is not delegated: " + std::string(message_of(access)));
  }
  return check_processes(group, view);
}

Result<ControlGroups> ControlGroups::own() {
  SKERRY_ASSIGN(const Mount mount, find_mount());
  const auto own_path = own_group();
  SKERRY_TRY(own_path.status());
  const std::string& group = *own_path;
  const View view = group == "/" ? View::kWhole : View::kPart;
  const bool begins_below = mount.root != "/" && group.starts_with(mount.root);
  const fs::path below = fs::path(group.substr(begins_below ? mount.root.size() : 0));
  const fs::path path = (mount.point / below.relative_path()).lexically_normal();
  // Beside a service that has divided the group: what `skerry doctor` in its container asks about.
  if (path.filename() == kServiceGroup && is_divided(path.parent_path())) {
    return ControlGroups(path.parent_path());
  }
  SKERRY_TRY(check(path, view));
  return ControlGroups(path);
}

ControlGroups ControlGroups::at(fs::path directory) { return ControlGroups(std::move(directory)); }

Status ControlGroups::divide() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    // One that is in use stays: the kernel sees to that.
    if (entry.path().filename().native().starts_with(kPrefix)) ::rmdir(entry.path().c_str());
  }
  const fs::path service = path_ / kServiceGroup;
  if (::mkdir(service.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno_status(errno, "mkdir", service.native());
  }
  SKERRY_ASSIGN(const OwnedFd leaf, open_directory(service));
  for (const pid_t pid : processes_in(path_)) {
    // One that has ended meanwhile is no obstacle.
    const Status moved = write_to(leaf.get(), "cgroup.procs", std::to_string(pid));
    if (!moved.ok() && pid == ::getpid()) return moved;
  }
  SKERRY_ASSIGN(const OwnedFd own, open_directory(path_));
  std::string wanted;
  for (const char* each : kControllers) wanted += "+" + std::string(each) + " ";
  const Status status = write_to(own.get(), "cgroup.subtree_control", wanted);
  if (status.ok()) return ok_status();
  return absl::UnavailableError("the group " + path_.native() +
                                " cannot be divided: " + std::string(message_of(status)));
}

Result<ControlGroup> ControlGroups::create(std::string_view name, const GroupLimits& limits) const {
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
