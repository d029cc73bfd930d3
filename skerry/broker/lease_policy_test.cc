// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/lease_policy.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace skerry::broker {
namespace {

using State = LeasePolicy::State;
using Worker = LeasePolicy::Worker;
using Need = LeasePolicy::Need;
using Kind = Need::Kind;

constexpr LeasePolicy::Settings kFour{.workers = 4, .share = 0, .at_once = 3};

/// Workers from a text, in order, with their places as numbers: "a+" is tenant a's and free, "a*"
/// runs since long, "a!" has just begun, "a-" is being killed, "a1" is free and for one run; "_" is
/// a spare, "_~" one that starts. Those on the left have been idle longer.
std::vector<Worker> workers(std::string_view text) {
  std::vector<Worker> all;
  for (std::size_t at = 0; at < text.size();) {
    Worker worker{.id = all.size()};
    worker.idle_since += std::chrono::seconds(all.size());
    if (text[at] != '_') worker.tenant = text.substr(at, 1);
    const char state = at + 1 < text.size() ? text[at + 1] : ' ';
    worker.state = state == '*' || state == '!' ? State::kRunning
                   : state == '-'               ? State::kEnding
                   : state == '~'               ? State::kStarting
                                                : State::kFree;
    worker.has_just_begun = state == '!';
    worker.is_for_one_run = state == '1';
    all.push_back(worker);
    at = text.find(' ', at);
    if (at == text.npos) break;
    ++at;
  }
  return all;
}

LeasePolicy policy(std::string_view text, LeasePolicy::Settings settings = kFour) {
  return {settings, workers(text)};
}

TEST(LeasePolicyTest, HowManyWorkersATenantMayHold) {
  struct Row {
    const char* workers;
    int share;
    bool may_lease;
    const char* why;
  };
  const Row rows[] = {
      {"", 0, true, "it has none"},
      {"b* b* b*", 0, true, "who has none may have the last one"},
      {"a* a*", 0, true, "alone, three in four"},
      {"a* a* a*", 0, false, "and no more"},
      {"a* b*", 0, true, "two are left"},
      {"a* b* b*", 0, false, "the last one is for those who have none"},
      {"a* b+ b+", 0, true, "what others do not use is as good as free"},
      {"a- a- a- a-", 0, true, "what is killed is not held"},
      {"a*", 1, false, "a fixed share"},
      {"a* a*", 3, true, "a fixed share that is not used up"},
      {"b* b* b* b*", 1, true, "a fixed share does not ask for others"},
  };
  for (const Row& row : rows) {
    const LeasePolicy::Settings settings{.workers = 4, .share = row.share, .at_once = 3};
    EXPECT_EQ(policy(row.workers, settings).may_lease("a"), row.may_lease)
        << row.workers << ": " << row.why;
  }
}

TEST(LeasePolicyTest, WhichWorkerARunGets) {
  constexpr int kNone = -1;
  constexpr int kNew = -2;
  struct Row {
    const char* workers;
    Kind kind;
    int state_in;
    int owed;
    int worker;
    const char* why;
  };
  const Row rows[] = {
      {"_ a+ a+", Kind::kWorker, kNone, 0, 2, "the one used last"},
      {"_ a+ a+", Kind::kWorker, 1, 0, 1, "the one that keeps the state"},
      {"_ a* a+", Kind::kWorker, 1, 0, 2, "another while that one runs"},
      {"b+ _ a1", Kind::kWorker, kNone, 0, 1, "not another's, and none for one run"},
      {"_~ b+", Kind::kWorker, kNone, 0, kNone, "a spare that starts is none yet"},
      {"a* a* a* _", Kind::kWorker, kNone, 0, kNone, "it has its share"},
      {"a* a* a+ _", Kind::kWorker, kNone, 0, 2, "its own, whatever its share"},
      {"_ a+", Kind::kProcess, kNone, 0, 0, "a process of its own is a spare"},
      {"a+", Kind::kProcess, kNone, 0, kNone, "and nothing else"},
      {"_ _", Kind::kModule, kNone, 0, kNew, "a module's is made"},
      {"_ _", Kind::kModule, kNone, 2, kNone, "unless others in turn wait for the places"},
      {"_ _ b+ b+", Kind::kModule, kNone, 0, kNone, "or there is none"},
      {"a! b! b! _", Kind::kWorker, kNone, 0, kNone, "so many have just begun"},
      {"b! b! b! _", Kind::kWorker, kNone, 0, 3, "one more for a tenant that runs nothing"},
      {"b! b! b! c! _", Kind::kWorker, kNone, 0, kNone, "and no more than one"},
      {"a* b! b! b! _", Kind::kWorker, kNone, 0, kNone, "a long run is one, too"},
      {"b! b! b* _", Kind::kWorker, kNone, 0, 3, "runs that last do not count"},
  };
  for (const Row& row : rows) {
    Need need{.tenant = "a", .kind = row.kind};
    if (row.state_in >= 0) need.state_in = row.state_in;
    const auto choice = policy(row.workers).choose(need, row.owed);
    const int got = choice.is_new ? kNew : choice.worker ? static_cast<int>(*choice.worker) : kNone;
    EXPECT_EQ(got, row.worker) << row.workers << ": " << row.why;
  }
}

TEST(LeasePolicyTest, WhoGivesWay) {
  struct Row {
    const char* workers;
    int share;
    bool gives_way;
    const char* why;
  };
  // It is worker 0 that has become free, and b that waits.
  const Row rows[] = {
      {"a+ a* a* a*", 0, true, "b has none"},
      {"a+ a* a*", 0, false, "there is a place"},
      {"a+ a* a* _", 0, false, "there is a spare"},
      {"a+ a* a* a-", 0, false, "a place is coming"},
      {"a+ b* c* c*", 0, false, "b has as many"},
      {"a+ a* a* b*", 0, true, "b has two fewer"},
      {"a+ a* b* c*", 0, false, "b would have as many as a had"},
      {"a+ a* a* b+", 0, false, "b has one that is free"},
      {"a+ a* a* b*", 1, false, "b has its share"},
      {"_ a* a* a*", 0, false, "it is nobody's"},
  };
  const std::vector<std::string_view> waiting{"b"};
  for (const Row& row : rows) {
    const LeasePolicy::Settings settings{.workers = 4, .share = row.share, .at_once = 3};
    EXPECT_EQ(policy(row.workers, settings).gives_way(0, waiting), row.gives_way)
        << row.workers << ": " << row.why;
  }
  EXPECT_FALSE(policy("a+ a* a* a*").gives_way(0, {}));
  EXPECT_FALSE(policy("a+ a* a* a*").gives_way(0, std::vector<std::string_view>{"a"}));
  EXPECT_FALSE(policy("a+ a* a* a*").gives_way(9, waiting)) << "it has gone";
}

TEST(LeasePolicyTest, WhichWorkerMakesRoom) {
  constexpr int kNone = -1;
  struct Row {
    const char* workers;
    Kind kind;
    int worker;
    const char* why;
  };
  const Row rows[] = {
      {"b+ c+ b* c*", Kind::kWorker, 0, "the one idle longest"},
      {"b* c+ b+ c*", Kind::kProcess, 1, "for a process of its own, too"},
      {"b+ c+ b* _~", Kind::kWorker, kNone, "a spare is coming"},
      {"b+ c+ b* c-", Kind::kWorker, kNone, "a place is coming"},
      {"b+ c+ b*", Kind::kWorker, kNone, "there is a place"},
      {"b+ c+ b* _", Kind::kModule, 3, "a module needs a place, which a spare gives"},
      {"b+ c+ b* c*", Kind::kModule, 0, "or the one idle longest"},
      {"b* c* b* c*", Kind::kModule, kNone, "nobody is idle"},
      {"b* a* a+ a+", Kind::kProcess, 2, "its own idle ones use up its share"},
      {"b* a* a+ a+", Kind::kWorker, kNone, "which a run that takes any has no need of"},
      {"b* a* a* a*", Kind::kProcess, kNone, "it has its share, and uses it"},
  };
  for (const Row& row : rows) {
    const std::vector<Need> waiting{{.tenant = "a", .kind = row.kind}};
    const auto id = policy(row.workers).to_retire(waiting);
    EXPECT_EQ(id ? static_cast<int>(*id) : kNone, row.worker) << row.workers << ": " << row.why;
  }
  EXPECT_FALSE(policy("b+ c+ b* c*").to_retire({}).has_value());
  const std::vector<Need> both{{.tenant = "a", .kind = Kind::kWorker}, {.tenant = "c"}};
  EXPECT_EQ(policy("a* b+ a* a*").to_retire(both), 1U) << "for the one who may have more";
}

}  // namespace
}  // namespace skerry::broker
