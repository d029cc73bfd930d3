// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace skerry {

/// Where a signal's handler may do more than is async-signal-safe: the code that it interrupts is a
/// guest's, or waits, and neither holds a lock nor changes anything of ours. Each thread has its
/// own; at first it is at none.
class SafePoint {
 public:
  /// As long as it lives its thread is at a safe point, or is not, whatever it was before. Such
  /// lives nest.
  explicit SafePoint(bool is_safe);
  SafePoint(const SafePoint&) = delete;
  SafePoint& operator=(const SafePoint&) = delete;
  ~SafePoint();

  /// Calls `action` at once if this thread is at a safe point, else when it comes to the next one.
  /// For a signal's handler on that thread. The action ends the process, or leaves all as it was.
  static void act(void (*action)());

 private:
  bool before_;
};

}  // namespace skerry
