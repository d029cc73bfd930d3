// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/module_store.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sys/eventfd.h>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/base/os/file.h"
#include "skerry/base/range.h"
#include "skerry/base/sha256.h"
#include "skerry/broker/compilation.h"
#include "skerry/engine/native_cache.h"
#include "skerry/loop/cancellation.h"
#include "skerry/loop/on_pool.h"

namespace skerry::broker {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

// Threads beside those that wait for compilers: they hash modules and open files.
constexpr int kReaders = 2;
// Refusals that are remembered, so that a module which takes its whole budget does so once.
constexpr std::size_t kMaxRefusals = 1024;

using Code = ModuleStore::Code;

/// What a module of a tenant's is compiled to, if that was done.
struct Found {
  Compilation what;
  Result<Code> code;
};

Result<Code> open_code(const Compilation& what) {
  SKERRY_ASSIGN(const auto cache, engine::NativeCache::open(what.directory));
  SKERRY_ASSIGN(OwnedFd file, cache.open_code(what.key, what.metering));
  return std::make_shared<const OwnedFd>(std::move(file));
}

/// Whether `code` is not there, or no longer what it was: then it is compiled.
bool is_missing(const Result<Code>& code) {
  return code.status().code() == StatusCode::kNotFound ||
         code.status().code() == StatusCode::kDataLoss;
}

}  // namespace

Status ModuleOptions::check() const {
  SKERRY_TRY(in_bounds("the number of compilers", compilers, 1, 64));
  SKERRY_TRY(in_bounds("the length of a tenant's queue of modules to compile", queue, 0, 10'000));
  SKERRY_TRY(in_bounds("the MiB of a tenant's native code",
                       static_cast<std::int64_t>(kept.value >> 20), 1, std::int64_t{1} << 20));
  return in_bounds("the seconds of processor time to compile a module", cpu.count(), 1, 3600);
}

class ModuleStore::Work : public std::enable_shared_from_this<Work> {
 public:
  Work(asio::io_context& io, const runtime::Home& home, ModuleOptions options)
      : io_(io),
        directory_(home.module_cache() / "tenants"),
        options_(std::move(options)),
        pool_(static_cast<std::size_t>(options_.compilers + kReaders)) {}

  void stop() {
    for (auto& [name, job] : jobs_) job->give_up();
    for (auto& job : given_up_) job->give_up();
    pool_.join();
  }

  awaitable<Result<Code>> code_of(std::string tenant, std::shared_ptr<const std::string> module,
                                  sandbox::Limits limits) {
    co_await asio::this_coro::throw_if_cancelled(false);
    if (options_.compiler.empty()) {
      co_return absl::FailedPreconditionError("no modules are run here: there is no compiler");
    }
    const auto look_up = [&] { return find(tenant, std::move(module), limits); };
    Found found = co_await loop::on_pool(pool_, look_up);
    if (!is_missing(found.code)) co_return std::move(found.code);
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (loop::is_cancelled(cancelled)) {
      co_return absl::CancelledError("nobody waits for the module");
    }
    auto joined = join(tenant, found.what);
    if (!joined.ok()) co_return joined.status();
    const auto job = *std::move(joined);
    ++job->waiters;
    auto ended = job->done.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)co_await std::move(ended);
    --job->waiters;
    if (!job->result) {
      if (job->waiters == 0) abandon(job);
      co_return absl::CancelledError("nobody waits for the module");
    }
    if (!job->result->ok()) co_return *job->result;
    const auto open = [&] { return open_code(found.what); };
    auto code = co_await loop::on_pool(pool_, open);
    if (is_missing(code)) {
      co_return absl::UnavailableError("the module's code was removed at once; run it again");
    }
    co_return code;
  }

  int waiting() const {
    int waiting = 0;
    for (const auto& [name, job] : jobs_) waiting += job->waiters;
    return waiting;
  }
  std::uint64_t compilations() const { return begun_; }

 private:
  /// A compilation that somebody waits for.
  struct Job {
    Job(asio::io_context& io, std::string who, Compilation of)
        : tenant(std::move(who)),
          what(std::move(of)),
          done(io, asio::steady_timer::time_point::max()) {}

    /// Ends its process, if it has one.
    void give_up() const {
      const std::uint64_t one = 1;
      (void)!::write(stop.get(), &one, sizeof one);
    }

    std::string tenant;
    Compilation what;
    asio::steady_timer done;  ///< cancelled when there is a result
    std::optional<Status> result;
    int waiters = 0;
    bool is_running = false;
    OwnedFd stop;
  };
  using JobRef = std::shared_ptr<Job>;
  using Name = std::pair<std::string, std::string>;  // of the directory, and the code's key

  static Name name_of(const Compilation& what) { return {what.directory.native(), what.key}; }

  /// On the pool: hashing a large module takes a while.
  Found find(const std::string& tenant, std::shared_ptr<const std::string> module,
             const sandbox::Limits& limits) const {
    Found found{.what = {}, .code = Code()};
    Sha256 hash;
    hash.update(*module);
    // What else decides whether the module is taken.
    hash.update("\nmemory " + std::to_string(limits.memory.value) + "\ntable " +
                std::to_string(limits.table_elements));
    found.what = {.module = std::move(module),
                  .directory = directory_ / sha256_hex(as_bytes(tenant)),
                  .key = hash.hex(),
                  .metering = limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone,
                  .memory = limits.memory,
                  .table_elements = limits.table_elements};
    found.code = open_code(found.what);
    return found;
  }

  /// The compilation of this module, begun now if there is none.
  Result<JobRef> join(const std::string& tenant, Compilation& what) {
    const Name name = name_of(what);
    if (const auto refused = refused_.find(name); refused != refused_.end()) return refused->second;
    if (const auto found = jobs_.find(name); found != jobs_.end()) return found->second;
    const auto ahead = std::count_if(jobs_.begin(), jobs_.end(), [&](const auto& each) {
      return each.second->tenant == tenant && !each.second->is_running;
    });
    if (ahead >= options_.queue && (running_ >= options_.compilers || ahead > 0)) {
      return absl::ResourceExhaustedError("busy: " + std::to_string(ahead) +
                                          " modules wait to be compiled; try again in a second");
    }
    auto job = std::make_shared<Job>(io_, tenant, std::move(what));
    what = {.module = nullptr,
            .directory = job->what.directory,
            .key = job->what.key,
            .metering = job->what.metering,
            .memory = job->what.memory,
            .table_elements = job->what.table_elements};
    SKERRY_ASSIGN(const int stop, syscall_result("eventfd", {}, [] {
                    return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
                  }));
    job->stop = OwnedFd(stop);
    jobs_[name] = job;
    queue_.push_back(job);
    begin_next();
    return job;
  }

  /// Nobody waits for it any more.
  void abandon(const JobRef& job) {
    if (const auto found = jobs_.find(name_of(job->what));
        found != jobs_.end() && found->second == job) {
      jobs_.erase(found);
    }
    std::erase(queue_, job);
    if (!job->is_running) return;
    job->give_up();
    given_up_.push_back(job);
  }

  /// Begins what there is room for: first what belongs to the tenant that has the fewest, and of
  /// those one after the other.
  void begin_next() {
    while (running_ < options_.compilers && !queue_.empty()) {
      std::map<std::string, int> has;
      for (const auto& [name, job] : jobs_) has[job->tenant] += job->is_running ? 1 : 0;
      for (const auto& job : given_up_) ++has[job->tenant];
      const auto rank = [&](const JobRef& each) {
        return std::tuple(has[each->tenant], each->tenant <= last_served_, each->tenant);
      };
      const auto first =
          std::min_element(queue_.begin(), queue_.end(),
                           [&](const JobRef& a, const JobRef& b) { return rank(a) < rank(b); });
      const JobRef job = std::move(*first);
      queue_.erase(first);
      last_served_ = job->tenant;
      job->is_running = true;
      ++running_;
      ++begun_;
      asio::co_spawn(io_, run(shared_from_this(), job), asio::detached);
    }
  }

  static awaitable<void> run(std::shared_ptr<Work> self, JobRef job) {
    bool was_there = false;
    const auto work = [&]() -> Status {
      // Whoever asked may have looked before another compilation of it had ended.
      const auto code = open_code(job->what);
      was_there = !is_missing(code);
      return was_there ? code.status() : compile(job->what, self->options_, job->stop.get());
    };
    Status result = co_await loop::on_pool(self->pool_, work);
    if (was_there) --self->begun_;
    --self->running_;
    std::erase(self->given_up_, job);
    if (const auto found = self->jobs_.find(name_of(job->what));
        found != self->jobs_.end() && found->second == job) {
      self->jobs_.erase(found);
    }
    if (result.code() == StatusCode::kInvalidArgument) {
      if (self->refused_.size() >= kMaxRefusals) self->refused_.clear();
      self->refused_[name_of(job->what)] = result;
    }
    job->result = std::move(result);
    job->done.cancel();
    self->begin_next();
  }

  asio::io_context& io_;
  std::filesystem::path directory_;
  ModuleOptions options_;
  asio::thread_pool pool_;
  std::map<Name, JobRef> jobs_;   // under way, or waiting for a compiler
  std::vector<JobRef> queue_;     // those of them that wait, oldest first
  std::vector<JobRef> given_up_;  // being killed
  std::map<Name, Status> refused_;
  std::string last_served_;
  int running_ = 0;
  std::uint64_t begun_ = 0;
};

ModuleStore::ModuleStore(boost::asio::io_context& io, const runtime::Home& home,
                         ModuleOptions options)
    : work_(std::make_shared<Work>(io, home, std::move(options))) {}

ModuleStore::~ModuleStore() { work_->stop(); }

awaitable<Result<ModuleStore::Code>> ModuleStore::code_of(std::string tenant,
                                                          std::shared_ptr<const std::string> module,
                                                          sandbox::Limits limits) {
  return work_->code_of(std::move(tenant), std::move(module), limits);
}

int ModuleStore::waiting() const { return work_->waiting(); }

std::uint64_t ModuleStore::compilations() const { return work_->compilations(); }

}  // namespace skerry::broker
