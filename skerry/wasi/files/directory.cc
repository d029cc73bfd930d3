// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasi/files/directory.h"

#include <algorithm>
#include <utility>

namespace skerry::wasi {

struct Directory::Node {
  std::shared_ptr<Entry> entry;  // shared with the listing order, so that a name is stored once
  std::shared_ptr<Node> left;
  std::shared_ptr<Node> right;
  int height = 1;
};

/// AVL balancing over nodes that are copied when another tree holds them too. Recursion is as deep
/// as the tree is high: 1.44 log2 of the number of names.
struct NameTree {
  using Node = Directory::Node;
  using Link = std::shared_ptr<Node>;

  static Node& own(Link& link) {
    if (link.use_count() > 1) link = std::make_shared<Node>(*link);
    return *link;
  }

  static int height(const Link& link) { return link == nullptr ? 0 : link->height; }
  static void measure(Node& node) {
    node.height = 1 + std::max(height(node.left), height(node.right));
  }

  static void rotate(Link& top, Link Node::* rising, Link Node::* other) {
    own(top);
    own((*top).*rising);
    Link riser = std::move((*top).*rising);
    (*top).*rising = std::move((*riser).*other);
    measure(*top);
    (*riser).*other = std::move(top);
    top = std::move(riser);
    measure(*top);
  }

  static void balance(Link& link) {
    Node& node = own(link);
    const int lean = height(node.left) - height(node.right);
    if (lean > 1) {
      if (height(node.left->left) < height(node.left->right))
        rotate(node.left, &Node::right, &Node::left);
      rotate(link, &Node::left, &Node::right);
    } else if (lean < -1) {
      if (height(node.right->right) < height(node.right->left))
        rotate(node.right, &Node::left, &Node::right);
      rotate(link, &Node::right, &Node::left);
    } else {
      measure(node);
    }
  }

  static void insert(Link& link, std::shared_ptr<Entry> entry) {
    if (link == nullptr) {
      link = std::make_shared<Node>();
      link->entry = std::move(entry);
      return;
    }
    Node& node = own(link);
    Link& side = entry->name < node.entry->name ? node.left : node.right;
    insert(side, std::move(entry));
    balance(link);
  }

  static void replace(Link& link, std::shared_ptr<Entry> entry) {
    Node& node = own(link);
    const int order = entry->name.compare(node.entry->name);
    if (order == 0) {
      node.entry = std::move(entry);
    } else {
      Link& side = order < 0 ? node.left : node.right;
      replace(side, std::move(entry));
    }
  }

  static std::shared_ptr<Entry> take_first(Link& link) {
    Node& node = own(link);
    if (node.left == nullptr) {
      std::shared_ptr<Entry> first = node.entry;
      Link rest = node.right;
      link = std::move(rest);
      return first;
    }
    std::shared_ptr<Entry> first = take_first(node.left);
    balance(link);
    return first;
  }

  static void remove(Link& link, std::string_view name) {
    Node& node = own(link);
    const int order = name.compare(node.entry->name);
    if (order != 0) {
      remove(order < 0 ? node.left : node.right, name);
    } else if (node.left == nullptr || node.right == nullptr) {
      Link rest = node.left == nullptr ? node.right : node.left;
      link = std::move(rest);
    } else {
      node.entry = take_first(node.right);
    }
    if (link != nullptr) balance(link);
  }
};

const Entry* Directory::find(std::string_view name) const {
  const Node* node = names_.get();
  while (node != nullptr) {
    const int order = name.compare(node->entry->name);
    if (order == 0) return node->entry.get();
    node = order < 0 ? node->left.get() : node->right.get();
  }
  return nullptr;
}

void Directory::add(std::string_view name, InodeNumber inode) { add_at(next_cookie_, name, inode); }

void Directory::add_at(std::uint64_t cookie, std::string_view name, InodeNumber inode) {
  auto entry = std::make_shared<Entry>(Entry{std::string(name), inode, cookie});
  order_.put(cookie, entry);
  NameTree::insert(names_, std::move(entry));
  next_cookie_ = std::max(next_cookie_, cookie + 1);
  ++size_;
}

void Directory::replace(std::string_view name, InodeNumber inode) {
  const std::uint64_t cookie = find(name)->cookie;
  auto entry = std::make_shared<Entry>(Entry{std::string(name), inode, cookie});
  order_.put(cookie, entry);
  NameTree::replace(names_, std::move(entry));
}

void Directory::remove(std::string_view name) {
  // The order keeps the entry alive while `name` may point into it.
  const std::uint64_t cookie = find(name)->cookie;
  NameTree::remove(names_, name);
  order_.erase(cookie);
  --size_;
}

}  // namespace skerry::wasi
