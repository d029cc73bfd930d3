// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/run_guest.h"

namespace skerry::worker {

Result<sandbox::Outcome> run_guest(const GuestRun& guest, RunChannel& channel) {
  SKERRY_TRY(channel.started(guest.kept));
  SKERRY_ASSIGN(sandbox::Sandbox* const sandbox, guest.sandbox());
  SKERRY_ASSIGN(sandbox::Outcome outcome, guest.run(*sandbox));
  sandbox->measure(outcome.usage);
  if (guest.exports) {
    SKERRY_TRY(send_changes(guest.before, sandbox->state().files(), *guest.exports, channel));
  }
  return outcome;
}

}  // namespace skerry::worker
