// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/safe_point.h"

#include <csignal>

namespace skerry {
namespace {

constinit thread_local volatile std::sig_atomic_t t_is_safe = 0;
using Action = void (*)();
constinit thread_local volatile Action t_pending = nullptr;

void set(bool is_safe) {
  t_is_safe = is_safe ? 1 : 0;
  if (!is_safe || t_pending == nullptr) return;
  const Action action = t_pending;
  t_pending = nullptr;
  action();
}

}  // namespace

SafePoint::SafePoint(bool is_safe) : before_(t_is_safe != 0) { set(is_safe); }

SafePoint::~SafePoint() { set(before_); }

void SafePoint::act(void (*action)()) {
  if (t_is_safe != 0) {
    action();
  } else {
    t_pending = action;
  }
}

}  // namespace skerry
