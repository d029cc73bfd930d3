// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/store_lanes.h"

#include <atomic>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace skerry::session {
namespace {

using Weight = StoreLanes::Weight;

/// A task that lasts until it is let go.
class Held {
 public:
  std::function<void()> task() {
    return [this] {
      begun_.set_value();
      let_go_.get_future().wait();
    };
  }
  void wait() { begun_.get_future().wait(); }
  void let_go() { let_go_.set_value(); }

 private:
  std::promise<void> begun_;
  std::promise<void> let_go_;
};

void do_in(StoreLanes& lanes, const std::string& tenant, Weight weight) {
  std::promise<void> done;
  lanes.post(tenant, weight, [&] { done.set_value(); });
  done.get_future().wait();
}

TEST(StoreLanesTest, ASmallTaskPassesOthersLargeOnes) {
  StoreLanes lanes({.threads = 2, .large = 1});
  Held large;
  lanes.post("a", Weight::kLarge, large.task());
  large.wait();
  std::atomic<bool> second_began = false;
  lanes.post("b", Weight::kLarge, [&] { second_began = true; });
  for (int i = 0; i < 100; ++i) do_in(lanes, "c", Weight::kSmall);
  EXPECT_FALSE(second_began) << "one large task at a time";
  large.let_go();
  lanes.join();
  EXPECT_TRUE(second_began);
}

TEST(StoreLanesTest, ATenantsTasksAreDoneInOrderOneAtATime) {
  StoreLanes lanes({.threads = 4, .large = 2});
  std::vector<int> order[3];
  std::atomic<int> running[3] = {};
  std::atomic<bool> overlapped = false;
  for (int i = 0; i < 300; ++i) {
    const int tenant = i % 3;
    lanes.post(std::to_string(tenant), i % 7 == 0 ? Weight::kLarge : Weight::kSmall,
               [&, i, tenant] {
                 if (++running[tenant] != 1) overlapped = true;
                 order[tenant].push_back(i);
                 --running[tenant];
               });
  }
  lanes.join();
  EXPECT_FALSE(overlapped);
  for (const auto& each : order) {
    EXPECT_EQ(each.size(), 100u);
    EXPECT_TRUE(std::is_sorted(each.begin(), each.end()));
  }
}

TEST(StoreLanesTest, AnOwnLargeTaskIsWaitedFor) {
  StoreLanes lanes({.threads = 2, .large = 1});
  Held large;
  lanes.post("a", Weight::kLarge, large.task());
  std::atomic<bool> small_done = false;
  lanes.post("a", Weight::kSmall, [&] { small_done = true; });
  large.wait();
  do_in(lanes, "b", Weight::kSmall);
  EXPECT_FALSE(small_done);
  large.let_go();
  lanes.join();
  EXPECT_TRUE(small_done);
}

TEST(StoreLanesTest, JoiningDoesWhatWasPostedAndNothingAfter) {
  StoreLanes lanes({.threads = 2, .large = 1});
  std::atomic<int> done = 0;
  for (int i = 0; i < 50; ++i) {
    lanes.post("t" + std::to_string(i), Weight::kSmall, [&] {
      ++done;
      lanes.post("later", Weight::kLarge, [&] { ++done; });
    });
  }
  lanes.join();
  EXPECT_EQ(done, 100);
  lanes.post("t", Weight::kSmall, [&] { ++done; });
  lanes.join();
  EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace skerry::session
