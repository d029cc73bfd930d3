// SPDX-License-Identifier: Apache-2.0
// Native programs in the jail, as if the WebAssembly sandbox were broken: what the second wall
// stops by itself. Each deed works outside, and fails twice: in the whole jail, and in the jail
// without its system call filter, where the walls behind it have to hold.
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "skerry/base/test_directory.h"
#include "skerry/jail/cell.h"
#include "skerry/jail/test_jail.h"
#include "skerry/jail/test_listener.h"

namespace skerry::jail {
namespace {

/// What a hostile program would like to get at: made by this process, outside.
struct Host {
  TestDirectory directory;
  std::string secret = (directory / "secret").native();
  std::string new_file = (directory / "new").native();
  Listener internet = Listener::on_loopback();
  Listener abstract = Listener::on_abstract_name();
  int segment = ::shmget(IPC_PRIVATE, 4096, 0666);
  OwnedFd left_open{::open("/etc", O_RDONLY | O_DIRECTORY)};
  Child victim = *Child::fork([] { return ::pause(); });
  char memory = 'm';

  Host() {
    std::ofstream(secret) << "secret";
    ::chmod(directory.path().c_str(), 0777);
    ::chmod(secret.c_str(), 0666);
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() { ::shmctl(segment, IPC_RMID, nullptr); }
};

struct Attack {
  std::string name;
  int (*act)(const Host&);
};
void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

int read_file(const std::string& path) {
  const OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file.is_open() ? 0 : errno;
}

int list_processes() {
  DIR* const processes = ::opendir("/proc");
  if (processes == nullptr) return errno;
  int count = 0;
  while (::readdir(processes) != nullptr) ++count;
  ::closedir(processes);
  return count > 2 ? 0 : kWrong;
}

int read_memory(pid_t pid, const char& of) {
  char to = 0;
  char* const from = const_cast<char*>(&of);
  const iovec here{&to, 1};
  const iovec there{from, 1};
  return answer_of(::process_vm_readv(pid, &here, 1, &there, 1, 0));
}

int trace(pid_t pid) {
  if (::ptrace(PTRACE_SEIZE, pid, 0, 0) != 0) return errno;
  (void)::ptrace(PTRACE_DETACH, pid, 0, 0);  // it was traced, whatever comes of this
  return 0;
}

int fork_and_execute() {
  const pid_t pid = ::fork();
  if (pid < 0) return errno;
  if (pid == 0) {
    ::execl("/bin/true", "true", nullptr);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status == 0 ? 0 : kWrong;
}

const Attack kAttacks[] = {
    {"ReadsAFileOfTheHost", [](const Host& host) { return read_file(host.secret); }},
    {"ReadsAFileByAWayRound",
     [](const Host& host) { return read_file("/proc/self/root" + host.secret); }},
    {"WritesAFileOfTheHost",
     [](const Host& host) { return answer_of(::open(host.secret.c_str(), O_WRONLY | O_CLOEXEC)); }},
    {"MakesAFileOnTheHost",
     [](const Host& host) {
       return answer_of(::open(host.new_file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
     }},
    {"UsesADirectoryLeftOpen",
     [](const Host& host) {
       return answer_of(::openat(host.left_open.get(), "passwd", O_RDONLY | O_CLOEXEC));
     }},
    {"ListsProcesses", [](const Host&) { return list_processes(); }},
    {"ReadsAnotherProcessInProc",
     [](const Host& host) {
       return read_file("/proc/" + std::to_string(host.victim.pid()) + "/status");
     }},
    {"ReadsAnothersMemory",
     [](const Host& host) { return read_memory(host.victim.pid(), host.memory); }},
    {"TracesAnother", [](const Host& host) { return trace(host.victim.pid()); }},
    {"SignalsAnother",
     [](const Host& host) { return answer_of(::kill(host.victim.pid(), SIGCONT)); }},
    {"ConnectsToTheHostsNetwork", [](const Host& host) { return host.internet.reach(); }},
    {"ConnectsToAnAbstractSocket", [](const Host& host) { return host.abstract.reach(); }},
    {"AttachesSharedMemory",
     [](const Host& host) {
       return ::shmat(host.segment, nullptr, 0) == reinterpret_cast<void*>(-1) ? errno : 0;
     }},
    {"StartsAProgram", [](const Host&) { return fork_and_execute(); }},
};

class BreakOutTest : public testing::TestWithParam<Attack> {
 protected:
  ChildExit attack_from(WallSet walls) {
    return run_in_jail({.walls = walls}, [this] { return GetParam().act(host_); });
  }
  Host host_;
};

TEST_P(BreakOutTest, WorksOutside) {
  const ChildExit exit = run_outside([this] { return GetParam().act(host_); });
  EXPECT_EQ(exit.signal, 0);
  EXPECT_EQ(exit.code, 0);
}

TEST_P(BreakOutTest, IsStoppedByTheJail) {
  const ChildExit exit = attack_from(full_jail());
  EXPECT_TRUE(exit.signal == SIGSYS || exit.code != 0);
  EXPECT_NE(exit.code, kNoJail);
}

TEST_P(BreakOutTest, IsStoppedByTheWallsBehindTheFilter) {
  for (const Wall wall : {Wall::kPidNamespace, Wall::kEmptyRoot, Wall::kNetworkNamespace,
                          Wall::kIpcNamespace, Wall::kLandlock}) {
    SKERRY_NEEDS_WALL(wall);
  }
  const ChildExit exit = attack_from(full_jail().without({Wall::kSeccomp}));
  EXPECT_EQ(exit.signal, 0);
  EXPECT_NE(exit.code, 0);
  EXPECT_NE(exit.code, kNoJail);
}

INSTANTIATE_TEST_SUITE_P(Native, BreakOutTest, testing::ValuesIn(kAttacks),
                         [](const auto& attack) { return attack.param.name; });

}  // namespace
}  // namespace skerry::jail
