// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/native_cache.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "skerry/base/child.h"
#include "skerry/base/file.h"
#include "skerry/base/sha256.h"

namespace skerry::engine {
namespace {

// Exit codes of the compiling process.
constexpr int kInvalidModule = 1;
constexpr int kOutOfBudget = 2;
constexpr int kCannotWrite = 3;

// Processor time per byte of module, measured on CPython (99 MB in 75 s of processor time): for the progress bar alone.
constexpr double kSecondsPerByte = 75.0 / 99e6;

void limit(int resource, std::uint64_t value) {
  const rlimit limits{value, value};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &limits);
}

int compile_here(std::span<const std::byte> module, Metering metering, const CompileBudget& budget,
                 int code_fd, int message_fd) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_AS, budget.memory.value);
  limit(RLIMIT_CPU, static_cast<std::uint64_t>(budget.cpu.count()));
  const auto engine = Engine::create(metering);
  if (!engine.ok()) return kOutOfBudget;
  const auto code = (*engine)->compile(module);
  if (!code.ok()) {
    (void)write_all(message_fd, as_bytes(message_of(code.status())));
    return kInvalidModule;
  }
  const Status written = write_all(code_fd, *code);
  if (written.ok()) return 0;
  (void)write_all(message_fd, as_bytes(message_of(written)));
  return kCannotWrite;
}

double cpu_seconds(pid_t pid) {
  clockid_t clock = 0;
  timespec now{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &now) != 0) return 0;
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void watch(const Child& child, double expected_seconds, const NativeCache::Progress& progress) {
  pollfd ended{child.pidfd(), POLLIN, 0};
  while (::poll(&ended, 1, progress ? 100 : -1) == 0) {
    progress(std::min(0.99, cpu_seconds(child.pid()) / expected_seconds));
  }
}

}  // namespace

Result<NativeCache> NativeCache::open(const std::filesystem::path& directory) {
  SKERRY_TRY(make_private_directory(directory));
  return NativeCache(directory);
}

std::filesystem::path NativeCache::path_of(const std::string& module_sha256,
                                           Metering metering) const {
  const std::string key = sha256_hex(as_bytes(module_sha256 + "\n" + Engine::fingerprint(metering)));
  return directory_ / (key + ".native");
}

Status NativeCache::check(const std::string& module_sha256, Metering metering,
                          SealedFile::Depth depth) const {
  return SealedFile::check(path_of(module_sha256, metering), depth).status();
}

Status NativeCache::compile(std::span<const std::byte> module, const std::string& module_sha256,
                            Metering metering, const CompileBudget& budget,
                            const Progress& progress) const {
  const auto path = path_of(module_sha256, metering);
  SKERRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  int ends[2];
  SKERRY_TRY(syscall_result("pipe2", {}, [&] { return ::pipe2(ends, O_CLOEXEC); }).status());
  const OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  SKERRY_ASSIGN(Child child, Child::fork([&] {
                  return compile_here(module, metering, budget, file.fd(), writer.get());
                }));
  writer.close();
  watch(child, static_cast<double>(module.size()) * kSecondsPerByte, progress);
  SKERRY_ASSIGN(const ChildExit exit, child.wait());
  const auto message = read_all(reader.get(), kib(64));
  if (exit.signal == 0 && exit.code == 0) {
    SKERRY_TRY(file.commit());
    return SealedFile::seal(path);
  }
  if (exit.signal == 0 && exit.code == kInvalidModule) {
    return absl::InvalidArgumentError("Failed to compile WASM module: " + message.value_or(""));
  }
  if (exit.signal == 0 && exit.code == kCannotWrite) {
    return absl::ResourceExhaustedError(path.native() + ": " + message.value_or(""));
  }
  return absl::ResourceExhaustedError(
      "compiling the module took more than its budget of " +
      std::to_string(budget.memory.value >> 20) + " MiB of memory and " +
      std::to_string(budget.cpu.count()) + " s of processor time");
}

Result<std::shared_ptr<const CompiledModule>> NativeCache::load(
    Engine& engine, const std::string& module_sha256) const {
  const auto path = path_of(module_sha256, engine.metering());
  const auto good = SealedFile::check(path, SealedFile::Depth::kTimes);
  if (!good.ok()) {
    if (good.status().code() == StatusCode::kDataLoss) SealedFile::remove(path);
    return good.status();
  }
  return engine.load(path);
}

}  // namespace skerry::engine
