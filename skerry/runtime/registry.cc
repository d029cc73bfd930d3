// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/registry.h"

#include <utility>

#include "skerry/runtime/python/python.h"

namespace skerry::runtime {

Runtimes bundled_runtimes() {
  // The first is for programs that name no template, and for images from before runtimes had names.
  return Runtimes({
      python_runtime(),
  });
}

Installation bundled_in(Home home) {
  return {std::move(home), bundled_runtimes(), ShippedParts::of_program()};
}

}  // namespace skerry::runtime
