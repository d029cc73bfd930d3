// SPDX-License-Identifier: Apache-2.0
// The process that workers are forked from. The broker starts it with its home as the one argument
// and their socket as descriptor 3. One thread; it compiles nothing and sees no tenant's data.
#include <signal.h>
#include <sys/prctl.h>

#include "skerry/runtime/home.h"
#include "skerry/runtime/installation.h"
#include "skerry/worker/worker.h"
#include "skerry/worker/zygote.h"

int main(int count, char** arguments) {
  constexpr int kControl = 3;
  if (count != 2) return 125;
  ::signal(SIGPIPE, SIG_IGN);
  // A terminal's Ctrl-C is the broker's to answer.
  ::signal(SIGINT, SIG_IGN);
  const skerry::runtime::PythonInstallation installation(skerry::runtime::Home{arguments[1]});
  const auto origins = skerry::worker::Origins::open(installation);
  if (!origins.ok()) {
    skerry::worker::refuse_zygote(kControl, origins.status());
    return 125;
  }
  return skerry::worker::run_zygote(
      kControl, [&](int socket) { return skerry::worker::serve_runs(socket, *origins); });
}
