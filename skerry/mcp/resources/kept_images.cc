// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/resources/kept_images.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

#include <fmt/format.h>

namespace skerry::mcp {
namespace {

std::string unguessable_id() {
  std::random_device source;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", source(), source(), source(), source());
}

}  // namespace

std::string KeptImages::keep(const std::string& tenant, std::string type, std::string base64) {
  drop_expired();
  const std::size_t size = base64.size();
  if (size > options_.of_tenant.value || size > options_.of_all.value) return {};
  Tenant& own = tenants_[tenant];
  while (own.bytes + size > options_.of_tenant.value) drop_oldest(own);
  while (bytes_ + size > options_.of_all.value) {
    const auto most = std::max_element(
        tenants_.begin(), tenants_.end(),
        [](const auto& one, const auto& other) { return one.second.bytes < other.second.bytes; });
    drop_oldest(most->second);
  }
  own.images.push_back({.id = unguessable_id(),
                        .type = std::move(type),
                        .base64 = std::move(base64),
                        .until = options_.now() + options_.time});
  own.bytes += size;
  bytes_ += size;
  return own.images.back().id;
}

const KeptImages::Image* KeptImages::find(const std::string& tenant, const std::string& id) const {
  const auto own = tenants_.find(tenant);
  if (own == tenants_.end()) return nullptr;
  const auto& images = own->second.images;
  const auto found = std::find_if(images.begin(), images.end(),
                                  [&id](const Image& each) { return each.id == id; });
  return found == images.end() || found->until <= options_.now() ? nullptr : &*found;
}

void KeptImages::drop_oldest(Tenant& tenant) {
  const std::size_t size = tenant.images.front().base64.size();
  tenant.images.pop_front();
  tenant.bytes -= size;
  bytes_ -= size;
}

void KeptImages::drop_expired() {
  const auto now = options_.now();
  for (auto each = tenants_.begin(); each != tenants_.end();) {
    Tenant& tenant = each->second;
    while (!tenant.images.empty() && tenant.images.front().until <= now) drop_oldest(tenant);
    each = tenant.images.empty() ? tenants_.erase(each) : std::next(each);
  }
}

}  // namespace skerry::mcp
