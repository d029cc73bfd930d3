// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/descriptors.h"

#include <algorithm>
#include <utility>

namespace skerry::wasi {

DescriptorTable::DescriptorTable() : slots_(std::make_shared<Slots>()) {}

DescriptorTable::Slots& DescriptorTable::own() {
  if (slots_.use_count() > 1) slots_ = std::make_shared<Slots>(*slots_);
  return *slots_;
}

Descriptor& DescriptorTable::edit(Fd fd) { return *own()[static_cast<std::uint32_t>(fd)]; }

Descriptor DescriptorTable::duplicate(Fd fd) {
  if (find(fd)->open_file == 0) {
    std::uint32_t highest = 0;
    visit([&](Fd, const Descriptor& open) { highest = std::max(highest, open.open_file); });
    edit(fd).open_file = highest + 1;
  }
  Descriptor copy = *find(fd);
  copy.preopen_name = nullptr;
  return copy;
}

std::optional<Fd> DescriptorTable::add(Descriptor descriptor, std::uint32_t limit) {
  const auto free = std::find(slots_->begin(), slots_->end(), std::nullopt);
  const Fd fd{static_cast<std::uint32_t>(free - slots_->begin())};
  if (!add_at(fd, std::move(descriptor), limit)) return std::nullopt;
  return fd;
}

bool DescriptorTable::add_at(Fd fd, Descriptor descriptor, std::uint32_t limit) {
  const auto index = static_cast<std::uint32_t>(fd);
  if (index >= limit || find(fd) != nullptr) return false;
  Slots& slots = own();
  if (index >= slots.size()) slots.resize(index + 1);
  slots[index] = std::move(descriptor);
  return true;
}

void DescriptorTable::remove(Fd fd) {
  Slots& slots = own();
  slots[static_cast<std::uint32_t>(fd)].reset();
  while (!slots.empty() && !slots.back().has_value()) slots.pop_back();
}

std::uint32_t DescriptorTable::open_count() const {
  return static_cast<std::uint32_t>(std::count_if(
      slots_->begin(), slots_->end(), [](const auto& slot) { return slot.has_value(); }));
}

}  // namespace skerry::wasi
