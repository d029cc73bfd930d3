// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/options.h"

#include "skerry/base/range.h"

namespace skerry::broker {

Status Options::check() const {
  SKERRY_TRY(in_bounds("the number of workers", workers, 1, 1024));
  SKERRY_TRY(in_bounds("the number of spare workers", spares, 1, workers));
  SKERRY_TRY(in_bounds("a tenant's share of workers", share, 0, workers));
  SKERRY_TRY(in_bounds("the length of a tenant's queue", queue, 0, 100'000));
  return in_bounds("the milliseconds that a worker may idle", idle.count(), 1, 86'400'000);
}

}  // namespace skerry::broker
