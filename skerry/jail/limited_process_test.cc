// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/limited_process.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/test_directory.h"
#include "skerry/jail/test_jail.h"

namespace skerry::jail {
namespace {

Result<std::string> limited(const std::function<Result<std::string>()>& body) {
  return run_limited({.budget = {}, .kept = {}, .watch = {}}, body);
}

TEST(LimitedProcessTest, AnswerIsWhatTheBodyReturns) {
  EXPECT_EQ(*limited([] { return std::string("done"); }), "done");
  const auto failed = limited([]() -> Result<std::string> { return absl::DataLossError("bad"); });
  EXPECT_EQ(failed.status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(message_of(failed.status()), "bad");
}

TEST(LimitedProcessTest, ThreadsDoTheWorkAndKnowHowManyProcessorsThereAre) {
  SKERRY_NEEDS_PLAIN_RUNTIME();
  const unsigned processors = std::thread::hardware_concurrency();
  const auto answer = limited([]() -> Result<std::string> {
    std::vector<std::thread> threads;
    std::vector<unsigned> sums(std::thread::hardware_concurrency());
    for (unsigned& sum : sums) {
      threads.emplace_back([&sum] {
        ::prctl(PR_SET_NAME, "worker");
        std::vector<unsigned> numbers(100'000, 1);
        for (const unsigned number : numbers) sum += number;
      });
    }
    for (std::thread& thread : threads) thread.join();
    unsigned total = 0;
    for (const unsigned sum : sums) total += sum;
    return std::to_string(total);
  });
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, std::to_string(100'000 * processors));
}

TEST(LimitedProcessTest, NoThreadStartsWhereOneIsEnough) {
  SKERRY_NEEDS_PLAIN_RUNTIME();
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  const jail::Limited how{.budget = {}, .kept = {}, .watch = {}, .threads = Limited::Threads::kOne};
  EXPECT_EQ(*run_limited(how, [] { return std::string("done"); }), "done");
  const auto answer = run_limited(how, [] {
    std::thread([] {}).join();
    return std::string("a thread ran");
  });
  EXPECT_EQ(answer.status().code(), StatusCode::kResourceExhausted) << *answer;
}

TEST(LimitedProcessTest, ThreadsAreNoMoreThanItNeeds) {
  SKERRY_NEEDS_PLAIN_RUNTIME();
  SKERRY_NEEDS_WALL(Wall::kUserNamespace);
  const auto answer = limited([]() -> Result<std::string> {
    unsigned started = 0;
    try {
      for (; started < 500; ++started) {
        std::thread([] { std::this_thread::sleep_for(std::chrono::minutes(1)); }).detach();
      }
    } catch (const std::system_error& error) {
      if (error.code().value() != EAGAIN) return absl::InternalError(error.what());
    }
    return std::to_string(started);
  });
  ASSERT_TRUE(answer.ok()) << answer.status();
  const unsigned started = static_cast<unsigned>(std::stoul(*answer));
  EXPECT_GE(started, std::thread::hardware_concurrency());
  EXPECT_LT(started, std::thread::hardware_concurrency() + 12);
}

TEST(LimitedProcessTest, BudgetThatIsExceededIsToldWithItsWork) {
  SKERRY_NEEDS_PLAIN_RUNTIME();
  const auto exhausted = [](const ProcessBudget& budget, const std::function<void()>& use) {
    return run_limited({.budget = budget, .kept = {}, .watch = {}, .task = "reading the file"},
                       [&]() -> Result<std::string> {
                         use();
                         return std::string("had enough");
                       })
        .status();
  };
  const Status memory = exhausted({.memory = mib(512)}, [] {
    std::vector<char> much(std::size_t{1} << 30, 'x');
    if (much[much.size() / 2] != 'x') ::_exit(1);
  });
  EXPECT_EQ(memory.code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(message_of(memory).starts_with("reading the file took more than its budget of 512"));
  const Status held = exhausted({.memory = mib(4096), .private_memory = mib(256)}, [] {
    std::vector<char> much(std::size_t{1} << 30, 'x');
    if (much[much.size() / 2] != 'x') ::_exit(1);
  });
  EXPECT_EQ(held.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(message_of(held).find("256 MiB"), std::string_view::npos) << held;
  const Status time = exhausted({.memory = mib(4096), .cpu = std::chrono::seconds(1)}, [] {
    for (volatile bool forever = true; forever;) {
    }
  });
  EXPECT_EQ(time.code(), StatusCode::kResourceExhausted);
}

TEST(LimitedProcessTest, DescriptorsThatAreKeptAreWritten) {
  const TestDirectory directory;
  const OwnedFd file(::open((directory / "out").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  const auto answer = run_limited(
      {.budget = {}, .kept = {file.get()}, .watch = {}},
      [&]() -> Result<std::string> { return std::to_string(::write(file.get(), "text", 4)); });
  EXPECT_EQ(*answer, "4");
}

/// One forbidden deed, as if the compiler had been taken over. True: it was done.
struct Breach {
  std::string name;
  bool (*is_done)();
};
void PrintTo(const Breach& breach, std::ostream* out) { *out << breach.name; }

constexpr long kInternet = AF_INET;

bool make_namespace_by_clone3() {
  std::uint64_t arguments[11] = {CLONE_NEWUSER};
  arguments[4] = SIGCHLD;
  const long made = ::syscall(SYS_clone3, arguments, sizeof arguments);
  if (made == 0) ::_exit(0);
  return made > 0;
}

bool make_process_by_clone(unsigned long flags) {
  const long made = ::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0);
  if (made == 0) ::_exit(0);
  return made > 0;
}

// What a compiling process could do before it had a filter of its own, each by itself.
const Breach kBreaches[] = {
    {"UserNamespace", [] { return ::unshare(CLONE_NEWUSER) == 0; }},
    {"UserNamespaceByClone", [] { return make_process_by_clone(CLONE_NEWUSER | SIGCHLD); }},
    {"UserNamespaceByClone3", make_namespace_by_clone3},
    {"Process", [] { return make_process_by_clone(SIGCHLD); }},
    {"NetfilterSocket", [] { return ::socket(AF_NETLINK, SOCK_RAW, 12) >= 0; }},
    {"InternetSocket", [] { return ::socket(kInternet, SOCK_STREAM, 0) >= 0; }},
    {"IoUring",
     [] {
       char parameters[120] = {};
       return ::syscall(SYS_io_uring_setup, 8, parameters) >= 0;
     }},
    {"Bpf", [] { return ::syscall(SYS_bpf, 0, nullptr, 0) >= 0 || errno == EINVAL; }},
    {"Keyring", [] { return ::syscall(SYS_keyctl, 0, -3, 1) >= 0; }},
    {"ExecutablePages",
     [] {
       return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
              MAP_FAILED;
     }},
    {"PagesMadeExecutable",
     [] {
       void* const page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       return ::mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
     }},
    {"File", [] { return ::open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0; }},
    {"Program", [] { return ::execl("/bin/true", "true", nullptr) == 0; }},
    {"LimitRaised",
     [] {
       const rlimit limits{1000, 1000};
       return ::setrlimit(RLIMIT_NOFILE, &limits) == 0;
     }},
};

class LimitedProcessBreachTest : public testing::TestWithParam<Breach> {};

TEST_P(LimitedProcessBreachTest, IsStopped) {
  SKERRY_NEEDS_PLAIN_RUNTIME();
  SKERRY_NEEDS_WALL(Wall::kSeccomp);
  const auto answer =
      limited([]() -> Result<std::string> { return GetParam().is_done() ? "done" : "refused"; });
  // Most end the process.
  EXPECT_TRUE(answer.status().code() == StatusCode::kResourceExhausted ||
              answer.value_or("") == "refused")
      << answer.value_or(answer.status().ToString());
}
TEST_P(LimitedProcessBreachTest, IsADeedThatWorksOutside) {
  const ChildExit exit = run_outside([] { return GetParam().is_done() ? 0 : errno; });
  if (exit.code == ENOSYS || exit.code == EPERM || exit.code == EPROTONOSUPPORT) {
    GTEST_SKIP() << "this host refuses it to everybody: errno " << exit.code;
  }
  EXPECT_EQ(exit.code, 0);
}

INSTANTIATE_TEST_SUITE_P(TakenOver, LimitedProcessBreachTest, testing::ValuesIn(kBreaches),
                         [](const auto& breach) { return breach.param.name; });

TEST(LimitedProcessTest, NoNamespaceIsMadeBehindTheFilterEither) {
  SKERRY_NEEDS_WALL(Wall::kUserNamespace);
  // Only where the kernel lets a namespace say so: /proc/sys is read-only in many containers.
  const auto unshare = [] { return answer_of(::unshare(CLONE_NEWUSER)); };
  const int outcome = run_in_jail({.walls = {Wall::kUserNamespace}}, unshare).code;
  if (outcome == 0) GTEST_SKIP() << "this host's /proc/sys cannot be written";
  EXPECT_EQ(outcome, ENOSPC);
}

}  // namespace
}  // namespace skerry::jail
