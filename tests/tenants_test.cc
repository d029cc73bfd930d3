// SPDX-License-Identifier: Apache-2.0
// Two tenants at one broker, with the real zygote and real guests: what one leaves is looked for
// wherever the other could come by it. Needs a Home that was set up: SKERRY_HOME in the
// environment.
#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "skerry/base/database.h"
#include "skerry/base/os/file.h"
#include "skerry/base/test_directory.h"
#include "skerry/broker/test_run.h"
#include "skerry/run/report.h"
#include "skerry/runtime/registry.h"
#include "skerry/session/session_runs.h"
#include "skerry/store/directory_store.h"

namespace skerry::broker {
namespace {

using store::SessionName;
using store::SessionStore;
using testing::KeptOutput;

// Not whole anywhere but in the guest that puts it together, and in what that guest writes.
constexpr std::string_view kSecret = "planted-5b1f7c02-secret";
constexpr const char* kPlant = R"(
import builtins, os
s = 'planted-5b1f7c02'; s += '-secret'
builtins.hidden = [s * 3, s.encode() * 1000]
os.environ['S'] = s
open('/tmp/s', 'w').write(s * 1000)
x = [s + str(i) for i in range(10_000)]
del x
)";
constexpr const char* kLook = R"(
import builtins, os
print('s' in globals(), hasattr(builtins, 'hidden'), 'S' in os.environ, os.path.exists('/tmp/s'))
)";

/// Whether a process has the secret in memory that is its own. None when that cannot be read.
std::optional<bool> holds_secret(pid_t process) {
  const std::string proc = "/proc/" + std::to_string(process);
  const auto memory = open_file(proc + "/mem", O_RDONLY);
  if (!memory.ok()) return std::nullopt;
  std::ifstream maps(proc + "/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    char readable = 0;
    char writable = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %c%c", &from, &to, &readable, &writable) != 4) continue;
    if (readable != 'r' || writable != 'w') continue;
    // Pieces overlap by as much as could be cut in two.
    std::string piece(std::size_t{1} << 20, '\0');
    for (std::uint64_t at = from; at < to; at += piece.size() - kSecret.size()) {
      const auto want = std::min<std::uint64_t>(piece.size(), to - at);
      const ssize_t got = ::pread(memory->get(), piece.data(), want, static_cast<off_t>(at));
      if (got <= 0) break;
      if (std::string_view(piece).substr(0, static_cast<std::size_t>(got)).find(kSecret) !=
          std::string_view::npos) {
        return true;
      }
    }
  }
  return false;
}

class TenantsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* home = std::getenv("SKERRY_HOME");
    ASSERT_NE(home, nullptr) << "SKERRY_HOME must name a home that `skerry setup` has prepared";
    ::alarm(120);
    Options options;
    options.zygote = SKERRY_TEST_ZYGOTE;
    options.home.root = home;
    options.workers = options.share = 6;
    auto broker = Broker::start(io_, options);
    ASSERT_TRUE(broker.ok()) << broker.status();
    broker_ = *std::move(broker);
    auto stores = std::make_shared<store::DirectoryStores>(store_path(), store::Policy());
    auto runs = session::SessionRuns::start(io_, *broker_, runtime::bundled_in(options.home),
                                            std::move(stores),
                                            {.hibernate = std::chrono::milliseconds(500)});
    ASSERT_TRUE(runs.ok()) << runs.status();
    runs_ = *std::move(runs);
  }
  void TearDown() override {
    runs_.reset();
    broker_.reset();
    ::alarm(0);
  }

  std::filesystem::path store_path() const { return directory_ / "store"; }

  /// What a program prints that a tenant runs in a session, or a failure of the test.
  std::string run(const std::string& tenant, const std::string& session, const std::string& code) {
    KeptOutput output;
    std::optional<Result<run::Report>> ended;
    session::SessionRuns::Order order{.tenant = tenant,
                                      .name = SessionName::parse(session).value(),
                                      .request = {},
                                      .observer = &output};
    order.request.program.code = code;
    boost::asio::co_spawn(
        io_, runs_->run(std::move(order)),
        [&](const std::exception_ptr&, Result<run::Report> answer) { ended = std::move(answer); });
    EXPECT_TRUE(testing::wait_until(io_, [&] { return ended.has_value(); }));
    if (!ended || !ended->ok()) {
      ADD_FAILURE() << (ended ? ended->status() : absl::DeadlineExceededError("no answer"));
      return {};
    }
    EXPECT_EQ((*ended)->outcome.exit_code, 0) << output.text;
    EXPECT_EQ((*ended)->session.value().saved, "committed") << (*ended)->session->message;
    return output.text;
  }

  /// Workers and zygote that hold the secret. Skips the test where memory cannot be read.
  std::set<pid_t> holders() {
    std::set<pid_t> found;
    for (const pid_t process : broker_->processes()) {
      const auto holds = holds_secret(process);
      if (holds == true) found.insert(process);
      if (!holds) unreadable_ = true;
    }
    return found;
  }

  std::unique_ptr<store::DirectoryStore> store_of(const std::string& tenant) const {
    return store::DirectoryStore::open(store_path(), tenant, {}).value();
  }

  boost::asio::io_context io_;
  TestDirectory directory_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<session::SessionRuns> runs_;
  bool unreadable_ = false;
};

TEST_F(TenantsTest, ANameMeansEachTenantsOwnSession) {
  run("a", "s", kPlant);
  EXPECT_EQ(run("a", "s", kLook), "True True True True\n");
  EXPECT_EQ(run("b", "s", kLook), "False False False False\n");
  EXPECT_EQ(run("a", "s", kLook), "True True True True\n");

  const auto others = store_of("b");
  EXPECT_EQ(others->list()->size(), 1U);
  EXPECT_EQ(others->revisions(SessionName::parse("s").value())->size(), 1U);
  run("a", "mine", kPlant);
  const auto mine = SessionName::parse("mine").value();
  const auto made = SessionName::parse("made").value();
  // As for one that nobody has, to the letter.
  const auto said = [](const Status& status, std::string_view name) {
    std::string text(message_of(status));
    for (auto at = text.find(name); at != text.npos; at = text.find(name)) text.erase(at, 4);
    return std::to_string(static_cast<int>(status.code())) + text;
  };
  const auto none = SessionName::parse("none").value();
  EXPECT_EQ(said(others->info(mine).status(), "mine"), said(others->info(none).status(), "none"));
  EXPECT_EQ(said(others->fork(mine, made), "mine"), said(others->fork(none, made), "none"));
  EXPECT_EQ(said(others->rewind(mine, "1").status(), "mine"),
            said(others->rewind(none, "1").status(), "none"));
  EXPECT_EQ(said(others->clear(mine).status(), "mine"), said(others->clear(none).status(), "none"));
  EXPECT_EQ(others->clear(std::nullopt).value(), 1);
  EXPECT_EQ(run("a", "mine", kLook), "True True True True\n");
}

TEST_F(TenantsTest, NoProcessThatServesAnotherHoldsWhatOneLeft) {
  run("a", "s", kPlant);
  const auto before = holders();
  if (unreadable_) GTEST_SKIP() << "the memory of workers cannot be read: run as root";
  EXPECT_EQ(before.size(), 1U) << "the search must find it where it is";
  for (int i = 0; i < 3; ++i) {
    run("b", "s", kLook);
    run("b", "t" + std::to_string(i), kLook);
  }
  EXPECT_EQ(holders(), before);
  EXPECT_TRUE(testing::wait_until(io_, [&] { return runs_->kept() == 0; }));
  run("b", "s", kLook);
  EXPECT_TRUE(std::ranges::includes(before, holders()));
  EXPECT_EQ(run("a", "s", kLook), "True True True True\n");
}

TEST_F(TenantsTest, NoFileOfOneTenantHoldsWhatAnotherLeft) {
  run("a", "s", kPlant);
  run("a", "s", "pass");  // finds what the large one left to do
  const auto files = store_of("a")->files();
  const auto first = files.list();
  run("a", "s", "x = s[::-1]");
  run("b", "s", kLook);
  run("b", "s", kLook);
  for (int i = 0; i < 3; ++i) run("b", "s", "y = " + std::to_string(i));
  std::map<std::string, bool> holds;
  for (const std::string& id : files.list()) {
    const auto name = store_path() / image::RevisionFiles::name_of(id);
    holds[id] = read_file(name, mib(64)).value().find(kSecret) != std::string::npos;
  }
  EXPECT_GT(holds.size(), first.size());
  for (const auto& [id, found] : holds) {
    EXPECT_EQ(found, std::find(first.begin(), first.end(), id) != first.end()) << id;
  }
  // Small runs of both left patches, one with the secret the wrong way round.
  const auto database = Database::open(store_path() / "sessions.db").value();
  const std::string reversed(kSecret.rbegin(), kSecret.rend());
  std::map<std::string, int> patches;
  bool is_found = false;
  const auto rows =
      database->run("SELECT tenant, content FROM patches JOIN files ON patches.file = files.file");
  for (const Row& row : *rows) {
    const bool holds_reversed = row.text(1).find(reversed) != std::string::npos;
    EXPECT_TRUE(row.text(0) == "a" || !holds_reversed);
    is_found = is_found || holds_reversed;
    EXPECT_TRUE(row.text(0) == "a" || row.text(1).find(kSecret) == std::string::npos);
    ++patches[row.text(0)];
  }
  EXPECT_TRUE(is_found) << "the search must find it where it is";
  EXPECT_GE(patches["a"], 1);
  EXPECT_GE(patches["b"], 1);
}

}  // namespace
}  // namespace skerry::broker
