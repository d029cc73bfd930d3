// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

namespace skerry::wasi {

/// A sparse array whose copies share what they have in common: a tree of 16-way nodes.
///
/// Copying is one pointer. A change copies the nodes on the way to the element, and the element,
/// only where another array holds them as well, so a change to an array that was never copied
/// happens in place. Each operation costs O(log16 of the highest index); nodes without elements are
/// given up.
///
/// Owns its elements together with its copies. Confined to one thread, all copies together: sharing
/// is read off `use_count`.
template <typename T>
class PersistentArray {
 public:
  /// Null when there is none. Lasts until this element is next changed.
  const T* find(std::uint64_t index) const {
    const std::shared_ptr<void>* slot = locate(index);
    return slot == nullptr ? nullptr : static_cast<const T*>(slot->get());
  }

  /// The element itself, to be put into another array as well. Null when there is none.
  std::shared_ptr<T> share(std::uint64_t index) const {
    const std::shared_ptr<void>* slot = locate(index);
    return slot == nullptr ? nullptr : std::static_pointer_cast<T>(*slot);
  }

  /// The element, this array's own from now on; it must exist. Lasts until the array is next
  /// copied.
  T& edit(std::uint64_t index) {
    std::shared_ptr<void>* slot = own_slot(index);
    if (slot->use_count() > 1) *slot = std::make_shared<T>(*static_cast<const T*>(slot->get()));
    return *static_cast<T*>(slot->get());
  }

  /// Puts an element, in place of the one that was there. Not null.
  void put(std::uint64_t index, std::shared_ptr<T> element) {
    while (index >> 4 >> shift_ != 0) grow();
    if (root_ == nullptr) root_ = std::make_shared<Node>();
    put_below(root_, shift_, index, std::move(element));
  }

  /// Takes an element out. Nothing happens when there is none.
  void erase(std::uint64_t index) {
    if (locate(index) == nullptr) return;
    if (erase_below(root_, shift_, index)) clear();
  }

  void clear() {
    root_.reset();
    shift_ = 0;
  }

  bool is_empty() const { return root_ == nullptr; }

  /// Whether both are the same tree, which makes them equal. The other way round does not hold.
  bool is_same_as(const PersistentArray& other) const { return root_ == other.root_; }

  /// Calls `visit(index, element)` in order of index from `first` on, until it returns false.
  /// The array must not change meanwhile.
  template <typename Visit>
  void visit_from(std::uint64_t first, Visit&& visit) const {
    if (root_ != nullptr && first >> 4 >> shift_ == 0) visit_below(root_, shift_, 0, first, visit);
  }

 private:
  struct Node {
    std::uint32_t used = 0;
    std::array<std::shared_ptr<void>, 16> slots;  // of Node, or of T in the lowest level
  };

  static std::size_t digit(std::uint64_t index, unsigned shift) { return (index >> shift) & 15; }
  static Node& node(const std::shared_ptr<void>& slot) { return *static_cast<Node*>(slot.get()); }

  static Node& own(std::shared_ptr<void>& slot) {
    if (slot.use_count() > 1) slot = std::make_shared<Node>(node(slot));
    return node(slot);
  }

  const std::shared_ptr<void>* locate(std::uint64_t index) const {
    if (root_ == nullptr || index >> 4 >> shift_ != 0) return nullptr;
    const std::shared_ptr<void>* slot = &root_;
    for (unsigned shift = shift_ + 4; shift > 0;) {
      shift -= 4;
      slot = &node(*slot).slots[digit(index, shift)];
      if (*slot == nullptr) return nullptr;
    }
    return slot;
  }

  std::shared_ptr<void>* own_slot(std::uint64_t index) {
    std::shared_ptr<void>* slot = &root_;
    for (unsigned shift = shift_ + 4; shift > 0;) {
      shift -= 4;
      slot = &own(*slot).slots[digit(index, shift)];
    }
    return slot;
  }

  void grow() {
    if (root_ != nullptr) {
      auto above = std::make_shared<Node>();
      above->used = 1;
      above->slots[0] = std::move(root_);
      root_ = std::move(above);
    }
    shift_ += 4;
  }

  static void put_below(std::shared_ptr<void>& at, unsigned shift, std::uint64_t index,
                        std::shared_ptr<T> element) {
    Node& here = own(at);
    std::shared_ptr<void>& slot = here.slots[digit(index, shift)];
    if (slot == nullptr) ++here.used;
    if (shift == 0) {
      slot = std::move(element);
      return;
    }
    if (slot == nullptr) slot = std::make_shared<Node>();
    put_below(slot, shift - 4, index, std::move(element));
  }

  /// True when the node is empty afterwards.
  static bool erase_below(std::shared_ptr<void>& at, unsigned shift, std::uint64_t index) {
    Node& here = own(at);
    std::shared_ptr<void>& slot = here.slots[digit(index, shift)];
    if (shift == 0 || erase_below(slot, shift - 4, index)) {
      slot.reset();
      --here.used;
    }
    return here.used == 0;
  }

  template <typename Visit>
  static bool visit_below(const std::shared_ptr<void>& at, unsigned shift, std::uint64_t base,
                          std::uint64_t first, Visit& visit) {
    const Node& here = node(at);
    for (std::size_t i = base < first ? digit(first, shift) : 0; i < 16; ++i) {
      if (here.slots[i] == nullptr) continue;
      const std::uint64_t index = base | (std::uint64_t{i} << shift);
      const bool go_on = shift == 0 ? visit(index, *static_cast<const T*>(here.slots[i].get()))
                                    : visit_below(here.slots[i], shift - 4, index, first, visit);
      if (!go_on) return false;
    }
    return true;
  }

  std::shared_ptr<void> root_;
  unsigned shift_ = 0;  // of the root's digit: 0 when the root's slots are elements
};

}  // namespace skerry::wasi
