// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/syscall_filter.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/futex.h>
#include <memory>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <thread>
#include <time.h>

#include "skerry/base/bytes.h"
#include "skerry/jail/memory_file.h"
#include "skerry/jail/test_jail.h"

namespace skerry::jail {
namespace {

constexpr WallSet kFilterAlone{Wall::kNoNewPrivileges, Wall::kSeccomp};

template <typename... Arguments>
int call(long number, Arguments... arguments) {
  return answer_of(::syscall(number, arguments...));
}

int map_page(int protection, int flags, int fd) {
  void* const page = ::mmap(nullptr, kPageSize, protection, flags, fd, 0);
  return page == MAP_FAILED ? errno : 0;
}

int make_executable(int protection) {
  void* const page =
      ::mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return answer_of(::mprotect(page, kPageSize, protection));
}

int run_program() {
  char path[] = "/bin/true";
  char* arguments[] = {path, nullptr};
  return answer_of(::execv(path, arguments));
}

int read_memory_of_parent() {
  char to = 0;
  static char from = 'x';
  const iovec here{&to, 1};
  const iovec there{&from, 1};
  return answer_of(::process_vm_readv(kTester, &here, 1, &there, 1, 0));
}

int map_memory_file_executable() {
  const auto file = make_memory_file("code");
  if (!file.ok() || ::ftruncate(file->get(), kPageSize) != 0) return kWrong;
  return map_page(PROT_READ | PROT_EXEC, MAP_PRIVATE, file->get());
}

int call_as_32_bit() {
  long result = 20;  // getpid
  asm volatile("int $0x80" : "+a"(result) : : "memory");
  return 0;
}

int raise_limit() {
  const rlimit limits{100, 100};
  return answer_of(::setrlimit(RLIMIT_NOFILE, &limits));
}

// What ends the process with SIGSYS. One deed each, so that a hole names itself.
const Deed kKilled[] = {
    {"Execve", run_program},
    {"Execveat", [] { return call(SYS_execveat, AT_FDCWD, "/bin/true", nullptr, nullptr, 0); }},
    {"Fork", [] { return call(SYS_fork); }},
    {"Vfork", [] { return call(SYS_vfork); }},
    {"CloneOfProcess", [] { return call(SYS_clone, SIGCHLD, 0, 0, 0, 0); }},
    {"CloneOfThread",
     [] {
       return call(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_FS | CLONE_FILES, 0,
                   0, 0, 0);
     }},
    {"Clone3", [] { return call(SYS_clone3, nullptr, 0); }},
    {"Openat2", [] { return call(SYS_openat2, AT_FDCWD, "/etc/passwd", nullptr, 0); }},
    {"OpenByHandle", [] { return call(SYS_open_by_handle_at, AT_FDCWD, nullptr, O_RDONLY); }},
    {"OpenTree", [] { return call(SYS_open_tree, AT_FDCWD, "/", 0); }},
    {"Creat", [] { return call(SYS_creat, "/tmp/skerry-breach", 0600); }},
    {"Unlink", [] { return call(SYS_unlink, "/tmp/skerry-breach"); }},
    {"InternetSocket", [] { return answer_of(::socket(AF_INET, SOCK_STREAM, 0)); }},
    {"UnixSocket", [] { return answer_of(::socket(AF_UNIX, SOCK_STREAM, 0)); }},
    {"Socketpair",
     [] {
       int ends[2];
       return answer_of(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
     }},
    {"Connect", [] { return call(SYS_connect, 0, nullptr, 0); }},
    {"Accept", [] { return call(SYS_accept4, 0, nullptr, nullptr, 0); }},
    {"SendToAnAddress", [] { return call(SYS_sendto, 0, nullptr, 0, 0, &kTester, 16); }},
    {"PtraceOfParent", [] { return answer_of(::ptrace(PTRACE_ATTACH, kTester, 0, 0)); }},
    {"PtraceOfItself", [] { return answer_of(::ptrace(PTRACE_TRACEME, 0, 0, 0)); }},
    {"ReadingMemoryOfParent", read_memory_of_parent},
    {"KillOfParent", [] { return answer_of(::kill(kTester, 0)); }},
    {"KillOfAll", [] { return answer_of(::kill(-1, 0)); }},
    {"SignalToThreadOfAnother", [] { return call(SYS_tgkill, kTester, kTester, 0); }},
    {"PidfdOfParent", [] { return call(SYS_pidfd_open, kTester, 0); }},
    {"PidfdGetfd", [] { return call(SYS_pidfd_getfd, 0, 0, 0); }},
    {"MapExecutable",
     [] { return map_page(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1); }},
    {"MapWritableAndExecutable",
     [] { return map_page(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1); }},
    {"MakePagesExecutable", [] { return make_executable(PROT_READ | PROT_EXEC); }},
    {"MakePagesExecutableByKey",
     [] { return call(SYS_pkey_mprotect, 0, kPageSize, PROT_READ | PROT_EXEC, -1); }},
    {"MapMemoryFileExecutable", map_memory_file_executable},
    {"MemoryFileOfExecutableKind", [] { return answer_of(::memfd_create("code", 0x10)); }},
    {"MovePagesToFixedPlace",
     [] { return call(SYS_mremap, 0, kPageSize, kPageSize, MREMAP_MAYMOVE | MREMAP_FIXED, 0); }},
    {"ReadingImpliesExecuting", [] { return answer_of(::personality(READ_IMPLIES_EXEC)); }},
    {"AttachSharedMemory", [] { return answer_of(::shmget(IPC_PRIVATE, kPageSize, 0600)); }},
    {"AttachSharedMemoryExecutable", [] { return call(SYS_shmat, 0, 0, SHM_EXEC); }},
    {"MessageQueue", [] { return call(SYS_msgget, 0, 0); }},
    {"Semaphore", [] { return call(SYS_semget, 0, 1, 0); }},
    {"Keyctl", [] { return call(SYS_keyctl, 0, -3, 0, 0, 0); }},
    {"AddKey", [] { return call(SYS_add_key, "user", "k", "v", 1, -3); }},
    {"Bpf", [] { return call(SYS_bpf, 0, nullptr, 0); }},
    {"PerfEventOpen", [] { return call(SYS_perf_event_open, nullptr, 0, -1, -1, 0); }},
    {"Userfaultfd", [] { return call(SYS_userfaultfd, 0); }},
    {"IoUring", [] { return call(SYS_io_uring_setup, 1, nullptr); }},
    {"AsyncIo", [] { return call(SYS_io_setup, 1, nullptr); }},
    {"Unshare", [] { return answer_of(::unshare(CLONE_NEWUSER)); }},
    {"Setns", [] { return answer_of(::setns(0, 0)); }},
    {"Mount", [] { return answer_of(::mount("x", "/", "tmpfs", 0, nullptr)); }},
    {"MountByNewCalls", [] { return call(SYS_fsopen, "tmpfs", 0); }},
    {"PivotRoot", [] { return call(SYS_pivot_root, ".", "."); }},
    {"Chroot", [] { return answer_of(::chroot("/")); }},
    {"Dumpable", [] { return answer_of(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)); }},
    {"ParentDeathSignalOff", [] { return answer_of(::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)); }},
    {"RaisingALimit", raise_limit},
    {"LimitOfAnother",
     [] { return call(SYS_prlimit64, kTester, RLIMIT_NOFILE, nullptr, nullptr); }},
    {"SetUser", [] { return answer_of(::setuid(0)); }},
    {"Capset", [] { return call(SYS_capset, nullptr, nullptr); }},
    {"SecondFilter", [] { return call(SYS_seccomp, 1, 0, nullptr); }},
    {"KernelModule", [] { return call(SYS_init_module, nullptr, 0, ""); }},
    {"LocalDescriptorTable", [] { return call(SYS_modify_ldt, 0, nullptr, 0); }},
    {"Duplicate", [] { return answer_of(::dup2(0, 100)); }},
    {"Fallocate", [] { return call(SYS_fallocate, 0, 0, 0, 1); }},
    {"AsynchronousSignals", [] { return answer_of(::fcntl(0, F_SETOWN, kTester)); }},
    {"Inotify", [] { return call(SYS_inotify_init1, 0); }},
    {"PriorityInheritingFutex", [] { return call(SYS_futex, nullptr, FUTEX_LOCK_PI, 0, 0, 0, 0); }},
    {"CallOfX32", [] { return call(0x40000000 | SYS_getpid); }},
    {"UnknownCall", [] { return call(4095); }},
};

class KilledTest : public testing::TestWithParam<Deed> {};

TEST_P(KilledTest, EndsTheProcessWithSigsys) {
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  const ChildExit exit = run_in_jail({.walls = kFilterAlone}, GetParam().act);
  EXPECT_EQ(exit.signal, SIGSYS) << "exit code " << exit.code;
}

TEST_P(KilledTest, EndsAProcessThatMayStartThreadsAlike) {
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  const ChildExit exit = run_in_jail(
      {.walls = kFilterAlone, .policy = {.identity = {}, .threads = 4}}, GetParam().act);
  if (GetParam().name == "Clone3") {
    EXPECT_EQ(exit.code, ENOSYS) << "signal " << exit.signal;
  } else {
    EXPECT_EQ(exit.signal, SIGSYS) << "exit code " << exit.code;
  }
}
INSTANTIATE_TEST_SUITE_P(Forbidden, KilledTest, testing::ValuesIn(kKilled), name_of_deed);

// Not every kernel has 32-bit calls at all: there the instruction itself fails.
TEST(SyscallFilterTest, CallOf32BitProgramEndsTheProcess) {
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  const ChildExit exit = run_in_jail({.walls = kFilterAlone}, call_as_32_bit);
  EXPECT_TRUE(exit.signal == SIGSYS || exit.signal == SIGSEGV) << exit.signal;
}

struct Refusal {
  Deed deed;
  int error;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.deed.name; }

struct stat g_info;

const Refusal kRefusals[] = {
    {{"Open", [] { return call(SYS_open, "/etc/passwd", O_RDONLY); }}, EPERM},
    {{"Openat", [] { return answer_of(::open("/etc/passwd", O_RDONLY)); }}, EPERM},
    {{"Stat", [] { return answer_of(::stat("/etc/passwd", &g_info)); }}, EPERM},
    {{"Access", [] { return answer_of(::access("/etc/passwd", R_OK)); }}, EPERM},
    {{"Readlink",
      [] {
        char text[64];
        return answer_of(::readlink("/proc/self/exe", text, sizeof text));
      }},
     EPERM},
    {{"Isatty", [] { return check(::isatty(0) == 0) != 0 ? kWrong : errno; }}, ENOTTY},
    {{"InputToATerminal", [] { return answer_of(::ioctl(0, 0x5412, "x")); }}, ENOTTY},
};

class RefusedTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedTest, FailsAndTheProcessGoesOn) {
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  const ChildExit exit = run_in_jail({.walls = kFilterAlone}, GetParam().deed.act);
  EXPECT_EQ(exit.signal, 0);
  EXPECT_EQ(exit.code, GetParam().error);
}
INSTANTIATE_TEST_SUITE_P(Asked, RefusedTest, testing::ValuesIn(kRefusals),
                         [](const auto& refusal) { return refusal.param.deed.name; });

int write_and_seal_memory_file() {
  const auto file = make_memory_file("pages");
  if (!file.ok() || ::write(file->get(), "pages", 5) != 5) return kWrong;
  if (::ftruncate(file->get(), kPageSize) != 0) return kWrong;
  char text[5];
  if (::pread(file->get(), text, sizeof text, 0) != 5) return kWrong;
  if (::lseek(file->get(), 0, SEEK_END) != kPageSize) return kWrong;
  return check(seal_memory_file(file->get()).ok() && check_sealed(file->get()).ok());
}

// As an image is mapped: a reservation of addresses, then a file's pages over a part of it.
int map_image() {
  constexpr std::size_t kReservation = std::size_t{6} << 30;
  auto* const base = static_cast<char*>(
      ::mmap(nullptr, kReservation, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (base == MAP_FAILED) return errno;
  const auto file = make_memory_file("image");
  if (!file.ok() || ::ftruncate(file->get(), 2 * kPageSize) != 0) return kWrong;
  if (::pwrite(file->get(), "image", 5, 0) != 5) return kWrong;
  if (::mmap(base, 2 * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
             file->get(), 0) == MAP_FAILED) {
    return errno;
  }
  base[0] = 'I';
  if (::madvise(base, kPageSize, MADV_DONTNEED) != 0 || base[0] != 'i') return kWrong;
  if (::mprotect(base + 2 * kPageSize, kPageSize, PROT_READ | PROT_WRITE) != 0) return errno;
  base[2 * kPageSize] = 'g';
  return answer_of(::munmap(base, kReservation));
}

sigjmp_buf g_trap;

// As the engine takes traps: a handler on a stack of its own that leaves by a jump.
int handle_a_trap() {
  static std::array<char, 65536> stack;
  const stack_t alternative{stack.data(), 0, stack.size()};
  if (::sigaltstack(&alternative, nullptr) != 0) return errno;
  struct sigaction action{};
  action.sa_handler = [](int) { ::siglongjmp(g_trap, 1); };
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  if (::sigaction(SIGSEGV, &action, nullptr) != 0) return errno;
  void* const page = ::mmap(nullptr, kPageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (::sigsetjmp(g_trap, 1) == 0) {
    *static_cast<volatile char*>(page) = 1;
    return kWrong;
  }
  return 0;
}

int throw_and_catch() {
  try {
    throw std::runtime_error(std::string(1000, 'x'));
  } catch (const std::exception& error) {
    return check(std::strlen(error.what()) == 1000);
  }
}

int allocate_much() {
  auto block = std::unique_ptr<char, void (*)(void*)>(
      static_cast<char*>(std::malloc(std::size_t{8} << 20)), std::free);
  if (!block) return kWrong;
  auto* const larger = static_cast<char*>(std::realloc(block.get(), std::size_t{64} << 20));
  if (larger == nullptr) return kWrong;
  (void)block.release();
  block.reset(larger);
  std::memset(block.get(), 1, std::size_t{64} << 20);
  return 0;
}

int sleep_a_little() {
  const timespec little{0, 1'000'000};
  timespec now{};
  return check(::clock_nanosleep(CLOCK_MONOTONIC, 0, &little, nullptr) == 0 &&
               ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) == 0 && now.tv_sec > 0);
}

// As output that waits for the rest of its line: the handler writes while other code runs on.
int be_woken_by_a_timer() {
  static volatile std::sig_atomic_t g_was_woken = 0;
  struct sigaction action{};
  action.sa_handler = [](int) { g_was_woken = 1; };
  if (::sigaction(SIGALRM, &action, nullptr) != 0) return errno;
  const itimerval once{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 1'000}};
  if (::setitimer(ITIMER_REAL, &once, nullptr) != 0) return errno;
  while (g_was_woken == 0) {
  }
  return 0;
}

int read_own_limits() {
  rlimit limits{};
  rusage usage{};
  return check(::getrlimit(RLIMIT_STACK, &limits) == 0 && ::getrusage(RUSAGE_SELF, &usage) == 0);
}

int wake_nobody() {
  static std::uint32_t word = 0;
  return call(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

const Deed kWorking[] = {
    {"MemoryFilesAreWrittenAndSealed", write_and_seal_memory_file},
    {"ImagesAreMapped", map_image},
    {"TrapsAreHandled", handle_a_trap},
    {"ExceptionsAreCaught", throw_and_catch},
    {"MemoryIsAllocated", allocate_much},
    {"TimeGoesOn", sleep_a_little},
    {"TimersWake", be_woken_by_a_timer},
    {"EntropyIsThere",
     [] {
       char bytes[32];
       return check(::getrandom(bytes, sizeof bytes, 0) == 32);
     }},
    {"LimitsAreRead", read_own_limits},
    {"FutexIsWoken", wake_nobody},
    {"FileSizeIsAsked",
     [] {
       struct stat info{};
       return answer_of(::fstat(0, &info));
     }},
    {"FlagsAreChanged", [] { return answer_of(::fcntl(0, F_SETFL, O_NONBLOCK)); }},
    {"OutputIsFormatted", [] { return check(std::snprintf(nullptr, 0, "%f %d", 1.5, 7) == 10); }},
};

/// Tells a thread of glibc's from any other clone.
int start_a_thread() {
  std::atomic<int> ran = 0;
  std::thread([&ran] { ran = 1; }).join();
  return check(ran == 1);
}

class WorkingTest : public testing::TestWithParam<Deed> {};

TEST_P(WorkingTest, StillWorks) {
  SKERRY_NEEDS_PLAIN_RUNTIME();
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  const ChildExit exit = run_in_jail({.walls = full_jail()}, GetParam().act);
  EXPECT_EQ(exit.signal, 0);
  EXPECT_EQ(exit.code, 0);
}
TEST_P(WorkingTest, StillWorksInAProcessThatMayStartThreads) {
  SKERRY_NEEDS_PLAIN_RUNTIME();
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  const ChildExit exit =
      run_in_jail({.walls = full_jail(), .policy = {.identity = {}, .threads = 4}}, GetParam().act);
  EXPECT_EQ(exit.signal, 0);
  EXPECT_EQ(exit.code, 0);
}

TEST(SyscallFilterTest, ThreadsStartWhereThePolicyHasSomeAndNowhereElse) {
  SKERRY_NEEDS_PLAIN_RUNTIME();
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  const ChildExit threads =
      run_in_jail({.walls = full_jail(), .policy = {.identity = {}, .threads = 4}}, start_a_thread);
  EXPECT_EQ(threads.signal, 0);
  EXPECT_EQ(threads.code, 0);
  EXPECT_EQ(run_in_jail({.walls = full_jail()}, start_a_thread).signal, SIGSYS);
}

TEST(SyscallFilterTest, FlagThatNoThreadHasEndsTheProcess) {
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  constexpr unsigned long kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                    CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
                                    CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  for (const unsigned long flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID,
                                   CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, CLONE_PTRACE}) {
    const ChildExit exit =
        run_in_jail({.walls = kFilterAlone, .policy = {.identity = {}, .threads = 4}},
                    [=] { return call(SYS_clone, kThread | flag, 0, 0, 0, 0); });
    EXPECT_EQ(exit.signal, SIGSYS) << std::hex << flag;
  }
}

INSTANTIATE_TEST_SUITE_P(Allowed, WorkingTest, testing::ValuesIn(kWorking), name_of_deed);

TEST(SyscallFilterTest, AbortStillShowsAsADeath) {
  SKERRY_NEEDS_PLAIN_RUNTIME();
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  EXPECT_EQ(run_in_jail({.walls = kFilterAlone},
                        [] {
                          std::abort();
                          return 0;
                        })
                .signal,
            SIGABRT);
  if (standing().has(Wall::kPidNamespace)) {
    // Process 1 of a namespace is deaf to SIGABRT's default; abort then executes a bad instruction.
    EXPECT_EQ(run_in_jail({.walls = full_jail()},
                          [] {
                            std::abort();
                            return 0;
                          })
                  .signal,
              SIGSEGV);
  }
}

/// Sends `sent` over `socket`, or receives a descriptor when `sent` is -1. -1 for failure.
int pass_descriptor(int socket, int sent) {
  char byte = 'x';
  iovec content{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (sent >= 0) {
    *header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    std::memcpy(CMSG_DATA(header), &sent, sizeof sent);
    return ::sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
  }
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1) return -1;
  int received = -1;
  std::memcpy(&received, CMSG_DATA(header), sizeof received);
  return received;
}

TEST(SyscallFilterTest, DescriptorsGoBothWaysOverTheOneSocket) {
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const OwnedFd ours(ends[0]);
  const OwnedFd theirs(ends[1]);
  const auto image = make_memory_file("image");
  ASSERT_EQ(::write(image->get(), "image", 5), 5);
  ASSERT_TRUE(seal_memory_file(image->get()).ok());
  ASSERT_EQ(pass_descriptor(ours.get(), image->get()), 0);
  const ChildExit exit = run_in_jail({.walls = full_jail(), .kept = {theirs.get()}}, [&] {
    pollfd waiting{theirs.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 1000) != 1) return 1;
    const int received = pass_descriptor(theirs.get(), -1);
    char text[5];
    if (::pread(received, text, 5, 0) != 5 || std::memcmp(text, "image", 5) != 0) return 2;
    const auto result = make_memory_file("result");
    if (::write(result->get(), "result", 6) != 6) return 3;
    if (!seal_memory_file(result->get()).ok()) return 4;
    return pass_descriptor(theirs.get(), result->get()) == 0 ? 0 : 5;
  });
  ASSERT_EQ(exit.signal, 0);
  ASSERT_EQ(exit.code, 0);
  const OwnedFd result(pass_descriptor(ours.get(), -1));
  EXPECT_TRUE(check_sealed(result.get()).ok());
}

// include/uapi/linux/fs.h of Linux 6.7.
struct ScanArgument {
  std::uint64_t size, flags, start, end, walk_end, regions, regions_length, max_pages,
      category_inverted, category_mask, category_anyof_mask, return_mask;
};

TEST(SyscallFilterTest, PageMapOpenedBeforehandIsScanned) {
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  OwnedFd page_map;
  const auto open_it = [&] {
    page_map = OwnedFd(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    if (page_map.get() != 200) ::dup2(page_map.get(), 200);
  };
  const auto scan = [] {
    std::array<std::uint64_t, 3 * 16> regions{};
    auto* const page =
        ::mmap(nullptr, 2 * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static_cast<volatile char*>(page)[0] = 1;
    const auto start = reinterpret_cast<std::uint64_t>(page);
    ScanArgument argument{};
    argument.size = sizeof argument;
    argument.start = start;
    argument.end = start + 2 * kPageSize;
    argument.regions = reinterpret_cast<std::uint64_t>(regions.data());
    argument.regions_length = 16;
    argument.category_anyof_mask = argument.return_mask = 1U << 3;  // present
    const int found = ::ioctl(200, _IOWR('f', 16, ScanArgument), &argument);
    if (found < 0) return errno;
    return check(found == 1 && regions[0] == start && regions[1] == start + kPageSize);
  };
  const int outside = run_outside([&] {
                        open_it();
                        return scan();
                      }).code;
  if (outside != 0) GTEST_SKIP() << "this kernel has no PAGEMAP_SCAN: errno " << outside;
  const ChildExit exit =
      run_in_jail({.walls = full_jail(), .kept = {200}, .before = open_it}, scan);
  EXPECT_EQ(exit.signal, 0);
  EXPECT_EQ(exit.code, 0);
}

TEST(SyscallFilterTest, FilterThatWasMadeAheadIsForItsProcessAlone) {
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  const auto filter = CallFilter::make(CallList::kOneThread, 1);
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_FALSE(filter->suits(CallList::kOneThread)) << "this process is not number 1";
  const auto own = CallFilter::make(CallList::kOneThread, ::getpid());
  EXPECT_TRUE(own->suits(CallList::kOneThread));
  EXPECT_FALSE(own->suits(CallList::kThreads));
  const ChildExit exit = run_outside([] {
    const auto made = CallFilter::make(CallList::kOneThread, ::getpid());
    if (!made.ok() || !made->load().ok()) return kNoJail;
    return call(SYS_socket, AF_INET, SOCK_STREAM, 0);
  });
  EXPECT_EQ(exit.signal, SIGSYS) << "exit code " << exit.code;
}

TEST(SyscallFilterTest, DescriptionNamesWhatIsAllowed) {
  for (const CallList list : {CallList::kOneThread, CallList::kThreads}) {
    const auto text = describe_system_call_filter(list, 1);
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_NE(text->find("\"recvmsg\""), std::string::npos);
    EXPECT_EQ(text->find("\"execve\""), std::string::npos);
    EXPECT_EQ(text->find("\"clone\"") != std::string::npos, list == CallList::kThreads);
    EXPECT_NE(text->find("action KILL_PROCESS"), std::string::npos);
  }
}

}  // namespace
}  // namespace skerry::jail
