// SPDX-License-Identifier: Apache-2.0
#include "skerry/engine/native_cache.h"

#include <algorithm>
#include <fcntl.h>
#include <time.h>
#include <utility>
#include <vector>

#include "skerry/base/os/file.h"
#include "skerry/base/sha256.h"

namespace skerry::engine {
namespace {

// Processor time per byte of module, measured on CPython (75 MB hollow in 75 s of processor time):
// for the progress bar alone.
constexpr double kSecondsPerByte = 1e-6;

double cpu_seconds(pid_t pid) {
  clockid_t clock = 0;
  timespec now{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &now) != 0) return 0;
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

Result<NativeCache> NativeCache::open(const std::filesystem::path& directory) {
  SKERRY_TRY(make_private_directory(directory));
  return NativeCache(directory);
}

std::filesystem::path NativeCache::path_of(const std::string& module_sha256,
                                           Metering metering) const {
  const std::string key =
      sha256_hex(as_bytes(module_sha256 + "\n" + Engine::fingerprint(metering)));
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
  // Made here: it raises a limit, which the process that compiles may not.
  SKERRY_ASSIGN(const auto engine, Engine::create(metering));
  Limited how{.budget = budget, .kept = {file.fd()}, .watch = {}};
  const auto compile = [&]() -> Result<std::string> {
    const auto code = engine->compile(module);
    if (code.status().code() == StatusCode::kResourceExhausted) return jail::budget_exceeded(how);
    SKERRY_TRY(code.status());
    SKERRY_TRY(annotate(write_all(file.fd(), *code), path.native()));
    return std::string();
  };
  const double expected = static_cast<double>(module.size()) * kSecondsPerByte;
  if (progress) {
    how.watch = [&](pid_t pid) { progress(std::min(0.99, cpu_seconds(pid) / expected)); };
  }
  const Status compiled = run_limited(how, compile).status();
  if (compiled.code() == StatusCode::kResourceExhausted) {
    return annotate(compiled, "Failed to compile WASM module");
  }
  SKERRY_TRY(compiled);
  SKERRY_TRY(file.commit());
  return SealedFile::seal(path);
}

void NativeCache::prune(ByteSize size) const {
  struct Entry {
    std::filesystem::file_time_type made;
    std::uint64_t size;
    std::filesystem::path path;
  };
  std::vector<Entry> entries;
  std::uint64_t total = 0;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(directory_, error)) {
    if (item.path().extension() != ".native") continue;
    entries.push_back({item.last_write_time(error), item.file_size(error), item.path()});
    total += entries.back().size;
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.made < b.made; });
  for (const Entry& entry : entries) {
    if (total <= size.value) return;
    SealedFile::remove(entry.path);
    total -= entry.size;
  }
}

Status NativeCache::check_or_remove(const std::filesystem::path& path) const {
  const Status good = SealedFile::check(path, SealedFile::Depth::kTimes).status();
  if (good.code() == StatusCode::kDataLoss) SealedFile::remove(path);
  return good;
}

Result<OwnedFd> NativeCache::open_code(const std::string& module_sha256, Metering metering) const {
  const auto path = path_of(module_sha256, metering);
  SKERRY_TRY(check_or_remove(path));
  return open_file(path, O_RDONLY);
}

Result<std::shared_ptr<const CompiledModule>> NativeCache::load(
    Engine& engine, const std::string& module_sha256) const {
  const auto path = path_of(module_sha256, engine.metering());
  SKERRY_TRY(check_or_remove(path));
  return engine.load(path);
}

}  // namespace skerry::engine
