// SPDX-License-Identifier: Apache-2.0
// The process that workers are forked from. The broker starts it as
//
//   skerry-zygote HOME [--require-walls]
//
// with their socket as descriptor 3. One thread; it compiles nothing and sees no tenant's data.
#include <malloc.h>
#include <signal.h>
#include <string_view>
#include <sys/resource.h>

#include "skerry/jail/oom_score.h"
#include "skerry/runtime/registry.h"
#include "skerry/worker/module_worker.h"
#include "skerry/worker/raised_walls.h"
#include "skerry/worker/worker.h"
#include "skerry/worker/zygote.h"

namespace {

constexpr int kControl = 3;
// Workers have it from here. Who is awaited goes first: the service and its clients run for some
// microseconds at a time, and a worker that cleans up after a run can wait for them.
constexpr int kNiceness = 5;
// Bytes. An instance's tables are two blocks, 0.4 and 1.5 MB, of which a run touches some 40 pages.
// Mapped, they come as zeros; on the heap, to which the allocator moves them once it has freed one,
// it would write the zeros, and every page of them would be the session's own.
constexpr int kMappedBlocks = 256 << 10;

/// Which walls are raised here. A control group comes with the request for a worker, where there is
/// one: that it has to be there is the service's to see to.
skerry::Result<skerry::jail::WallSet> walls(bool all_required) {
  using skerry::jail::WallSet;
  const auto report = skerry::worker::raised_walls();
  if (all_required) {
    SKERRY_TRY(report.require(WallSet::all().without({skerry::jail::Wall::kCgroup})));
  }
  return report.standing().without(skerry::worker::kNotRaised);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 125;
  ::signal(SIGPIPE, SIG_IGN);
  // A terminal's Ctrl-C is the broker's to answer.
  ::signal(SIGINT, SIG_IGN);
  ::setpriority(PRIO_PROCESS, 0, kNiceness);
  ::mallopt(M_MMAP_THRESHOLD, kMappedBlocks);
  skerry::jail::raise_oom_score(skerry::jail::kParentsOomScore);
  const auto standing = walls(count > 2 && std::string_view(arguments[2]) == "--require-walls");
  if (!standing.ok()) {
    skerry::worker::refuse_zygote(kControl, standing.status());
    return 125;
  }
  const auto catalog = skerry::worker::ImageCatalog::open(
      skerry::runtime::bundled_in(skerry::runtime::Home{arguments[1]}));
  if (!catalog.ok()) {
    skerry::worker::refuse_zygote(kControl, catalog.status());
    return 125;
  }
  using skerry::worker::WorkerKind;
  return skerry::worker::run_zygote(
      kControl, *standing, [&](WorkerKind kind, int socket, skerry::jail::Cell& cell) {
        return kind == WorkerKind::kModule ? skerry::worker::serve_module(socket, cell)
                                           : skerry::worker::serve_runs(socket, *catalog, cell);
      });
}
