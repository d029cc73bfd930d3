// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/output_memory.h"

#include <utility>

namespace skerry::tool {

void OutputMemory::Share::add(std::size_t bytes) {
  used_ += bytes;
  memory_->used_ += bytes;
}

OutputMemory::Share::~Share() {
  memory_->used_ -= used_;
  memory_->shares_.erase(place_);
  for (Share* each : memory_->shares_) {
    if (each->resume_ && !each->must_wait()) each->resume_();
  }
}

}  // namespace skerry::tool
