// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/syscall_filter.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "skerry/base/os/file.h"
#include "skerry/jail/memory_file.h"

namespace skerry::jail {
namespace {

struct Closing {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Closing>;

/// A call that is allowed when all of `arguments` match.
struct Rule {
  int call;
  std::vector<scmp_arg_cmp> arguments;
  std::uint32_t action = SCMP_ACT_ALLOW;
};

constexpr scmp_arg_cmp equal(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
constexpr scmp_arg_cmp differs(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_NE, value, 0};
}
/// The bits of `mask` are exactly `value`.
constexpr scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

// Whatever their arguments: they reach open descriptors and this process alone.
constexpr std::array kAllowed{
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64),
    SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(ftruncate), SCMP_SYS(close),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
    // Memory. brk gives no access to execute, and munmap takes only away.
    SCMP_SYS(brk), SCMP_SYS(munmap),
    // Time, chance, accounts.
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(sched_yield),
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(setitimer),
    // The engine turns SIGSEGV, SIGBUS, SIGFPE and SIGILL into traps.
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group)};

// What libraries ask of their own accord, and do without: to kill for it would turn the message of
// an abort, or a Rust panic's look at its backtrace, into a false breach. The empty root and
// Landlock stand behind this.
constexpr std::array kRefused{SCMP_SYS(open),       SCMP_SYS(openat),     SCMP_SYS(stat),
                              SCMP_SYS(lstat),      SCMP_SYS(statx),      SCMP_SYS(access),
                              SCMP_SYS(faccessat),  SCMP_SYS(faccessat2), SCMP_SYS(readlink),
                              SCMP_SYS(readlinkat), SCMP_SYS(getcwd),     SCMP_SYS(uname),
                              SCMP_SYS(sysinfo)};

// What pthread_create of glibc 2.36 gives to clone, to the bit. A namespace's flag, or a child that
// is a process, is none of these.
constexpr std::uint64_t kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                       CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
                                       CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

// What a new thread of glibc's calls first. None reaches beyond the thread.
constexpr std::array kThreadStart{SCMP_SYS(set_robust_list), SCMP_SYS(rseq)};

// PAGEMAP_SCAN, _IOWR('f', 16, struct pm_scan_arg): Linux 6.7, not in Debian 12's headers.
constexpr std::uint64_t kPagemapScan = 0xC0606610;

constexpr std::array kAdvices{MADV_NORMAL,        MADV_WILLNEED,      MADV_DONTNEED,
                              MADV_FREE,          MADV_HUGEPAGE,      MADV_NOHUGEPAGE,
                              MADV_POPULATE_READ, MADV_POPULATE_WRITE};

// F_SETFL is for O_NONBLOCK; the signals that O_ASYNC asks for need F_SETOWN, which is not here.
constexpr std::array kFileControls{F_GETFD,         F_SETFD,     F_GETFL,    F_SETFL,
                                   F_DUPFD_CLOEXEC, F_ADD_SEALS, F_GET_SEALS};

// Without those that inherit priorities or move waiters: kernel code with a history, and no use
// here.
constexpr std::array kFutexCalls{FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET};

/// How many processors there are, threads, and their names.
void add_thread_rules(CallList list, std::vector<Rule>& rules) {
  if (list == CallList::kOneThread) {
    rules.push_back({SCMP_SYS(sched_getaffinity), {}, SCMP_ACT_ERRNO(EPERM)});
    return;
  }
  rules.push_back({SCMP_SYS(sched_getaffinity), {equal(0, 0)}});
  rules.push_back({SCMP_SYS(clone), {equal(0, kThreadFlags)}});
  // Its flags are in memory, where no filter sees them: glibc then takes clone.
  rules.push_back({SCMP_SYS(clone3), {}, SCMP_ACT_ERRNO(ENOSYS)});
  rules.push_back({SCMP_SYS(prctl), {equal(0, PR_SET_NAME)}});
  for (const int call : kThreadStart) rules.push_back({call, {}});
}

std::vector<Rule> rules_for(CallList list, int self) {
  constexpr std::uint64_t kMemoryFileFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING | 8;  // NOEXEC_SEAL
  std::vector<Rule> rules{
      // Nothing becomes executable after the start: no code but the engine's and ours ever runs.
      {SCMP_SYS(mmap), {masked(2, PROT_EXEC, 0)}},
      {SCMP_SYS(mprotect), {masked(2, PROT_EXEC, 0)}},
      // realloc. Not MREMAP_FIXED, which could lay executable pages somewhere else.
      {SCMP_SYS(mremap), {equal(3, MREMAP_MAYMOVE)}},
      {SCMP_SYS(memfd_create), {masked(1, ~kMemoryFileFlags, 0)}},
      // What fstat(3) of glibc 2.33 to 2.38 calls. The path may still be one: without an empty root
      // a
      // breach learns sizes and times of the host's files by this, and nothing more.
      {SCMP_SYS(newfstatat), {equal(3, AT_EMPTY_PATH)}},
      {SCMP_SYS(newfstatat), {differs(3, AT_EMPTY_PATH)}, SCMP_ACT_ERRNO(EPERM)},
      {SCMP_SYS(ioctl), {equal(1, kPagemapScan)}},
      {SCMP_SYS(ioctl), {differs(1, kPagemapScan)}, SCMP_ACT_ERRNO(ENOTTY)},
      // send(2) and recv(2), without an address.
      {SCMP_SYS(sendto), {equal(4, 0)}},
      {SCMP_SYS(recvfrom), {equal(4, 0)}},
      // abort and raise.
      {SCMP_SYS(tgkill), {equal(0, static_cast<std::uint64_t>(self))}},
      // getrlimit: our own, and read only.
      {SCMP_SYS(prlimit64), {equal(0, 0), equal(2, 0)}},
  };
  for (const int advice : kAdvices) {
    rules.push_back({SCMP_SYS(madvise), {equal(2, static_cast<std::uint64_t>(advice))}});
  }
  for (const int control : kFileControls) {
    rules.push_back({SCMP_SYS(fcntl), {equal(1, static_cast<std::uint64_t>(control))}});
  }
  for (const int call : kFutexCalls) {
    rules.push_back({SCMP_SYS(futex),
                     {masked(1, FUTEX_CMD_MASK & 0xFFFFFFFF, static_cast<std::uint64_t>(call))}});
  }
  for (const int call : kAllowed) rules.push_back({call, {}});
  for (const int call : kRefused) rules.push_back({call, {}, SCMP_ACT_ERRNO(EPERM)});
  add_thread_rules(list, rules);
  return rules;
}

// libseccomp's answer is minus an errno.
Status checked(int answer, const char* call) {
  return answer >= 0 ? ok_status() : errno_status(-answer, call);
}

Result<Filter> make_filter(CallList list, int self) {
  Filter filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter) return absl::ResourceExhaustedError("no memory for the system call filter");
  // The 32-bit ways into the kernel, whose calls have other numbers.
  SKERRY_TRY(checked(seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
                     "seccomp_attr_set"));
  for (const Rule& rule : rules_for(list, self)) {
    SKERRY_TRY(checked(seccomp_rule_add_exact_array(filter.get(), rule.action, rule.call,
                                                    static_cast<unsigned>(rule.arguments.size()),
                                                    rule.arguments.data()),
                       "seccomp_rule_add_exact_array"));
  }
  return filter;
}

/// What libseccomp writes of a filter.
Result<std::string> exported(scmp_filter_ctx filter, int (*write)(scmp_filter_ctx, int)) {
  SKERRY_ASSIGN(const OwnedFd file, make_memory_file("filter"));
  SKERRY_TRY(checked(write(filter, file.get()), "seccomp_export"));
  SKERRY_TRY(
      syscall_result("lseek", "filter", [&] { return ::lseek(file.get(), 0, SEEK_SET); }).status());
  return read_all(file.get(), mib(1));
}

}  // namespace

Result<CallFilter> CallFilter::make(CallList list, int self) {
  SKERRY_ASSIGN(const Filter filter, make_filter(list, self));
  SKERRY_ASSIGN(const std::string bytes, exported(filter.get(), seccomp_export_bpf));
  std::vector<sock_filter> program(bytes.size() / sizeof(sock_filter));
  std::memcpy(program.data(), bytes.data(), program.size() * sizeof(sock_filter));
  return CallFilter(list, self, std::move(program));
}

bool CallFilter::suits(CallList list) const { return list == list_ && ::getpid() == self_; }

Status CallFilter::load() const {
  // What the kernel asks of those without privileges; most callers have it already.
  SKERRY_TRY(syscall_result("prctl", "no_new_privs", [] {
               return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
             }).status());
  sock_fprog program{static_cast<unsigned short>(program_.size()),
                     const_cast<sock_filter*>(program_.data())};
  return syscall_result(
             "seccomp", {},
             [&] { return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program); })
      .status();
}

Status filter_system_calls(CallList list) {
  SKERRY_ASSIGN(const CallFilter filter, CallFilter::make(list, ::getpid()));
  return filter.load();
}

Result<std::string> describe_system_call_filter(CallList list, int self) {
  SKERRY_ASSIGN(const Filter filter, make_filter(list, self));
  return exported(filter.get(), seccomp_export_pfc);
}

}  // namespace skerry::jail
